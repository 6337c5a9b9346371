// Package tenant turns configuration into sign-in endpoints: connections, each one tenant's single sign-on set-up, and
// the routes they answer on.
//
// The flow: an application decodes its configuration strictly with [Decode], makes a [Registry] from it with [New], which
// lists every fault by its path, and calls [Registry.Mount] on its router.
//
//	GET, POST /access/jwt               the main site's JWT connection; the dialect says the path
//	GET       /access/saml/login        begins a login by the main site's SAML connection
//	POST      /access/saml/consumer     takes the provider's answer
//	GET       /access/saml/metadata     describes this side to the provider
//	GET, POST /access/saml/logout       takes the provider's logout messages
//	GET       /access/openId/login      begins a login by the main site's OpenID Connect connection
//	GET, POST /access/openId/callback   takes the provider's answer; the redirect URI to register
//	GET       /access/openId/logout     takes the browser back from the provider's logout
//	POST      /access/openId/backchannel-logout
//	                                    takes the provider's logout tokens
//
// Each has a second form that ends in /{slug}, for the connection of the tenant with that slug. For a tenant without a
// set-up of its own, /access/saml/login/{slug} and /access/openId/login/{slug} begin a login by the main site's connection,
// bound to that tenant.
//
// A connection is the boundary of trust. It has its own keys, mapping, policy and replay keys, and a login through it is
// worth nothing at another's endpoint. The path chooses the connection, never anything in an unverified message. A tenant
// inherits the main site's set-up, or has exactly one of its own, as the platform has it (Thought Industries SSO guide,
// "Single Sign-On with Panorama").
package tenant
