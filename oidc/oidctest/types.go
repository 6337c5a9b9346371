package oidctest

import (
	"crypto"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/oidc"
)

// Client is a relying party. ID and RedirectURIs are required.
type Client struct {
	// ID is its client_id, Secret its shared secret.
	ID, Secret string
	// RedirectURIs are where answers may go, byte for byte.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where browsers may go after a logout.
	PostLogoutRedirectURIs []string
	// BackchannelLogoutURI is where logout tokens go; "" for nowhere.
	BackchannelLogoutURI string
	// TokenAuth are the methods it may authenticate by: client_secret_basic, client_secret_post, private_key_jwt. Empty is the
	// first alone.
	TokenAuth []string
	// Keys verify its assertions for private_key_jwt.
	Keys []PublicKey
	// IDTokenAlg is what its ID and logout tokens are signed with; "" is the provider's first algorithm.
	IDTokenAlg string
	// UserinfoAlg is what its userinfo answers are signed with; "" sends plain JSON.
	UserinfoAlg string
	// RequirePKCE refuses requests without a code challenge.
	RequirePKCE bool
}

// PublicKey is a client's key.
type PublicKey struct {
	// ID is its kid; "" for none.
	ID string
	// Key is the public key.
	Key crypto.PublicKey
}

// User is who signs in, and what is said of him.
type User struct {
	// Subject is his sub; "" is nobody, so that the provider answers login_required.
	Subject string
	// Claims are what is known of him, by name. Those of the scopes profile, email, address, phone and site are given out for
	// their scope, all others always.
	Claims map[string]any
	// AuthTime is when he signed in; zero is now.
	AuthTime time.Time
	// ACR is the authentication context; "" is the first one asked for. AMR are the methods; empty is a password.
	ACR string
	AMR []string
	// SessionID is the sid; "" makes one for each login.
	SessionID string
	// TenantID fills the issuer's template, and is the tid claim; "" sends none.
	TenantID string
}

// Session is one user's session at one client.
type Session struct {
	// ClientID is whose.
	ClientID string
	// Subject and SessionID are the user's sub and the session's sid; one may be "".
	Subject, SessionID string
	// TenantID fills the issuer's template.
	TenantID string
}

// Rotation is how keys change.
type Rotation string

// The rotations.
const (
	NewKeyInFront  Rotation = "new-key-in-front" // a new key signs, the old one is published still
	OldKeyGone     Rotation = "old-key-gone"     // a new key signs, the old ones are gone
	NewKeySameName Rotation = "new-key-same-kid" // a new key signs under the old one's kid
)

func (c Client) demo() demo.Client {
	out := demo.Client{
		ID: c.ID, Secret: c.Secret, RedirectURIs: c.RedirectURIs, PostLogoutRedirectURIs: c.PostLogoutRedirectURIs, BackchannelLogoutURI: c.BackchannelLogoutURI,
		TokenAuth: c.TokenAuth, IDTokenAlg: c.IDTokenAlg, UserinfoAlg: c.UserinfoAlg, RequirePKCE: c.RequirePKCE,
	}
	for _, k := range c.Keys {
		out.Keys = append(out.Keys, demo.PublicKey(k))
	}
	return out
}

func (u User) login(how demo.How) demo.Login {
	return demo.Login{
		User: demo.User{Subject: u.Subject, Claims: u.Claims}, AuthTime: u.AuthTime, ACR: u.ACR, AMR: u.AMR, SessionID: u.SessionID, TenantID: u.TenantID, How: how,
	}
}
