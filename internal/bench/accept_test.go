package bench

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
)

// verifiers lists everything that reads a token in a benchmark.
func verifiers() map[string]verifier {
	return map[string]verifier{
		"lmssso": newOurs(newRotating()), "lmssso without store": newOurs(accepting{}),
		"golang-jwt": newGolangJWT(), "floor": newFloor(),
	}
}

func TestTheSampleTokenIsOfTheUsualSize(t *testing.T) {
	token := sign(key, 1)
	if len(token) != 661 {
		t.Errorf("the token has %d bytes", len(token))
	}
	if n := len(login().Raw); n != 12 {
		t.Errorf("the token has %d claims", n)
	}
}

func TestVerifiersAcceptGoodTokensAndRefuseForgedOnes(t *testing.T) {
	good, forged := sign(key, 1), sign(forgedKey, 1)
	bent := good[:60] + swap(good[60]) + good[61:]
	for name, verify := range verifiers() {
		if got, err := verify(good); err != nil || got != email {
			t.Errorf("%s: a good token gave %q, %v", name, got, err)
		}
		for what, bad := range map[string]string{"signed by another key": forged, "changed": bent, "cut": good[:600], "empty": ""} {
			if got, err := verify(bad); err == nil || got != "" {
				t.Errorf("%s: a token that is %s gave %q, %v", name, what, got, err)
			}
		}
	}
}

// swap returns another character of base64url.
func swap(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

func TestOursRefusesForgedTokensForTheirSignature(t *testing.T) {
	_, err := newOurs(newRotating())(sign(forgedKey, 1))
	if !errors.Is(err, lmssso.ErrSignature) {
		t.Errorf("refused for another reason: %v", err)
	}
}

func TestTheMeasuredStoreRefusesReplays(t *testing.T) {
	verify, token := newOurs(newRotating()), sign(key, 1)
	if _, err := verify(token); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(token); !errors.Is(err, lmssso.ErrReplayed) {
		t.Errorf("the second time: %v", err)
	}
}

func TestThePoolOutlivesItsTokens(t *testing.T) {
	p, verify := newTokens().pool(), newOurs(newRotating())
	for range 2*poolSize + 1 {
		if _, err := verify(p.token()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryValidatorIsAsked(t *testing.T) {
	a := login()
	a.ReturnTo = "https://evil.example/"
	a.Times.IssuedAt = a.Times.IssuedAt.Add(-501 * time.Second)
	a.Profile.DualRole = true
	a.Profile.Role = lmssso.Assertion{}.Profile.Role
	a.Link.ExternalID = ""
	err := lmssso.All(validators()...).Validate(t.Context(), a)
	for _, want := range []error{lmssso.ErrExpired, lmssso.ErrDualRoleIncomplete, lmssso.ErrExternalIDMissing} {
		if !errors.Is(err, want) {
			t.Errorf("%v was not refused", want)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "returnTo") && !strings.Contains(err.Error(), "return") {
		t.Errorf("the return target was not refused: %v", err)
	}
}

func TestMintersMakeTokensEveryVerifierAccepts(t *testing.T) {
	for name, mint := range map[string]minter{"lmssso": newOurMinter(), "golang-jwt": newGolangJWTMinter(), "floor": newFloorMinter()} {
		seen := map[string]bool{}
		for range 2 {
			token, err := mint()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			seen[token] = true
			for by, verify := range verifiers() {
				if got, err := verify(token); err != nil || got != email {
					t.Errorf("%s minted what %s reads as %q, %v", name, by, got, err)
				}
			}
		}
		if len(seen) != 2 {
			t.Errorf("%s minted one token twice", name)
		}
		token, _ := mint()
		if a, err := must(jwtVerifier(accepting{})).Verify(t.Context(), token); err != nil || len(a.Raw) != 12 {
			t.Errorf("%s did not mint twelve claims: %v", name, err)
		}
	}
}

func TestHandlersRedirectGoodLoginsAndRefuseForgedOnes(t *testing.T) {
	for _, n := range handlers() {
		a := ask(n.handler, sign(key, 1))
		if a.status != http.StatusSeeOther {
			t.Errorf("%s answered %d", n.name, a.status)
		}
		if n.name == "empty" {
			continue
		}
		if got := a.header.Get("Location"); got != returnTo {
			t.Errorf("%s sends the browser to %q", n.name, got)
		}
		if !strings.HasPrefix(a.header.Get("Set-Cookie"), cookie+"=") {
			t.Errorf("%s started no session", n.name)
		}
		if n.name == "unverified" {
			continue
		}
		a = ask(n.handler, sign(forgedKey, 2))
		if a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" || a.header.Get("Location") != "" {
			t.Errorf("%s answered a forged token with %d %v", n.name, a.status, a.header)
		}
	}
}

func TestLoopbackClientTellsRefusalsFromLogins(t *testing.T) {
	for _, n := range handlers() {
		if n.name == "empty" || n.name == "unverified" {
			continue
		}
		c, err := dial(serve(n.handler))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.signIn(sign(key, 1)); err != nil {
			t.Errorf("%s: %v", n.name, err)
		}
		if err := c.signIn(sign(forgedKey, 2)); err == nil {
			t.Errorf("%s accepted a forged token", n.name)
		}
		if err := c.signIn(sign(key, 3)); err != nil {
			t.Errorf("%s, after a refusal: %v", n.name, err)
		}
		if err := c.conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestPlansDoWhatTheyAreNamedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		make            func() func() (lmssso.Outcome, error)
		created, alters bool
	}{"unchanged": {planUnchanged, false, false}, "update": {planUpdate, false, true}, "create": {planCreate, true, true}} {
		out, err := tt.make()()
		if err != nil || out.Created != tt.created || out.Alters() != tt.alters || len(out.Warnings()) > 0 {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}

func TestTheSafelistJudgesAsNamed(t *testing.T) {
	for target, good := range map[string]bool{listedTarget: true, returnTo: true, unlistedTarget: false} {
		if err := verdict(list(), target, good); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestGuardsKnowWhatTheySaw(t *testing.T) {
	const n = 1000
	all, until := makeKeys(n), moment.Add(time.Hour)
	for name, newGuard := range map[string]func() guard{"lmssso": newMemoryGuard, "map": newMapGuard} {
		add := newGuard()
		if err := fill(add, all, n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range n {
			if first, err := add(all.at(i), until); err != nil || first {
				t.Fatalf("%s forgot key %d: %v", name, i, err)
			}
		}
	}
}

func TestLoginsOnSQLiteTakeOneTripEach(t *testing.T) {
	for _, f := range statements(t.TempDir()) {
		if f.Most > 0 && f.Value != f.Most || f.Value == 0 {
			t.Errorf("%s: %v", f.Name, f.Value)
		}
	}
}

func TestAllocationsAreCounted(t *testing.T) {
	for _, f := range allocations() {
		t.Logf("%-60s %3.0f", f.Name, f.Value)
		if f.Value <= 0 {
			t.Errorf("%s: %v", f.Name, f.Value)
		}
	}
}
