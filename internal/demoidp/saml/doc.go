// Package saml is a SAML 2.0 identity provider for demonstrations and tests: it reads what a service provider asks, answers
// with a signed and, if wanted, encrypted response, and can make each known kind of wrong response on request.
//
// The flow: [New] takes the provider's name, addresses and keys; [IdP.Register] tells it of a service provider, for
// instance from [ParseSPMetadata]. [IdP.ReadAuthnRequest] reads what came to the sign-on address. [IdP.Respond] answers it
// for a [Login], in the manner [How] says, with the [Fault]s it names; [IdP.Unsolicited] answers nobody's question.
// [WriteForm] brings the answer to the browser. Single logout has the same shape: [IdP.ReadLogout], [IdP.SendLogoutRequest],
// [IdP.SendLogoutResponse]. The handlers of this package are thin uses of these functions.
//
// Everything is written from the standards, apart from the service provider of this module, so that one mistake cannot hide
// in both ends. Nothing here protects an account: whoever asks is signed in as whoever is picked.
package saml
