// Package jwtsso does single sign-on by signed JWT, the way learning platforms do it: a backend that knows its users signs
// a short-lived token and sends the browser with it to the platform, which makes or updates the account and signs it in.
// Both ends are here.
//
// # Receiving
//
// A [Verifier] is one connection of a platform. [Verifier.Authenticate] finds the token in a request and
// [Verifier.Verify] turns it into a login:
//
//	size and form ──► header ──► signature by every live key ──► payload, decoded once ──► times, issuer, audience, id
//	              ──► claims to attributes ──► single use ──► *lmssso.Assertion
//
// Nothing a token says is read before its signature was verified, except that its header must name the dialect's
// algorithm, which was bound to the keys beforehand. The signature library sees bytes, algorithm and key, never a header.
// Every rule that can refuse has a [lmssso.Reason] of its own, and nothing is returned beside an error.
//
// # Minting
//
// An [Issuer] is a backend's way to one platform. [Issuer.RedirectURL] returns the URL to send the browser to and
// [Issuer.Form] a page that posts itself. Both refuse what the platform would refuse, so that a mistake shows where it
// can be mended.
//
// # Dialects
//
// Platforms differ in how tokens arrive, in claim names, algorithm, key encoding, time claim and window. A [Dialect]
// holds all of it as data; [ThoughtIndustries], [Thinkific] and [Zendesk] are built in, and a platform of your own is one
// more value, with a [Codec] where names are not enough.
package jwtsso
