package demo

import (
	"strings"
	"time"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

// fault is one thing that can be wrong with a token.
type fault struct {
	// ID names the fault in the form, Title and Text describe it.
	ID, Title, Text string
	// needs lists the attributes the dialect must carry for the fault to be possible.
	needs []attrs.Key
	// possible says whether this connection has what the fault needs; nil is yes.
	possible func(c *connection) bool
	// spoil makes the fault.
	spoil func(t *token, s scene)
}

// scene is what a fault may need to know.
type scene struct {
	portal *Portal
	c      *connection
	who    person
	now    time.Time
}

// applies reports whether the connection can show the fault.
func (f fault) applies(c *connection) bool {
	for _, k := range f.needs {
		if !c.carries(k) {
			return false
		}
	}
	return f.possible == nil || f.possible(c)
}

func faults() []fault {
	out := tokenFaults()
	out = append(out, identityFaults()...)
	return append(out, accessFaults()...)
}

// set returns a fault's spoil that gives an attribute's claim another value; nil removes it.
func set(k attrs.Key, v any) func(*token, scene) {
	return func(t *token, s scene) { t.set(s.c.claim(k), v) }
}

// tokenFaults are wrong in the token itself: its form, its signature, its time.
func tokenFaults() []fault {
	return []fault{
		{
			ID: "expired", Title: "Too old",
			Text:  "Issued an hour ago. A token is good for minutes, so that a copied one soon is worthless.",
			spoil: func(t *token, s scene) { t.set(s.c.dialect.Time.Claim, s.now.Add(-time.Hour).Unix()) },
		},
		{
			ID: "future", Title: "From the future",
			Text:  "Issued an hour from now, as by a machine whose clock is wrong.",
			spoil: func(t *token, s scene) { t.set(s.c.dialect.Time.Claim, s.now.Add(time.Hour).Unix()) },
		},
		{
			ID: "exp-passed", Title: "Expiry passed",
			Text:  "Fresh, but its own exp has passed. It is honoured to the second.",
			spoil: func(t *token, s scene) { t.set("exp", s.now.Add(-time.Second).Unix()) },
		},
		{
			ID: "no-time", Title: "No time of issue",
			Text:  "Without iat nobody could tell how old the token is.",
			spoil: func(t *token, s scene) { t.set(s.c.dialect.Time.Claim, nil) },
		},
		{
			ID: "wrong-key", Title: "Wrong key",
			Text:  "Signed with a key this connection does not have.",
			spoil: func(t *token, _ scene) { t.key = jwtsso.GenerateKey() },
		},
		{
			ID: "other-connection", Title: "Another connection's key",
			Text: "Signed properly, for another connection: what one tenant's portal signs is worth nothing at another's endpoint.",
			spoil: func(t *token, s scene) {
				t.key = jwtsso.GenerateKey()
				for _, other := range s.portal.connections {
					if other.id != s.c.id && other.key != s.c.key {
						t.key = other.key
					}
				}
			},
		},
		{
			ID: "tampered", Title: "Changed after signing",
			Text: "The email was replaced once the token was signed.",
			spoil: func(t *token, s scene) {
				t.after = func(t *token) { t.set(s.c.claim(attrs.Email), "mallory@example.com") }
			},
		},
		{
			ID: "alg-none", Title: "Not signed",
			Text:  "The header says alg none and there is no signature.",
			spoil: func(t *token, _ scene) { t.header, t.unsigned = `{"alg":"none","typ":"JWT"}`, true },
		},
		{
			ID: "alg-other", Title: "Another algorithm",
			Text:  "The header names HS512; the connection takes exactly one algorithm.",
			spoil: func(t *token, _ scene) { t.header = `{"alg":"HS512","typ":"JWT"}` },
		},
		{
			ID: "header-key", Title: "Brings its own key",
			Text:  "The header carries a jwk. Keys come from the configuration alone.",
			spoil: func(t *token, _ scene) { t.header = `{"alg":"HS256","typ":"JWT","jwk":{"kty":"oct","k":"AAAA"}}` },
		},
		{
			ID: "twice", Title: "A claim twice",
			Text:  "Two emails under one name: two readers could each take another one.",
			spoil: func(t *token, s scene) { t.prefix = `"` + s.c.claim(attrs.Email) + `":"mallory@example.com",` },
		},
		{
			ID: "large", Title: "Too large",
			Text:  "More than 16 kB.",
			spoil: func(t *token, _ scene) { t.set("padding", strings.Repeat("x", 20<<10)) },
		},
		{
			ID: "replayed", Title: "Used before",
			Text:  "A good token that somebody else used first: the portal has it accepted once, then sends you with it.",
			spoil: func(t *token, _ scene) { t.useFirst = true },
		},
	}
}
