// Package oidc is an OpenID provider for demonstrations and tests. It gives good answers, and, when told to, bad ones: each
// [Fault] makes one well-known attack or mistake, so that people and tests can see a relying party refuse it. Each
// [Variation] is a difference among lawful providers, which a relying party must live with.
//
// The flow: [New] makes a provider from its address and keys, [OP.Register] tells it of a client. [OP.ReadAuthorize] reads
// what a browser brings and checks it as a real provider would. The caller picks who signs in, by a page or by itself, and
// [OP.Respond] makes the answer, or [OP.Refuse] an error; [Send] writes either. [OP.TokenHandler], [OP.UserinfoHandler],
// [OP.DiscoveryHandler] and [OP.JWKSHandler] answer the client itself. [OP.ReadEndSession] reads a client's logout, and
// [OP.LogoutToken] makes the token of a back-channel logout.
//
// Tokens are written and signed from the standards, apart from the library that the relying party of this module verifies
// with, so that one mistake cannot hide in both ends. Nothing here protects an account: whoever asks is signed in as whoever
// is picked.
package oidc
