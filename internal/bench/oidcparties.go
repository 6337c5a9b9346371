package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
)

const (
	openIDConnection = "main-oidc"
	opName           = "https://op.customer.example.com"
	rpClient         = "0oa-learning-site"
	rpSecret         = "correct horse battery staple 0123456789"
	rpCallback       = "https://learn.example.com/access/oidc/callback"
	rpState          = "3f1c7d0b9a8e4f6db2c5a1907e6d4c3b2a1908f7e6d5c4b3"
	rpNonce          = "b6f0c4d2e8a91735604d2f8b7c1e9a3d5f7081926a4c3e5d"
	rpVerifier       = "u8Vb2n4Qw7Zr1Xc5Lk9Pd3Hf6Tj0Sg8Ym2Ae4Ri7Ow1"
	accessToken      = "at-2b7e151628aed2a6abf7158809cf4f3c"

	// goodCode is redeemed for the good token, the others for forged ones.
	goodCode, forgedCode, otherUserCode = "code-good-5d0be2a1c3f94e6f", "code-forged-8a7b1c2d3e4f5", "code-other-at-hash-1"
)

// The key ids of the provider, and two it does not publish.
const (
	rsaOld, rsaNow, ecNow   = "rsa-2026-08", "rsa-2026-09", "ec-2026-09"
	rsaForeign, ecForeign   = "rsa-foreign", "ec-foreign"
	wellKnownPath, keysPath = "/.well-known/openid-configuration", "/keys"
	tokenPath               = "/token"
)

// openID is an OpenID provider on the loopback: discovery, three keys and a token endpoint that answers what was made
// before. Its tokens are issued at a moment of this process's life and last for a day: zitadel/oidc knows no clock but the
// machine's.
type openID struct {
	now     time.Time
	keys    map[string]crypto.Signer
	base    string
	keysDoc []byte
	answers map[string][]byte
	// fetches counts how often the keys were asked for, redeemed how often a code was.
	fetches, redeemed atomic.Int64
}

// providing makes the provider at the first call: its keys take a while.
type providing func() *openID

func newProviding() providing { return sync.OnceValue(newOpenID) }

func newOpenID() *openID {
	o := &openID{now: time.Now().Truncate(time.Second), keys: map[string]crypto.Signer{
		rsaOld: must(rsa.GenerateKey(rand.Reader, 2048)), rsaNow: must(rsa.GenerateKey(rand.Reader, 2048)),
		ecNow:      must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		rsaForeign: must(rsa.GenerateKey(rand.Reader, 2048)), ecForeign: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
	}}
	o.keysDoc = must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		o.publish(rsaOld, jose.RS256), o.publish(rsaNow, jose.RS256), o.publish(ecNow, jose.ES256),
	}}))
	o.answers = map[string][]byte{
		goodCode: o.answer(o.sign(rs256, o.codeClaims(accessToken))), otherUserCode: o.answer(o.sign(rs256, o.codeClaims("at-of-somebody-else"))),
		forgedCode: o.answer(o.forge(rs256, rsaNow, o.codeClaims(accessToken))),
	}
	o.base = "http://" + serve(o)
	return o
}

func (o *openID) clock() time.Time { return o.now }

func (o *openID) publish(kid string, alg jose.SignatureAlgorithm) jose.JSONWebKey {
	return jose.JSONWebKey{Key: o.keys[kid].Public(), KeyID: kid, Algorithm: string(alg), Use: "sig"}
}

// algorithm is a way to sign, the key the provider signs with, and one it does not publish.
type algorithm struct {
	name          jose.SignatureAlgorithm
	kid, unlisted string
}

var (
	rs256 = algorithm{jose.RS256, rsaNow, rsaForeign}
	es256 = algorithm{jose.ES256, ecNow, ecForeign}
)

// sign makes a token the provider vouches for.
func (o *openID) sign(a algorithm, payload string) string { return o.signed(a, a.kid, a.kid, payload) }

// forge signs with a key the provider does not publish, under any key id.
func (o *openID) forge(a algorithm, kid, payload string) string {
	return o.signed(a, a.unlisted, kid, payload)
}

func (o *openID) signed(a algorithm, key, kid, payload string) string {
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", kid)
	s := must(jose.NewSigner(jose.SigningKey{Algorithm: a.name, Key: o.keys[key]}, opts))
	return must(must(s.Sign([]byte(payload))).CompactSerialize())
}

// claims is the payload of an ID token of the usual size: eighteen claims.
func (o *openID) claims() string { return claimsAt(o.now) }

// claimsAt is one issued at a time.
func claimsAt(now time.Time) string {
	const text = `{"iss":"` + opName + `","sub":"00u1a2b3c4d5e6f7g8h9","aud":"` + rpClient + `","exp":%d,"iat":%d,"auth_time":%d,` +
		`"nonce":"` + rpNonce + `","acr":"urn:mace:incommon:iap:silver","amr":["pwd","mfa"],"azp":"` + rpClient + `",` +
		`"sid":"8f14e45f-ceea-467f-a0e6-5d3c8f5a2b1c","email":"` + email + `","email_verified":true,"name":"Ada Lovelace",` +
		`"given_name":"Ada","family_name":"Lovelace","locale":"en","groups":["engines","analysts","staff"]}`
	at := now.Unix()
	return fmt.Sprintf(text, at+24*60*60, at-2, at-30)
}

// codeClaims is the same with the hash of an access token in place of the name.
func (o *openID) codeClaims(access string) string {
	sum := crypto.SHA256.New()
	sum.Write([]byte(access))
	return replaced(o.claims(), `"name":"Ada Lovelace"`, `"at_hash":"`+base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:16])+`"`)
}

func (o *openID) answer(idToken string) []byte {
	return must(json.Marshal(map[string]any{"access_token": accessToken, "token_type": "Bearer", "expires_in": 3600, "scope": "openid", "id_token": idToken}))
}

// ServeHTTP implements [http.Handler]. It does as little as a provider can.
func (o *openID) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["Content-Type"] = []string{"application/json"}
	switch r.URL.Path {
	case tokenPath:
		o.redeem(w, r)
	case keysPath:
		o.fetches.Add(1)
		_, _ = w.Write(o.keysDoc) // a client that is gone learns nothing
	case wellKnownPath:
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s%[3]s","jwks_uri":"%[2]s%[4]s",`+
			`"response_types_supported":["code","id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256","ES256"]}`,
			opName, o.base, tokenPath, keysPath)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// redeem answers what was made for the code, to the client that sends everything such a request needs.
func (o *openID) redeem(w http.ResponseWriter, r *http.Request) {
	o.redeemed.Add(1)
	id, secret, _ := r.BasicAuth()
	text := o.answers[r.PostFormValue("code")]
	whole := id == rpClient && secret == strings.ReplaceAll(rpSecret, " ", "+") && r.PostForm.Get("grant_type") == "authorization_code" &&
		r.PostForm.Get("redirect_uri") == rpCallback && r.PostForm.Get("code_verifier") == rpVerifier
	if !whole || text == nil {
		w.WriteHeader(http.StatusBadRequest)
		text = []byte(`{"error":"invalid_grant"}`)
	}
	_, _ = w.Write(text) // a client that is gone learns nothing
}

// pending is what this site remembers of the one login of these benchmarks.
func (o *openID) pending() *oidc.Pending {
	return &oidc.Pending{Connection: openIDConnection, Issuer: opName, Handle: rpState, Nonce: rpNonce, Verifier: rpVerifier, ReturnTo: returnTo, Begun: o.now.Add(-20 * time.Second)}
}

// connection is the library's configuration. Every rule is on; the loopback may be asked.
func (o *openID) connection(a algorithm) oidc.Config {
	return oidc.Config{
		Connection: openIDConnection, Realm: "main",
		RP: oidc.RP{BaseURL: "https://learn.example.com", RedirectURI: rpCallback, ClientID: rpClient, ClientSecret: rpSecret},
		OP: oidc.OP{
			WellKnown: o.base + wellKnownPath, Issuer: opName,
			Network: oidc.Network{AllowHTTP: true, AllowPrivateAddresses: true},
		},
		Mapping: claimMapping(), Check: oidc.Check{SigningAlgorithm: string(a.name)},
		SingleUse: accepting{}, Now: o.clock,
	}
}

// claimMapping reads what the claims say.
func claimMapping() attrs.Mapping {
	return attrs.Mapping{
		attrs.Email: attrs.From("email"), attrs.FirstName: attrs.From("given_name"), attrs.LastName: attrs.From("family_name"),
		attrs.FullName: attrs.From("name"), attrs.Language: attrs.From("locale"),
	}
}
