package oidc

import "github.com/lmssso/lmssso"

// ErrUnsolicited refuses an answer that names no login of ours: OpenID Connect has no login that begins with the answer.
var ErrUnsolicited = lmssso.NewReason("unsolicited", 403, "This site did not ask for this sign-in. Start from the sign-in page.", "Let the provider's portal open the login address, where it may send iss, login_hint and target_link_uri; the redirect URI takes answers alone.")
