package saml

import "github.com/lmssso/lmssso"

// The reasons of single logout.
var (
	// ErrUnsignedLogout refuses a logout message without signature: anybody could send one (Profiles section 4.4.4.1).
	ErrUnsignedLogout = lmssso.NewReason("signature", 403, "The sign-out message is not signed.", "Have the identity provider sign its logout messages.")
	// ErrNoLogout refuses to begin a logout at a provider that has no endpoint for it, or without a key to sign with.
	ErrNoLogout = lmssso.NewReason("configuration", 503, "Signing out at your identity provider is not set up.", "Give the connection the provider's single-logout endpoint and a key of this side.")
	// ErrLogoutFailed tells that the provider did not end its session.
	ErrLogoutFailed = lmssso.NewReason("provider-refused", 403, "You are signed out here, but your identity provider kept you signed in.", "The log holds the identity provider's own status.")
)
