package bench

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// provider makes one for all tests.
var provider = newProviding()

// badIDTokens are forged or wrong in one way each. Everything that is measured must refuse them.
func badIDTokens(o *openID, a algorithm) map[string]string {
	good, c := o.sign(a, o.claims()), o.claims()
	dot := strings.LastIndexByte(good, '.')
	head, rest, _ := strings.Cut(good, ".")
	return map[string]string{
		"signed by another key":    o.forge(a, a.kid, c),
		"of an unknown key id":     o.forge(a, unknownKid, c),
		"named after another key":  o.signed(a, a.kid, rsaOld, c),
		"for another site":         o.sign(a, strings.ReplaceAll(c, rpClient, "0oa-another-site")),
		"of another issuer":        o.sign(a, strings.ReplaceAll(c, opName, "https://evil.example")),
		"of another login":         o.sign(a, strings.ReplaceAll(c, rpNonce, "another-nonce")),
		"expired":                  o.sign(a, expired(o)),
		"changed":                  head + "." + strings.Replace(rest, rest[40:41], swap(rest[40]), 1),
		"changed in its signature": good[:dot+20] + swap(good[dot+20]) + good[dot+21:],
		"without signature":        good[:dot+1],
		"cut":                      good[:dot-8],
		"empty":                    "",
	}
}

// expired is a payload of the day before yesterday.
func expired(o *openID) string { return claimsAt(o.now.Add(-48 * time.Hour)) }

func TestIDTokensOfTheSampleHaveEighteenClaims(t *testing.T) {
	o := provider()
	for _, a := range []algorithm{rs256, es256} {
		p := must(oidc.New(o.posting(a)))
		got, err := p.Finish(t.Context(), posted(o.sign(a, o.claims())), o.pending())
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Raw) != 17 { // the nonce is this site's own, and not kept
			t.Errorf("%s: %d claims", a.name, len(got.Raw))
		}
		t.Logf("%s: %d bytes", a.name, len(o.sign(a, o.claims())))
	}
}

func TestIDTokenReadersAcceptGoodTokensAndRefuseForgedOnes(t *testing.T) {
	o := provider()
	for _, a := range []algorithm{rs256, es256} {
		for _, r := range idReaders() {
			read := r.make(o, a)
			if got, err := read(o.sign(a, o.claims())); err != nil || got != email {
				t.Errorf("%s: %s of a good token: %q, %v", a.name, r.name, got, err)
			}
			for what, bad := range badIDTokens(o, a) {
				if got, err := read(bad); err == nil || got != "" {
					t.Errorf("%s: %s of a token that is %s: %q, %v", a.name, r.name, what, got, err)
				}
			}
		}
	}
}

func TestIDTokenReadersKeepToTheirAlgorithm(t *testing.T) {
	o := provider()
	for _, r := range idReaders() {
		if got, err := r.make(o, rs256)(o.sign(es256, o.claims())); err == nil {
			t.Errorf("%s for RS256 took ES256: %q", r.name, got)
		}
		if got, err := r.make(o, es256)(o.sign(rs256, o.claims())); err == nil {
			t.Errorf("%s for ES256 took RS256: %q", r.name, got)
		}
	}
}

func TestCallbacksAcceptGoodCodesAndRefuseOthers(t *testing.T) {
	o := provider()
	for _, by := range callers() {
		read, before := by.make(o), o.redeemed.Load()
		if got, err := read(callbackQuery(goodCode)); err != nil || got != email {
			t.Errorf("%s: %q, %v", by.name, got, err)
		}
		if n := o.redeemed.Load() - before; n != 1 {
			t.Errorf("%s asked the token endpoint %d times", by.name, n)
		}
		for what, query := range map[string]string{
			"a forged token": callbackQuery(forgedCode), "an access token of somebody else": callbackQuery(otherUserCode),
			"an unknown code": callbackQuery("code-nobody-made"), "another state": strings.Replace(callbackQuery(goodCode), rpState, rpNonce, 1),
			"no code": callbackQuery(""), "nothing": "",
		} {
			if got, err := read(query); err == nil || got != "" {
				t.Errorf("%s of %s: %q, %v", by.name, what, got, err)
			}
		}
	}
}

func TestIDTokenRefusalsAreForTheirReasons(t *testing.T) {
	o := provider()
	read := newOurOIDC(o, o.posting(rs256))
	for _, r := range idRefusals() {
		if _, err := read(r.token(o)); !errors.Is(err, r.reason) {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	_, err := newZitadel(o, rs256)(idRefusals()[0].token(o))
	if !errors.Is(err, zitadel.ErrSignatureInvalid) {
		t.Errorf("zitadel refuses for another reason: %v", err)
	}
	var late *gooidc.TokenExpiredError
	if _, err := newGoOIDC(o, rs256)(o.sign(rs256, expired(o))); !errors.As(err, &late) {
		t.Errorf("go-oidc refuses for another reason: %v", err)
	}
}

// A stranger who sends tokens must not be able to make this site send requests.
func TestStrangersMakeTheKeysBeFetchedOnceAMinute(t *testing.T) {
	o := newOpenID()
	var later atomic.Int64
	cfg := o.posting(rs256)
	cfg.Now = func() time.Time { return o.now.Add(time.Duration(later.Load())) }
	read, tokens := newOurOIDC(o, cfg), unknown(o, strangers)
	good := o.sign(rs256, o.claims())
	if _, err := read(good); err != nil || o.fetches.Load() != 1 {
		t.Fatalf("%d fetches at the first login, %v", o.fetches.Load(), err)
	}
	for minute := range int64(4) {
		later.Store(minute * int64(61*time.Second))
		if n, err := fetchesFor(o, read, tokens); err != nil || n > 1 || minute > 0 && n != 1 {
			t.Errorf("minute %d: %v fetches, %v", minute, n, err)
		}
		if n, err := fetchesFor(o, read, []string{o.forge(rs256, rsaNow, o.claims())}); err != nil || n != 0 {
			t.Errorf("minute %d: %v fetches for a bad signature after that, %v", minute, n, err)
		}
		if _, err := read(good); err != nil {
			t.Errorf("minute %d: the good token: %v", minute, err)
		}
	}
}

func TestStrangersAtOnceMakeTheKeysBeFetchedOnce(t *testing.T) {
	o := newOpenID()
	read, tokens := newOurOIDC(o, o.posting(rs256)), unknown(o, strangers)
	if _, err := read(o.sign(rs256, o.claims())); err != nil {
		t.Fatal(err)
	}
	before := o.fetches.Load()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := i; j < len(tokens); j += 8 {
				if _, err := read(tokens[j]); !errors.Is(err, oidc.ErrTokenKey) {
					t.Errorf("refused for another reason: %v", err)
				}
			}
		})
	}
	all.Wait()
	if n := o.fetches.Load() - before; n > 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestOpenIDFiguresAreCounted(t *testing.T) {
	for _, f := range openIDFigures() {
		t.Logf("%-75s %6.0f", f.Name, f.Value)
		if f.Value < 0 || f.Value == 0 && strings.HasPrefix(f.Name, "bytes") {
			t.Errorf("%s: %v", f.Name, f.Value)
		}
		if strings.HasPrefix(f.Name, "key fetches") && f.Value > f.Most {
			t.Errorf("%s: %v", f.Name, f.Value)
		}
	}
}

func TestManyConnectionsAreIndependent(t *testing.T) {
	o := provider()
	all := crowd(o, 20)
	if len(all) != 20 {
		t.Fatalf("%d connections", len(all))
	}
	f := newFinisher(o)
	for name, p := range all {
		if _, err := f.at(name).finish(p, posted(o.forge(rs256, rsaNow, o.claims()))); !errors.Is(err, lmssso.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := f.at(name).finish(p, posted(o.sign(rs256, o.claims()))); err != nil || got != email {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
