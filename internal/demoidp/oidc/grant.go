package oidc

import (
	"errors"
	"time"
)

// How long what is given out can be used.
const (
	codeLife   = 10 * time.Minute
	accessLife = time.Hour
	tokenLife  = time.Hour
)

// maxGrants bounds how many logins are remembered at once.
const maxGrants = 10000

// User is somebody who can sign in, and what is known of him.
type User struct {
	// Subject is his sub.
	Subject string
	// Claims are what is known of him, by name. Those of the scopes profile, email, address, phone and site are given out for
	// their scope, all others always.
	Claims map[string]any
}

// Login says who signed in and how to tell.
type Login struct {
	// User is who.
	User User
	// AuthTime is when he did; zero is now. Where the request asked for a newer one, it is now as well.
	AuthTime time.Time
	// ACR is the authentication context; "" is the first one asked for. AMR are the methods; empty is a password.
	ACR string
	AMR []string
	// SessionID is the sid; "" makes one.
	SessionID string
	// TenantID fills the issuer's template, and is the tid claim; "" sends no tid.
	TenantID string
	// How says in what manner to answer.
	How How
}

// grant is what the provider remembers of a login.
type grant struct {
	client    Client
	req       *Request
	login     Login
	at        time.Time
	challenge string
	code      string
	access    string
	used      bool
}

func (p *OP) remember(g *grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range []map[string]*grant{p.codes, p.access} {
		for k, old := range m {
			if len(m) >= maxGrants || g.at.Sub(old.at) > accessLife {
				delete(m, k)
			}
		}
	}
	if g.code != "" {
		p.codes[g.code] = g
	}
	if g.access != "" {
		p.access[g.access] = g
	}
}

// errCode refuses a code; what exactly is wrong is for the log alone (RFC 6749 section 5.2).
var errCode = errors.New("the code is not good")

// take uses a code up. A code that comes twice ends what the first use gave out (RFC 6749 section 4.1.2).
func (p *OP) take(code string, now time.Time, good func(*grant) bool) (*grant, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[code]
	switch {
	case !ok:
		return nil, errCode
	case g.used:
		delete(p.access, g.access)
		return nil, errCode
	case now.Sub(g.at) > codeLife || !good(g):
		return nil, errCode
	}
	g.used = true
	return g, nil
}

// granted finds what an access token is for.
func (p *OP) granted(access string, now time.Time) (*grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.access[access]
	if !ok || now.Sub(g.at) > accessLife {
		return nil, false
	}
	return g, true
}
