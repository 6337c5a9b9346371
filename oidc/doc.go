// Package oidc is an OpenID Connect relying party: it sends users to an OpenID provider and turns its answer into a verified
// [lmssso.Assertion].
//
// The flow: [New] checks one connection's configuration. [Provider.LoginHandler] begins a login: it remembers what was asked
// ([Provider.Begin]: state, nonce and a PKCE verifier, always), ties it to the browser by a cookie, and redirects to the
// provider. The answer arrives at the redirect URI, a [lmssso.Login] whose authenticator is the [Provider], by query, by form
// post or in the fragment, which a small page hands on: [Provider.Authenticate] finds the pending login, and
// [Provider.Finish] redeems the code, verifies what came and returns the login or an error, never both.
//
// The provider is described by its discovery document or by hand ([OP]). Discovery happens at the first login that needs it,
// so that a site starts while its provider is down; documents and keys are fetched with limits of size, time and address,
// and the last good ones are kept when a refresh fails.
//
// Verification reads a token once, with a strict parser of our own; go-jose verifies its signature with the algorithm the
// connection is configured for and no other; every other rule is one function with one reason, in checks.go. Nothing is read
// from anything that was not verified.
//
// [Provider.StartLogout] ends the provider's session too, [Provider.BackchannelHandler] ends ours when the provider says so.
// [Presets] tell what is known about providers.
//
// The zero value of everything is the strictest. What relaxes a rule is in [Allow].
package oidc
