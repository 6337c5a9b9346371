// Package saml is a SAML 2.0 service provider: it sends users to an identity provider and turns its answer into a verified
// [lmssso.Assertion].
//
// The flow: [New] checks one connection's configuration. [Provider.LoginHandler] begins a login: it remembers what was
// asked ([Provider.Begin]), ties it to the browser by a cookie, and redirects or posts an AuthnRequest. The answer arrives
// at the assertion consumer service, a [lmssso.Login] whose authenticator is the [Provider]: [Provider.Authenticate] finds
// the pending login, and [Provider.Finish] verifies the response and returns the login or an error, never both.
//
// Verification reads the response once, with a strict parser of our own; checks its shape; lets goxmldsig verify the
// signature over the chosen element with the connection's certificates and no others; and reads everything it returns from
// the element that check gave back. Every rule is one function with one reason: in shape.go about where elements stand, in
// signature.go about how signatures are built, in checks.go about what the message says.
//
// [ParseIdPMetadata] reads the provider's metadata and [MetadataSource] keeps it current; [Provider.MetadataHandler] serves
// ours. [Provider.StartLogout] and [Provider.LogoutHandler] are both ends of single logout. [Presets] tell what is known
// about providers.
//
// The zero value of everything is the strictest. What relaxes a rule is in [Allow].
package saml
