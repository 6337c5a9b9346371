package bench

import (
	"encoding/base64"
	"fmt"
	"math"
	"runtime"
	"testing"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client/rp"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
)

// encodedHeader is a header that names a key by a number.
func encodedHeader(i int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","kid":"rsa-%d","typ":"JWT"}`, i))
}

// tenants is how many connections stand beside one another.
const tenants = 10_000

// connectionNo is the configuration of one of many. All are the same provider's; each has its own keys in memory.
func (o *openID) connectionNo(i int) oidc.Config {
	cfg := o.posting(rs256)
	cfg.Connection = fmt.Sprintf("tenant-%05d", i)
	cfg.Realm = cfg.Connection
	return cfg
}

// crowd makes connections that have verified one token each, by their names.
func crowd(o *openID, n int) map[string]*oidc.Provider {
	f, first := newFinisher(o), posted(o.sign(rs256, o.claims()))
	out := make(map[string]*oidc.Provider, n)
	for i := range n {
		cfg := o.connectionNo(i)
		p := must(oidc.New(cfg))
		_ = must(f.at(cfg.Connection).finish(p, first))
		out[cfg.Connection] = p
	}
	return out
}

// crowded makes a subject of verifying at one connection after the other.
func crowded(name string, parties providing, n int) Subject {
	return late(name, func() func() error {
		o := parties()
		f, all, token := newFinisher(o), crowd(o, n), o.sign(rs256, o.claims())
		names := make([]string, n)
		for i := range names {
			names[i] = o.connectionNo(i * 7919 % n).Connection
		}
		next := 0
		return func() error {
			next = (next + 1) % n
			_, err := f.at(names[next]).finish(all[names[next]], posted(token))
			return err
		}
	})
}

func crowding(parties providing) Comparison {
	return Comparison{
		Name:     "oidc-10000-connections",
		Subjects: []Subject{crowded("lmssso", parties, tenants), crowded("one-connection", parties, 1)},
		Goals:    []Goal{{Against: "one-connection", Most: 1.10}},
	}
}

// heaped is how many connections the memory of one is taken from.
const heaped = 1000

// heapEach returns how many bytes of live heap one more of what is made takes.
func heapEach[T any](make func(i int) T) float64 {
	var kept [heaped]T
	_ = make(heaped) // what all share is there
	before := liveHeap()
	for i := range kept {
		kept[i] = make(i)
	}
	after := liveHeap()
	runtime.KeepAlive(&kept)
	return math.Round(float64(int64(after)-int64(before)) / heaped)
}

// coldConnection is one that fetched nothing yet.
func coldConnection(o *openID, mapping attrs.Mapping) func(i int) *oidc.Provider {
	return func(i int) *oidc.Provider {
		cfg := o.connectionNo(i)
		cfg.Mapping, cfg.Connection = mapping, openIDConnection
		return must(oidc.New(cfg))
	}
}

// used makes connections that have read one token.
func used[T any](token string, make func(i int) T, read func(T) verifier) func(i int) T {
	return func(i int) T {
		v := make(i)
		_ = must(read(v)(token))
		return v
	}
}

// openIDFigures counts what a login allocates, how often strangers make a connection ask its provider, and what
// connections keep in memory.
func openIDFigures() []Figure {
	o := newOpenID()
	token := o.sign(rs256, o.claims())
	read := newOurOIDC(o, o.posting(rs256))
	_ = must(read(token))
	allocated := testing.AllocsPerRun(rounds, func() { _ = must(read(token)) })
	return append([]Figure{
		{Name: "allocations: read an ID token and validate", Value: allocated},
		{Name: "key fetches: 1,000 tokens with unknown key ids", Value: must(fetchesFor(o, read, unknown(o, strangers))), Most: 1},
	}, heapFigures(o, token)...)
}

func heapFigures(o *openID, token string) []Figure {
	cold, client := coldConnection(o, claimMapping()), patient()
	return []Figure{
		{Name: "bytes: an OpenID connection, cold", Value: heapEach(cold)},
		{
			Name: "bytes: an OpenID connection, warm", Most: 2900,
			Value: heapEach(used(token, cold, func(p *oidc.Provider) verifier { return finishing(o, p, posted) })),
		},
		{
			Name:  "bytes: verifier and keys of go-oidc, warm, beside one HTTP client for all",
			Value: heapEach(used(token, func(int) *gooidc.IDTokenVerifier { return goOIDCVerifier(o, rs256, client) }, readGoOIDC)),
		},
		{
			Name:  "bytes: verifier and keys of zitadel, warm, beside one HTTP client for all",
			Value: heapEach(used(token, func(int) *rp.IDTokenVerifier { return zitadelVerifier(o, rs256, client) }, readZitadel)),
		},
	}
}
