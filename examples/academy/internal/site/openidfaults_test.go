package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// opCodes is what each fault must be refused with, whatever the provider's form says of it.
func opCodes() map[string]string {
	out := map[string]string{}
	for code, faults := range map[string]string{
		"signature": `bad-signature tampered-subject stranger-signed stranger-same-kid stranger-no-kid unknown-kid encryption-key
			weak-key leaked-key empty-signature other-tokens-proof signed-as-other at-hash-wrong at-hash-whole s-hash-wrong c-hash-wrong
			c-hash-missing second-subject userinfo-sub userinfo-no-sub userinfo-sub-case userinfo-sub-letters`,
		"algorithm": `shared-key alg-none alg-none-odd-case alg-missing hs256-with-public-key hs256-with-client-secret
			other-kind-of-key other-hash other-padding`,
		"malformed": `embedded-jwk embedded-jku embedded-x5c embedded-x5u critical b64-false kid-number alg-twice header-no-json
			typ-logout typ-at two-parts four-parts padded trailing-space json-form huge-token payload-no-json payload-twice
			invalid-utf8 deep-claim sub-twice sub-other-case sub-odd-letter email-twice email-other-case aud-twice nested-twice
			missing-issuer issuer-number missing-audience audience-number missing-exp exp-overflow exp-endless exp-text
			missing-iat
			missing-sub empty-sub long-sub non-ascii-sub number-sub control-sub null-byte-sub state-twice iss-twice other-mode
			code-twice code-missing code-empty code-control code-unasked id-token-unasked id-token-twice id-token-missing
			access-token-unasked error-beside empty-answer tokens-in-query`,
		"encryption":        `encrypted`,
		"issuer":            `wrong-issuer issuer-slash issuer-other-case iss-missing iss-wrong second-issuer`,
		"audience":          `wrong-audience empty-audience audience-longer extra-audience azp-wrong`,
		"expired":           `expired ends-at-leeway old-iat`,
		"not-yet-valid":     `future-iat not-yet-valid`,
		"nonce":             `nonce-missing nonce-wrong nonce-empty nonce-other-case id-token-replayed`,
		"attribute-missing": `aggregated-identity`,
		"unsolicited":       `state-missing state-wrong`,
		"provider-error": `code-replayed code-of-other exchange-500 exchange-html exchange-huge exchange-redirect exchange-cut
			exchange-invalid-grant exchange-invalid-client exchange-id-token-twice exchange-id-token-case exchange-mac
			exchange-no-id-token exchange-id-token-number userinfo-401 userinfo-403 userinfo-500 userinfo-html userinfo-huge
			userinfo-redirect userinfo-sub-twice userinfo-email-case userinfo-email-twice`,
	} {
		for _, fault := range strings.Fields(faults) {
			out[fault] = code
		}
	}
	return out
}

// TestEveryFaultOfTheOpenIDProviderIsRefused sends each fault that a connection can meet, for somebody who has an account
// and for somebody who has none; those of an ID token in either one where two come.
func TestEveryFaultOfTheOpenIDProviderIsRefused(t *testing.T) {
	want, seen := opCodes(), map[string]bool{}
	for _, at := range []struct {
		way    opWay
		user   string
		second bool
	}{{opWays()[0], nora, false}, {opWays()[1], opWays()[1].user, false}, {opWays()[1], nora, true}, {opWays()[2], opWays()[2].user, false}} {
		a, path := start(t, setup{}), at.way.at("/access/openId/login")
		name := at.way.connection
		how := []string{}
		if at.second {
			name, how = name+" second", []string{"second", "on"}
		}
		page, _ := a.browser().opPicker(path)
		menu := offered(page.body, "fault")
		require.NotEmpty(t, menu)
		for _, fault := range menu {
			if at.second && fault == "c-hash-missing" {
				continue // the second token need not have it
			}
			seen[fault] = true
			t.Run(name+" "+fault, func(t *testing.T) {
				a.t = t
				if strings.HasSuffix(fault, "-replayed") { // needs something to repeat
					require.Equal(t, "/dashboard", a.browser().opLogin(path, at.way.connection, at.user).location())
				}
				before, held := a.accounts(), a.log("?limit=1").Held
				b := a.browser()
				_, request := b.opPicker(path)
				sent := b.opRespond(at.way.connection, request, at.user, append(how, "fault", fault)...)
				got := b.opDeliver(sent, "Accept", "application/json")
				require.NotEqual(t, http.StatusSeeOther, got.StatusCode, "signed in")
				refused := a.refused(got)
				require.Equal(t, want[fault], refused.Code)
				require.False(t, b.session().SignedIn)
				require.Equal(t, before, a.accounts(), "no account and no grant")
				log := a.log("?limit=1")
				require.Equal(t, held+1, log.Held, "one entry")
				require.Equal(t, refused.TraceID, log.Entries[0].TraceID)
				require.Equal(t, at.way.connection, log.Entries[0].SSOBlock)
				require.False(t, log.Entries[0].Result.Valid)
			})
		}
		require.NotContains(t, a.logs.String(), "eyJ", "no token")
	}
	for fault := range want {
		require.True(t, seen[fault], "%s is nowhere on offer", fault)
	}
}

// TestTheKeysOfFaultyTokensArePublished makes sure that those faults are refused for what they are, and not for want of a key.
func TestTheKeysOfFaultyTokensArePublished(t *testing.T) {
	a := start(t, setup{})
	for _, path := range []string{"/demo/openid/jwks.json", "/demo/thinkific/.well-known/jwks.json"} {
		keys := a.browser().get(path).body
		for _, want := range []string{`"kid":"demo-1"`, `"use":"enc"`, `"kty":"oct"`, `"kid":"weak"`} {
			require.Contains(t, keys, want)
		}
	}
}

// TestAFaultIsAPageToAPerson sends one as a browser would.
func TestAFaultIsAPageToAPerson(t *testing.T) {
	a := start(t, setup{})
	for _, way := range opWays() {
		b := a.browser()
		_, request := b.opPicker(way.at("/access/openId/login"))
		got := b.opDeliver(b.opRespond(way.connection, request, way.user, "fault", "wrong-audience"))
		require.Equal(t, http.StatusForbidden, got.StatusCode)
		require.Contains(t, got.body, "<code>audience</code>")
		trace := a.log("?limit=1").Entries[0].TraceID
		require.Contains(t, got.body, "<code>"+trace+"</code>")
		require.Contains(t, got.body, "/admin/sso-log?trace="+trace)
		require.Contains(t, got.body, "You are not signed in")
	}
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", bobKey).location())
	_, request := b.opPicker("/access/openId/login")
	got := b.opDeliver(b.opRespond("main-oidc", request, nora, "fault", "wrong-audience"))
	require.Contains(t, got.body, "You are still signed in as Bob Jones.")
	require.Equal(t, "12345", b.session().Account.ExternalID)

	_, request = b.opPicker("/access/openId/login")
	numbers := b.post("/demo/openid", url.Values{"connection": {"main-oidc"}, "request": {request}, "user": {bobKey}, "fault": {"userinfo-sub-letters"}})
	require.Equal(t, http.StatusBadRequest, numbers.StatusCode, "12345 has no other letters")
}
