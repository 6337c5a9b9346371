package bench

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
)

const (
	// key signs the tokens of every benchmark, forgedKey those that must be refused.
	key       = "correct horse battery staple 0123456789"
	forgedKey = "correct horse battery staple 9876543210"
	header    = `{"alg":"HS256","typ":"JWT"}`
	email     = "ada.lovelace@customer.example.com"
	returnTo  = "/learn/course/introduction-to-engines?tab=overview"
)

// moment is the present of every benchmark, so that tokens never expire while they wait for their turn.
var moment = time.Unix(1790000000, 0).UTC()

func clock() time.Time { return moment }

// payload is a login of the usual size by the claim names of Thought Industries: twelve claims. %022d is its id.
const payload = `{"iat":1790000000,"jti":"%022d","externalCustomerId":"emp-100123","email":"` + email + `",` +
	`"firstName":"Ada","lastName":"Lovelace","role":"student","courseSlugs":["introduction-to-engines","advanced-engines"],` +
	`"learningPathSlugs":["onboarding"],"ref1":"analytical department in the west","customFields":{"team":"red","office":"London"},` +
	`"returnTo":"` + returnTo + `"}`

// sign makes a token with the standard library alone. Its id is the number.
func sign(secret string, id int) string {
	enc := base64.RawURLEncoding
	input := enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString(fmt.Appendf(nil, payload, id))
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(input))
	return input + "." + enc.EncodeToString(m.Sum(nil))
}

// poolSize is how many tokens take turns.
const poolSize = 8192

// tokens are good tokens, each with its own id. They are made at the first call.
type tokens func() []string

func newTokens() tokens {
	return sync.OnceValue(func() []string {
		out := make([]string, poolSize)
		for i := range out {
			out[i] = sign(key, i)
		}
		return out
	})
}

// pool hands out tokens by turns. It is safe for concurrent use. Every subject has its own, in step with its own store.
type pool struct {
	tokens tokens
	next   atomic.Uint64
}

func (t tokens) pool() *pool { return &pool{tokens: t} }

// ready makes the tokens before a subject is measured.
func (t tokens) ready(s Subject) Subject {
	return Subject{s.Name, func(b *testing.B) {
		t()
		s.Bench(b)
	}}
}

func (p *pool) token() string { return p.tokens()[p.next.Add(1)%poolSize] }

// rotating is a replay store that is replaced by an empty one every half pool, so that the same tokens can be measured
// for as long as it takes. Between the replacements it is the store an application has, and refuses replays.
type rotating struct {
	adds    atomic.Uint64
	current atomic.Pointer[store.Memory]
}

func newRotating() *rotating {
	r := &rotating{}
	r.current.Store(newMemory(0))
	return r
}

func newMemory(most int) *store.Memory {
	return store.NewMemory(store.MemoryConfig{MaxReplays: most, Now: clock})
}

// Add implements [lmssso.SingleUse].
func (r *rotating) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	if r.adds.Add(1)%(poolSize/2) == 0 {
		r.current.Store(newMemory(0))
	}
	return r.current.Load().Add(ctx, key, value, until)
}

// Take implements [lmssso.SingleUse].
func (r *rotating) Take(ctx context.Context, key string) ([]byte, bool, error) {
	return r.current.Load().Take(ctx, key)
}

// accepting is a replay store that believes everything, to tell the store's share from the verifier's.
type accepting struct{}

// Add implements [lmssso.SingleUse].
func (accepting) Add(context.Context, string, []byte, time.Time) (bool, error) { return true, nil }

// Take implements [lmssso.SingleUse].
func (accepting) Take(context.Context, string) ([]byte, bool, error) { return nil, false, nil }

var _, _ lmssso.SingleUse = (*rotating)(nil), accepting{}

var errAccepted = errors.New("bench: a forged token was accepted")
