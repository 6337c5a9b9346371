// Package attrs turns what an identity provider says about a user into the attributes a learning platform understands.
//
// The flow of one login:
//
//	claims or SAML attributes ──► Incoming ──► Mapper.Apply ──► Set ──► profile and access of the login
//
// An [Incoming] holds what arrived, by the provider's names: [FromJSON] reads the claims of a token, [FromAttributes]
// the attributes of a SAML assertion. A [Mapping] says, for each attribute of the [Catalogue], which of those names
// carry it; it is plain data, readable from configuration. [NewMapper] checks a mapping once and makes the [Mapper]
// that every login of a connection uses. Its result, a [Set], holds one [Value] an attribute.
//
// A Value keeps three orders apart, because a platform treats them differently: absent leaves what is stored, blank
// clears it, present sets it. What cannot be understood is refused with an [*Error] that names the attribute and never
// repeats a person's data; what is merely odd is tolerated and becomes a [Warning].
//
// The package imports only the standard library and keeps no state. All its types are safe for concurrent use as long
// as nobody writes to the maps they were made from.
package attrs
