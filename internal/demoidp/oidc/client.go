package oidc

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
)

// Client is a relying party as the provider knows it. ID is required.
type Client struct {
	// ID is its client_id, Secret its shared secret.
	ID, Secret string
	// RedirectURIs are where answers may go, byte for byte.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where browsers may go after a logout.
	PostLogoutRedirectURIs []string
	// BackchannelLogoutURI is where logout tokens go; "" for nowhere.
	BackchannelLogoutURI string
	// TokenAuth are the methods it may authenticate by at the token endpoint; empty is client_secret_basic alone.
	TokenAuth []string
	// Keys verify its assertions for private_key_jwt.
	Keys []PublicKey
	// IDTokenAlg is what its ID and logout tokens are signed with; "" is RS256.
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

// Register makes a client known, in place of one of the same id.
func (p *OP) Register(c Client) error {
	if c.ID == "" {
		return errors.New("demo OpenID provider: a client needs an ID")
	}
	c.RedirectURIs, c.PostLogoutRedirectURIs = slices.Clone(c.RedirectURIs), slices.Clone(c.PostLogoutRedirectURIs)
	c.TokenAuth, c.Keys = slices.Clone(c.TokenAuth), slices.Clone(c.Keys)
	if len(c.TokenAuth) == 0 {
		c.TokenAuth = []string{"client_secret_basic"}
	}
	c.IDTokenAlg = orText(c.IDTokenAlg, "RS256")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = &c
	return nil
}

// Client returns the client of that id.
func (p *OP) Client(id string) (Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.clients[id]
	if !ok {
		return Client{}, fmt.Errorf("demo OpenID provider: no client is called %q", clip(id))
	}
	return *c, nil
}

// signingKey is what a token for a client is signed with: the provider's key, or the client's secret.
func (p *OP) signingKey(c Client, alg string) (key any, kid string, err error) {
	if len(alg) == 5 && alg[:2] == "HS" {
		return []byte(c.Secret), "", nil
	}
	k, err := p.keyFor(alg)
	return k.Signer, k.ID, err
}
