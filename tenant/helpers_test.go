package tenant_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/tenant"
)

// epoch is the moment all tests of this package take place.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// One key for each connection: 32 bytes, as HS256 asks.
const (
	mainKey   = "main-key-0123456789abcdef01234567"
	acmeKey   = "acme-key-0123456789abcdef01234567"
	globexKey = "globex-key-123456789abcdef0123456"
	schoolKey = "school-key-123456789abcdef0123456"
)

const (
	acmeID   = "66667fe3-2cc9-4bbd-a2e2-2e2bfabf253f"
	globexID = "0b7c1f8e-5d1c-4a55-9a7e-0a1f3c2d4e5f"
)

const site = `{
	"baseURL": "https://learn.example.com",
	"safelist": {"domains": ["thinkific.com"]},
	"settings": {"externalLoginURL": "https://idp.example.org/sign_in?return_to={{returnTo}}"},
	"tenants": [
		{"slug": "acme", "id": "` + acmeID + `", "sku": "ACME-1", "title": "Acme"},
		{"slug": "globex", "id": "` + globexID + `", "safelist": {"domains": ["globex.example.net"]},
		 "settings": {"externalLoginURL": "https://globex.example.net/in"}},
		{"slug": "quiet", "id": "quiet-1"}
	],
	"connections": [
		{"id": "main-jwt", "protocol": "jwt", "realm": "main", "dialect": "thoughtindustries", "keys": ["` + mainKey + `"],
		 "policy": {"roles": ["student", "admin"], "tenants": ["acme"]}},
		{"id": "school", "protocol": "jwt", "realm": "school", "dialect": "thinkific", "keys": ["` + schoolKey + `"]},
		{"id": "acme-jwt", "tenant": "acme", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["` + acmeKey + `"],
		 "ssoSubscription": "gold", "mapping": {"ref1": ["department"]}, "window": "60s"},
		{"id": "globex-jwt", "tenant": "globex", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["` + globexKey + `"]}
	]
}`

func decode(t *testing.T, doc string) tenant.Config {
	t.Helper()
	var cfg tenant.Config
	require.NoError(t, tenant.Decode([]byte(doc), &cfg))
	return cfg
}

// world is a registry with everything around it observed.
type world struct {
	reg      *tenant.Registry
	once     *store.Memory
	attempts []*lmssso.Attempt
	logins   []login
}

type login struct {
	assertion *lmssso.Assertion
	policy    lmssso.Policy
}

func (w *world) Provision(_ context.Context, a *lmssso.Assertion, p lmssso.Policy) (*lmssso.Outcome, error) {
	w.logins = append(w.logins, login{a, p})
	return &lmssso.Outcome{Account: lmssso.Account{ID: "1", Role: "student"}}, nil
}

func (w *world) Record(_ context.Context, t *lmssso.Attempt) error {
	w.attempts = append(w.attempts, t)
	return nil
}

func (w *world) app() tenant.App {
	return tenant.App{
		SingleUse: w.once, Provisioner: w, Recorder: w,
		DefaultPage: func(lmssso.Account) string { return "/dashboard" },
		Done:        func(http.ResponseWriter, *http.Request, *lmssso.Attempt) error { return nil },
		Env:         lmssso.Env{Now: now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
	}
}

func now() time.Time { return epoch }

func newWorld(t *testing.T, doc string) *world {
	t.Helper()
	w := &world{once: newStore(t)}
	reg, err := tenant.New(decode(t, doc), w.app())
	require.NoError(t, err)
	w.reg = reg
	return w
}

// mint signs claims with crypto/hmac alone, so that no mistake of the library's own issuer hides one of its verifier.
func mint(t *testing.T, key string, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"externalCustomerId": "12345", "email": "bob@example.com", "iat": epoch.Unix()}
	for k, v := range change {
		claims[k] = v
	}
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc(payload)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + enc(mac.Sum(nil))
}
