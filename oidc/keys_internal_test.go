package oidc

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/lmssso/lmssso"
	"github.com/stretchr/testify/require"
)

func TestKeysAreFoundByTheirID(t *testing.T) {
	k := makeTestKeys()
	p := newFetchedOP(t)
	p.json(jwksPath, jwks(jwk(&k.rsa.PublicKey, "a", nil), jwk(&k.rsa2.PublicKey, "b", map[string]any{"alg": "RS256", "use": "sig", "key_ops": []string{"verify"}}),
		jwk(&k.p256.PublicKey, "ec", nil), jwk(&k.p384.PublicKey, "a", nil), jwk(k.ed.Public(), "ed", nil)))
	for name, cfg := range map[string]Config{"discovery": p.config(), "by hand": p.manual()} {
		src := newTestKeys(t, cfg)
		for _, c := range []struct {
			alg  jose.SignatureAlgorithm
			kid  string
			want []string
		}{
			{jose.RS256, "a", []string{"a"}},
			{jose.RS256, "b", []string{"b"}},
			{jose.RS256, "", []string{"a", "b"}},
			{jose.PS512, "", []string{"a"}}, // b says that it is for RS256
			{jose.ES256, "", []string{"ec"}},
			{jose.ES256, "ec", []string{"ec"}},
			{jose.ES384, "a", []string{"a"}},
			{jose.EdDSA, "ed", []string{"ed"}},
			{jose.RS256, "A", nil},
			{jose.RS256, "ec", nil},
			{jose.PS256, "b", nil},
			{jose.ES384, "ec", nil},
			{jose.ES512, "", nil},
			{jose.HS256, "a", nil},
			{jose.HS256, "", nil},
			{"none", "", nil},
		} {
			got, err := src.candidates(t.Context(), c.alg, c.kid)
			require.Equal(t, c.want, ids(got), "%s: %s %q", name, c.alg, c.kid)
			if c.want == nil {
				require.ErrorIs(t, err, ErrTokenKey)
				require.ErrorIs(t, err, lmssso.ErrSignature)
			} else {
				require.NoError(t, err)
				require.True(t, got[0].IsPublic())
			}
		}
	}
}

func TestKeysThatAreLeftOut(t *testing.T) {
	k := makeTestKeys()
	good := jwk(&k.rsa.PublicKey, "good", nil)
	even := strings.Repeat("AAAA", 85) + "AAA"
	for name, bad := range map[string]string{
		"private RSA":           jwk(k.rsa2, "bad", nil),
		"private EC":            jwk(k.p256, "bad", nil),
		"private Ed25519":       jwk(k.ed, "bad", nil),
		"one private number":    jwk(&k.rsa2.PublicKey, "bad", map[string]any{"dp": "AQAB"}),
		"symmetric":             jwk([]byte(strings.Repeat("k", 64)), "bad", nil),
		"public and symmetric":  jwk(&k.rsa2.PublicKey, "bad", map[string]any{"k": "AQAB"}),
		"for encryption":        jwk(&k.rsa2.PublicKey, "bad", map[string]any{"use": "enc"}),
		"an unknown use":        jwk(&k.rsa2.PublicKey, "bad", map[string]any{"use": "SIG"}),
		"a use that is no text": jwk(&k.rsa2.PublicKey, "bad", map[string]any{"use": []string{"sig"}}),
		"for other operations":  jwk(&k.rsa2.PublicKey, "bad", map[string]any{"key_ops": []string{"encrypt", "wrapKey"}}),
		"for no operation":      jwk(&k.rsa2.PublicKey, "bad", map[string]any{"key_ops": []string{}}),
		"operations as text":    jwk(&k.rsa2.PublicKey, "bad", map[string]any{"key_ops": "verify"}),
		"another algorithm":     jwk(&k.rsa2.PublicKey, "bad", map[string]any{"alg": "RS384"}),
		"an encrypting one":     jwk(&k.rsa2.PublicKey, "bad", map[string]any{"alg": "RSA-OAEP"}),
		"algorithm no text":     jwk(&k.rsa2.PublicKey, "bad", map[string]any{"alg": 5}),
		"kid no text":           jwk(&k.rsa2.PublicKey, "bad", map[string]any{"kid": 5}),
		"kid too long":          jwk(&k.rsa2.PublicKey, strings.Repeat("b", maxKeyName+1), nil),
		"1024 bits":             jwk(&k.weak.PublicKey, "bad", nil),
		"8192 bits":             jwk(&k.rsa2.PublicKey, "bad", map[string]any{"n": strings.Repeat("_", 1365)}),
		"an even modulus":       jwk(&k.rsa2.PublicKey, "bad", map[string]any{"n": "_" + even[1:]}),
		"exponent 1":            jwk(&k.rsa2.PublicKey, "bad", map[string]any{"e": "AQ"}),
		"exponent 2":            jwk(&k.rsa2.PublicKey, "bad", map[string]any{"e": "Ag"}),
		"an even exponent":      jwk(&k.rsa2.PublicKey, "bad", map[string]any{"e": "AQAA"}),
		"a huge exponent":       jwk(&k.rsa2.PublicKey, "bad", map[string]any{"e": "AQAAAAE"}),
		"no modulus":            jwk(&k.rsa2.PublicKey, "bad", map[string]any{"n": nil}),
		"no base64":             jwk(&k.rsa2.PublicKey, "bad", map[string]any{"n": "!!!"}),
		"no kind":               jwk(&k.rsa2.PublicKey, "bad", map[string]any{"kty": nil}),
		"an unknown kind":       jwk(&k.rsa2.PublicKey, "bad", map[string]any{"kty": "FUTURE"}),
		"its kind as KTY":       jwk(&k.rsa2.PublicKey, "bad", map[string]any{"kty": nil, "KTY": "RSA"}),
		"its modulus as N":      jwk(&k.rsa2.PublicKey, "bad", map[string]any{"n": nil, "N": base64.RawURLEncoding.EncodeToString(k.rsa2.N.Bytes())}),
		"secp256k1":             `{"kty":"EC","kid":"bad","crv":"secp256k1","x":"` + strings.Repeat("A", 43) + `","y":"` + strings.Repeat("A", 43) + `"}`,
		"a point off the curve": jwk(&k.p256.PublicKey, "bad", map[string]any{"x": strings.Repeat("A", 43)}),
		"X25519":                `{"kty":"OKP","kid":"bad","crv":"X25519","x":"` + strings.Repeat("A", 43) + `"}`,
		"a short Ed25519":       jwk(k.ed.Public(), "bad", map[string]any{"x": "AAAA"}),
		"text":                  `"bad"`,
		"nothing":               `null`,
		"an empty object":       `{}`,
	} {
		for _, doc := range []string{jwks(good, bad), jwks(bad, good)} {
			set, err := parseKeys(doc)
			require.NoError(t, err, name)
			for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA, jose.HS256, jose.HS512} {
				require.NotContains(t, ids(set.pick(alg, "")), "bad", name)
			}
			require.Equal(t, []string{"good"}, ids(set.pick(jose.RS256, "")), name)
		}
		if !strings.Contains(name, "algorithm") && name != "an encrypting one" {
			_, err := parseKeys(jwks(bad))
			require.ErrorIs(t, err, ErrKeysDocument, name)
		}
	}
}

func TestWhatDoesNotSpeakAgainstAKey(t *testing.T) {
	k := makeTestKeys()
	for name, change := range map[string]map[string]any{
		"unknown members":              {"x-vendor": map[string]any{"a": 1}, "exp": 1},
		"a certificate nobody reads":   {"x5c": []string{"bm90IGEgY2VydGlmaWNhdGU"}, "x5t": "!!!", "x5u": "::"},
		"members that are null":        {"use": nil, "d": "null!"},
		"several operations":           {"key_ops": []string{"sign", "verify"}},
		"no kid, as an empty text":     {"kid": ""},
		"its algorithm, said in a JWK": {"alg": "RS256"},
	} {
		doc := strings.ReplaceAll(jwk(&k.rsa.PublicKey, "", change), `"null!"`, "null")
		set, err := parseKeys(jwks(doc))
		require.NoError(t, err, name)
		require.Len(t, set.pick(jose.RS256, ""), 1, name)
	}
}

func TestKeySetsThatAreRefused(t *testing.T) {
	k := makeTestKeys()
	good := jwk(&k.p256.PublicKey, "good", nil)
	for name, doc := range map[string]string{
		"not JSON":            "<html>SECRET",
		"no object":           "[" + good + "]",
		"no keys":             `{}`,
		"keys in other case":  `{"KEYS":[` + good + `]}`,
		"keys twice":          `{"keys":[` + good + `],"keys":[]}`,
		"keys in two cases":   `{"keys":[` + good + `],"Keys":[]}`,
		"keys no array":       `{"keys":` + good + `}`,
		"no key":              jwks(),
		"a member twice":      jwks(strings.Replace(good, "{", `{"kid":"other",`, 1)),
		"a member's two ways": jwks(strings.Replace(good, "{", `{"Kid":"other",`, 1)),
		"too many keys":       jwks(strings.Split(strings.Repeat(good+"\n", maxKeys+1), "\n")[:maxKeys+1]...),
		"text after the end":  jwks(good) + "x",
	} {
		_, err := parseKeys(doc)
		require.ErrorIs(t, err, ErrKeysDocument, name)
		require.ErrorIs(t, err, lmssso.ErrDiscovery, name)
		require.NotContains(t, err.Error(), "SECRET", name)
	}
}

func TestATokenWithoutKidHasAFewCandidates(t *testing.T) {
	k := makeTestKeys()
	var all []string
	for i := range 20 {
		all = append(all, jwk(&k.p256.PublicKey, fmt.Sprint(i), nil))
	}
	set, err := parseKeys(jwks(all...))
	require.NoError(t, err)
	require.Len(t, set.pick(jose.ES256, ""), maxCandidates)
	require.Len(t, set.pick(jose.ES256, "13"), 1)
}

func TestKeysWithoutANameServeAnyName(t *testing.T) {
	k := makeTestKeys()
	p := newFetchedOP(t)
	p.json(jwksPath, jwks(jwk(&k.rsa.PublicKey, "", nil), jwk(&k.rsa2.PublicKey, "named", nil)))
	src := newTestKeys(t, p.config())
	got, err := src.candidates(t.Context(), jose.RS256, "unknown")
	require.NoError(t, err)
	require.Equal(t, []string{""}, ids(got), "the named one is not tried under another name")
	got, err = src.candidates(t.Context(), jose.RS256, "named")
	require.NoError(t, err)
	require.Equal(t, []string{"named"}, ids(got))
	_, err = src.candidates(t.Context(), jose.RS256, "unknown")
	require.NoError(t, err)
	require.Equal(t, 1, p.count(jwksPath))
}

// warmKeys returns a provider with one RSA key "a", fetched.
func warmKeys(t *testing.T) (*fetchedOP, *publishedKeys) {
	t.Helper()
	p := newFetchedOP(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa.PublicKey, "a", nil)))
	src := newTestKeys(t, p.config())
	got, err := src.candidates(t.Context(), jose.RS256, "a")
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 1, p.count(jwksPath))
	return p, src
}

func TestForgedKeyIDsCauseOneFetchAMinute(t *testing.T) {
	for name, answer := range map[string]func(*fetchedOP){
		"while the provider answers": func(*fetchedOP) {},
		"while it fails":             func(p *fetchedOP) { p.fail(jwksPath) },
		"while it answers nonsense":  func(p *fetchedOP) { p.json(jwksPath, "{}") },
	} {
		t.Run(name, func(t *testing.T) {
			p, src := warmKeys(t)
			answer(p)
			for minute := 1; minute <= 3; minute++ {
				storm(t, src)
				require.Equal(t, 1+minute, p.count(jwksPath))
				p.clock.pass(askEvery - time.Millisecond)
				storm(t, src)
				require.Equal(t, 1+minute, p.count(jwksPath))
				p.clock.pass(time.Millisecond)
			}
			got, err := src.candidates(t.Context(), jose.RS256, "a")
			require.NoError(t, err)
			require.Len(t, got, 1, "the last good keys stay")
		})
	}
}

// storm asks for 1,000 keys nobody has, and for newer ones than the known.
func storm(t *testing.T, src *publishedKeys) {
	t.Helper()
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 50 {
				if _, err := src.candidates(context.Background(), jose.RS256, fmt.Sprintf("forged %d %d", worker, i)); lmssso.CodeOf(err) != lmssso.ErrSignature.Code() {
					t.Errorf("%v", err)
				}
				if got := src.newer(context.Background(), jose.RS256, "a"); got != nil {
					t.Errorf("%v", ids(got))
				}
			}
		}()
	}
	wg.Wait()
}

func TestAColdStormFetchesOnceAndThenOnceMore(t *testing.T) {
	p := newFetchedOP(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa.PublicKey, "a", nil)))
	src := newTestKeys(t, p.config())
	_, err := src.candidates(t.Context(), jose.RS256, "forged")
	require.ErrorIs(t, err, ErrTokenKey)
	require.Equal(t, 1, p.count(jwksPath), "what was fetched just now is not fetched again")
	storm(t, src)
	require.Equal(t, 2, p.count(jwksPath))
}

func TestARotatedKeyIsFetchedWhenATokenNamesIt(t *testing.T) {
	p, src := warmKeys(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa2.PublicKey, "b", nil)))
	var wg sync.WaitGroup
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			got, err := src.candidates(context.Background(), jose.RS256, "b")
			if err != nil || len(got) != 1 {
				t.Errorf("every login of the new key goes on: %v", err)
			}
		}()
	}
	wg.Wait()
	require.Equal(t, 2, p.count(jwksPath))
	_, err := src.candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, ErrTokenKey, "a withdrawn key is not used")
}

func TestATokenWithoutKidFindsAKeyOfAnotherKindAfterRotation(t *testing.T) {
	p, src := warmKeys(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().p256.PublicKey, "", nil)))
	got, err := src.candidates(t.Context(), jose.ES256, "")
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestANewKeyUnderAnOldNameIsFoundAfterTheOldOneFailed(t *testing.T) {
	p, src := warmKeys(t)
	require.Nil(t, src.newer(t.Context(), jose.RS256, "a"), "nothing changed")
	require.Equal(t, 2, p.count(jwksPath))
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa2.PublicKey, "a", nil)))
	require.Nil(t, src.newer(t.Context(), jose.RS256, "a"))
	require.Equal(t, 2, p.count(jwksPath), "not twice a minute")
	p.clock.pass(askEvery)
	for range 3 {
		got := src.newer(t.Context(), jose.RS256, "a")
		require.Len(t, got, 1)
		require.True(t, makeTestKeys().rsa2.PublicKey.Equal(got[0].Key))
	}
	require.Equal(t, 3, p.count(jwksPath))
	p.clock.pass(askEvery)
	require.Nil(t, src.newer(t.Context(), jose.RS256, "a"), "that is no change any more")
}

func TestAChangedAlgorithmIsAChange(t *testing.T) {
	p, src := warmKeys(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa.PublicKey, "a", map[string]any{"alg": "PS256"})))
	require.Empty(t, src.newer(t.Context(), jose.RS256, "a"))
	require.Len(t, src.newer(t.Context(), jose.PS256, "a"), 1)
}

func TestOlderKeysAreRefreshedBesideTheLogins(t *testing.T) {
	p, src := warmKeys(t)
	asked, release := p.hang(t, jwksPath, jwks(jwk(&makeTestKeys().rsa2.PublicKey, "b", nil)))
	p.clock.pass(time.Hour)
	got, err := src.candidates(t.Context(), jose.RS256, "a")
	require.NoError(t, err)
	require.Len(t, got, 1, "the login did not wait")
	<-asked
	release()
	settle(&src.kept)
	_, err = src.candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, ErrTokenKey, "a withdrawn key is not trusted for longer than an hour and a login")
}

func TestAWithdrawnKeyIsNotTrustedBecauseASiteWasIdle(t *testing.T) {
	p, src := warmKeys(t)
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa2.PublicKey, "b", nil)))
	p.clock.pass(2 * time.Hour)
	_, err := src.candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, ErrTokenKey)
}

func TestTheLastGoodKeysStayForADay(t *testing.T) {
	bad := jwks(jwk(makeTestKeys().rsa2, "a", nil))
	for name, answer := range map[string]func(*fetchedOP){
		"no answer":        func(p *fetchedOP) { p.fail(jwksPath) },
		"no usable key":    func(p *fetchedOP) { p.json(jwksPath, bad) },
		"too large":        func(p *fetchedOP) { p.json(jwksPath, strings.Repeat(" ", 2<<20)) },
		"nothing like it":  func(p *fetchedOP) { p.json(jwksPath, "SECRET") },
		"everything fails": func(p *fetchedOP) { p.fail(configPath); p.fail(jwksPath) },
	} {
		t.Run(name, func(t *testing.T) {
			p, src := warmKeys(t)
			answer(p)
			for range 23 {
				p.clock.pass(time.Hour)
				got, err := src.candidates(t.Context(), jose.RS256, "a")
				require.NoError(t, err)
				require.Len(t, got, 1)
				require.Nil(t, src.newer(t.Context(), jose.RS256, "a"))
				settle(&src.kept)
			}
			p.clock.pass(time.Hour)
			_, err := src.candidates(t.Context(), jose.RS256, "a")
			require.Equal(t, lmssso.ErrDiscovery.Code(), lmssso.CodeOf(err))
			require.Nil(t, src.newer(t.Context(), jose.RS256, "a"))
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
}

func TestKeysNobodyCanFetchAreAnError(t *testing.T) {
	p := newFetchedOP(t)
	p.fail(jwksPath)
	src := newTestKeys(t, p.config())
	for range 10 {
		_, err := src.candidates(t.Context(), jose.RS256, "a")
		require.ErrorIs(t, err, ErrKeysFetch)
		require.NotContains(t, err.Error(), "SECRET")
	}
	require.Equal(t, 1, p.count(jwksPath))
	p.json(jwksPath, jwks(jwk(&makeTestKeys().rsa.PublicKey, "a", nil)))
	p.clock.pass(firstRetry)
	_, err := src.candidates(t.Context(), jose.RS256, "a")
	require.NoError(t, err)

	p.fail(configPath)
	_, err = newTestKeys(t, p.config()).candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, ErrDiscoveryFetch, "the cause is told")
}

func TestALeavingLoginDoesNotFailTheOthersKeys(t *testing.T) {
	p := newFetchedOP(t)
	asked, release := p.hang(t, jwksPath, jwks(jwk(&makeTestKeys().rsa.PublicKey, "a", nil)))
	src := newTestKeys(t, p.config())
	ctx, cancel := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() { _, err := src.candidates(ctx, jose.RS256, "a"); left <- err }()
	<-asked
	go func() { _, err := src.candidates(t.Context(), jose.RS256, "a"); stayed <- err }()
	cancel()
	err := <-left
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrKeysFetch)
	release()
	require.NoError(t, <-stayed)
	require.Equal(t, 1, p.count(jwksPath))
}

// Whoever can make the fetch fail for himself must not get older keys by it than others.
func TestALoginThatLeftGetsNoOldKeys(t *testing.T) {
	p, src := warmKeys(t)
	asked, _ := p.hang(t, jwksPath, "")
	p.clock.pass(3 * time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, err := src.candidates(ctx, jose.RS256, "a"); left <- err }()
	<-asked
	cancel()
	require.ErrorIs(t, <-left, context.Canceled)
}

func TestClosingEndsAHangingFetchOfKeys(t *testing.T) {
	p := newFetchedOP(t)
	asked, _ := p.hang(t, jwksPath, "")
	src := newTestKeys(t, p.config())
	failed := make(chan error, 1)
	go func() { _, err := src.candidates(t.Context(), jose.RS256, "a"); failed <- err }()
	<-asked
	require.NoError(t, src.Close())
	require.ErrorIs(t, <-failed, ErrKeysFetch)
	require.NoError(t, src.Close())
}

// Documents are long, and a site may have very many connections: what was read is not kept.
func TestAConnectionHoldsKeysAndNotDocuments(t *testing.T) {
	k := makeTestKeys()
	p := newFetchedOP(t)
	padding := map[string]any{"padding": strings.Repeat("x", 100_000)}
	p.json(configPath, p.document(padding))
	p.json(jwksPath, jwks(jwk(&k.rsa.PublicKey, "a", padding), jwk(&k.rsa2.PublicKey, "b", nil), jwk(&k.p256.PublicKey, "c", nil)))
	cfg := p.config()
	const n = 50
	held := make([]any, 0, 2*n)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	warm := func() {
		s, err := newSource(cfg)
		require.NoError(t, err)
		src := newKeys(cfg, s)
		_, err = src.candidates(t.Context(), jose.RS256, "a")
		require.NoError(t, err)
		held = append(held, s, src, newRedeemer(cfg))
		t.Cleanup(func() { _ = src.Close(); _ = s.Close() })
	}
	warm()
	before := heap()
	for range n {
		warm()
	}
	p.CloseClientConnections()
	each := (int64(heap()) - int64(before)) / n
	require.Less(t, each, int64(20_000))
	runtime.KeepAlive(held)
}
