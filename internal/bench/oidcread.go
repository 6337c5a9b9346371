package bench

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// posting is the library's configuration for ID tokens that browsers post.
func (o *openID) posting(a algorithm) oidc.Config {
	cfg := o.connection(a)
	cfg.Request.ResponseType, cfg.Request.ResponseMode = oidc.IDToken, oidc.FormPost
	return cfg
}

// newOurOIDC verifies an ID token as it is posted to the redirect URI, to an assertion, and asks every validator. That is
// more than the others are asked for: they get the token alone, and make no login of it.
func newOurOIDC(o *openID, cfg oidc.Config) verifier {
	return finishing(o, must(oidc.New(cfg)), posted)
}

// posted is an ID token in a form that a browser posts.
func posted(token string) oidc.Input {
	return oidc.Input{Method: http.MethodPost, Form: url.Values{"id_token": {token}, "state": {rpState}}}
}

// finishing makes a verifier of what the library does at the redirect URI once the pending login is found.
func finishing(o *openID, p *oidc.Provider, input func(text string) oidc.Input) verifier {
	f := newFinisher(o)
	return func(text string) (string, error) { return f.finish(p, input(text)) }
}

// finisher is the one login that is always pending, and every validator.
type finisher struct {
	all  lmssso.Validator
	pend *oidc.Pending
}

func newFinisher(o *openID) finisher {
	all := append([]lmssso.Validator{lmssso.PolicyCheck{Policy: policy()}}, validatorsAt(o.clock)...)
	return finisher{lmssso.All(all...), o.pending()}
}

// at is the same login at another connection.
func (f finisher) at(connection string) finisher {
	pend := *f.pend
	pend.Connection = connection
	f.pend = &pend
	return f
}

func (f finisher) finish(p *oidc.Provider, in oidc.Input) (string, error) {
	a, err := p.Finish(background(), in, f.pend)
	if err != nil {
		return "", err
	}
	if err := f.all.Validate(background(), a); err != nil {
		return "", err
	}
	return a.Profile.Email.String(), nil
}

// newZitadel verifies with zitadel/oidc's own verifier, whose clock is the machine's, into its own claims.
func newZitadel(o *openID, a algorithm) verifier {
	return readZitadel(zitadelVerifier(o, a, patient()))
}

func readZitadel(v *rp.IDTokenVerifier) verifier {
	return func(token string) (string, error) {
		c, err := rp.VerifyIDToken[*zitadel.IDTokenClaims](background(), token, v)
		if err != nil {
			return "", err
		}
		return c.Email, nil
	}
}

func zitadelVerifier(o *openID, a algorithm, c *http.Client) *rp.IDTokenVerifier {
	return rp.NewIDTokenVerifier(opName, rpClient, rp.NewRemoteKeySet(c, o.base+keysPath), zitadelOptions(a)...)
}

func zitadelOptions(a algorithm) []rp.VerifierOption {
	return []rp.VerifierOption{
		rp.WithNonce(nonceOf), rp.WithIssuedAtMaxAge(24 * time.Hour), rp.WithIssuedAtOffset(time.Minute),
		rp.WithSupportedSigningAlgorithms(string(a.name)),
	}
}

// newGoOIDC verifies with go-oidc as its documentation shows, including what it leaves to its caller to look at.
func newGoOIDC(o *openID, a algorithm) verifier {
	return readGoOIDC(goOIDCVerifier(o, a, patient()))
}

func readGoOIDC(v *gooidc.IDTokenVerifier) verifier {
	return func(token string) (string, error) {
		t, err := v.Verify(background(), token)
		if err != nil {
			return "", err
		}
		return goOIDCEmail(t)
	}
}

func goOIDCVerifier(o *openID, a algorithm, c *http.Client) *gooidc.IDTokenVerifier {
	keys := gooidc.NewRemoteKeySet(gooidc.ClientContext(background(), c), o.base+keysPath)
	return gooidc.NewVerifier(opName, keys, &gooidc.Config{ClientID: rpClient, SupportedSigningAlgs: []string{string(a.name)}, Now: o.clock})
}

func goOIDCEmail(t *gooidc.IDToken) (string, error) {
	if t.Nonce != rpNonce {
		return "", errNonce
	}
	var c idClaims
	if err := t.Claims(&c); err != nil {
		return "", err
	}
	return c.Email, nil
}

// idClaims is the payload in the plainest types.
type idClaims struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      string   `json:"aud"`
	Expires       int64    `json:"exp"`
	IssuedAt      int64    `json:"iat"`
	AuthTime      int64    `json:"auth_time"`
	Nonce         string   `json:"nonce"`
	ACR           string   `json:"acr"`
	AMR           []string `json:"amr"`
	Party         string   `json:"azp"`
	Session       string   `json:"sid"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	Name          string   `json:"name"`
	FirstName     string   `json:"given_name"`
	LastName      string   `json:"family_name"`
	Locale        string   `json:"locale"`
	Groups        []string `json:"groups"`
}

// fits is what the floor checks.
func (c *idClaims) fits(now int64) bool {
	return c.Issuer == opName && c.Audience == rpClient && c.Party == rpClient && c.Nonce == rpNonce && c.Subject != "" &&
		now < c.Expires && now-c.IssuedAt < 600 && c.IssuedAt <= now
}

// newOIDCFloor verifies with the standard library: the key by its id, one hash, one signature, JSON into structs, the
// claims every relying party must look at.
func newOIDCFloor(o *openID, a algorithm) verifier {
	keys := map[string]crypto.PublicKey{}
	for _, kid := range []string{rsaOld, rsaNow, ecNow} {
		keys[kid] = o.keys[kid].Public()
	}
	return func(token string) (string, error) {
		head, rest, _ := strings.Cut(token, ".")
		payload, sig, _ := strings.Cut(rest, ".")
		var h struct{ Alg, Kid string }
		if err := decoded(head, &h); err != nil {
			return "", err
		}
		signature, err := base64.RawURLEncoding.DecodeString(sig)
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256([]byte(token[:len(head)+1+len(payload)]))
		if h.Alg != string(a.name) || !signatureFits(keys[h.Kid], a.name, sum[:], signature) {
			return "", errFloor
		}
		var c idClaims
		if err := decoded(payload, &c); err != nil {
			return "", err
		}
		if !c.fits(o.now.Unix()) {
			return "", errFloor
		}
		return c.Email, nil
	}
}

// decoded reads one part of a token.
func decoded(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func signatureFits(key crypto.PublicKey, alg jose.SignatureAlgorithm, sum, signature []byte) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return alg == jose.RS256 && rsa.VerifyPKCS1v15(k, crypto.SHA256, sum, signature) == nil
	case *ecdsa.PublicKey:
		return alg == jose.ES256 && len(signature) == 64 &&
			ecdsa.Verify(k, sum, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}

// idReader is something that reads ID tokens.
type idReader struct {
	name string
	make func(o *openID, a algorithm) verifier
}

// idReaders lists what reads ID tokens, the library first.
func idReaders() []idReader {
	return []idReader{
		{"lmssso", func(o *openID, a algorithm) verifier { return newOurOIDC(o, o.posting(a)) }},
		{"zitadel", newZitadel}, {"go-oidc", newGoOIDC}, {"floor", newOIDCFloor},
	}
}

// readingIDs compares everything that reads the ID tokens of one algorithm. The keys were fetched before.
func readingIDs(parties providing, a algorithm, goals ...Goal) Comparison {
	c := Comparison{Name: "oidc-" + strings.ToLower(string(a.name)), Goals: goals}
	for _, r := range idReaders() {
		c.Subjects = append(c.Subjects, late(r.name, func() func() error {
			o := parties()
			return warmed(r.make(o, a), o.sign(a, o.claims()))
		}))
	}
	return c
}

// warmed makes an operation of a verifier that has fetched what it needs.
func warmed(read verifier, text string) func() error {
	_ = must(read(text))
	return func() error {
		_, err := read(text)
		return err
	}
}

// byOpenID lists everything that is measured of OpenID Connect.
func byOpenID() []Comparison {
	parties := newProviding()
	return slices.Concat([]Comparison{
		readingIDs(parties, rs256, Goal{Against: "zitadel", Most: 0.55}, Goal{Against: "floor", Most: 1.15}, Goal{Against: "go-oidc"}),
		readingIDs(parties, es256, Goal{Against: "zitadel", Most: 0.78}, Goal{Against: "floor", Most: 1.10}, Goal{Against: "go-oidc"}),
		callingBack(parties),
	}, refusingIDs(parties), []Comparison{crowding(parties)})
}
