package oidc

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/lmssso/lmssso/internal/strictjson"
	zoidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

const (
	wellKnown       = "/.well-known/"
	acceptDocument  = "application/json"
	maxDocument     = 1 << 20
	documentMembers = 500 // the largest documents seen have about 100
)

// documentLimits bounds a discovery document. Keycloak's, one of the largest, has 7 kB and 400 values.
func documentLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: maxDocument, Depth: 16, Members: documentMembers, Values: 20_000}
}

// factLives: a description older than an hour is asked for again beside the logins. It holds addresses and a name, which
// providers change about never, so that a document out of reach does not end the logins of a provider that still answers
// them for a week. What the trust rests on, the keys, is kept far shorter.
func factLives() lives {
	return lives{fresh: time.Hour, wait: 7 * 24 * time.Hour, keep: 7 * 24 * time.Hour}
}

// source is the [factSource] of a connection: what was configured by hand, or the provider's discovery document.
type source struct {
	static *facts // by hand; nil with discovery
	disc   *discovery
}

var _ factSource = (*source)(nil)

// discovery reads one provider's discovery document.
type discovery struct {
	address string
	issuer  string // as configured; "" takes the address's
	tenants bool   // the issuer must be a template
	needs   needs
	network Network
	kept    kept[facts]
}

// needs says which endpoints a connection uses.
type needs struct{ token, jwks, userinfo, askUserinfo bool }

// newSource returns the source of a configuration that has no [Config.sourceFaults]. Nothing is fetched yet.
func newSource(cfg Config) (*source, error) {
	if cfg.OP.WellKnown == "" {
		return &source{static: &facts{issuer: cfg.OP.Issuer, endpoints: cfg.OP.Endpoints}}, nil
	}
	d := &discovery{
		address: cfg.OP.WellKnown, issuer: cfg.OP.Issuer, tenants: len(cfg.OP.AllowedTenantIDs) > 0,
		needs: cfg.needs(), network: cfg.OP.Network,
	}
	if _, err := d.network.check(d.address); err != nil {
		return nil, setupFault("OP.WellKnown", "an absolute https URL without user name or fragment")
	}
	d.kept.now, d.kept.load, d.kept.lives = clockOf(cfg), d.load, factLives()
	d.kept.start()
	return &source{disc: d}, nil
}

// clockOf returns the configuration's clock.
func clockOf(cfg Config) func() time.Time {
	if cfg.Now == nil {
		return time.Now
	}
	return cfg.Now
}

// needs derives which endpoints are used from what is asked for.
func (cfg Config) needs() needs {
	usesCode := cfg.usesCode()
	algorithms := []string{cmp.Or(cfg.Check.SigningAlgorithm, "RS256"), cmp.Or(cfg.Request.Userinfo.SigningAlgorithm, "HS256")}
	return needs{
		token:       usesCode,
		jwks:        slices.ContainsFunc(algorithms, func(a string) bool { return a != "HS256" }),
		userinfo:    usesCode && cfg.Request.Userinfo.Mode != UserinfoNever,
		askUserinfo: cfg.Request.Userinfo.Mode == UserinfoAlways,
	}
}

// usesCode reports whether answers hold a code to redeem.
func (cfg Config) usesCode() bool {
	return slices.Contains(strings.Fields(string(cmp.Or(cfg.Request.ResponseType, Code))), string(Code))
}

// facts returns what is known. It waits for the document only while nothing is.
func (s *source) facts(ctx context.Context) (*facts, error) {
	if s.disc == nil {
		return s.static, nil
	}
	f, _, err := s.disc.kept.get(ctx)
	if err != nil {
		return nil, asReason(err, ErrDiscoveryFetch, ErrDiscoveryDocument)
	}
	return f, nil
}

// Close ends a fetch that is under way. It always returns nil.
func (s *source) Close() error {
	if s.disc != nil {
		s.disc.kept.close()
	}
	return nil
}

// load fetches and reads the document.
func (d *discovery) load(ctx context.Context) (*facts, error) {
	doc, err := d.network.get(ctx, d.address)
	if err != nil {
		return nil, refuse(ErrDiscoveryFetch, lmssso.Error{Detail: err.Error(), Err: err})
	}
	return d.read(string(doc))
}

// read makes facts of a document. They hold copies: the document is not kept.
func (d *discovery) read(doc string) (*facts, error) {
	c, announces, err := readDocument(doc)
	if err != nil {
		return nil, err
	}
	if err := d.checkIssuer(c.Issuer); err != nil {
		return nil, err
	}
	f := &facts{issuer: strings.Clone(c.Issuer), announcesISS: announces}
	for _, e := range []struct {
		name, from     string
		to             *string
		used, required bool
	}{
		{"authorization_endpoint", c.AuthorizationEndpoint, &f.endpoints.Authorization, true, true},
		{"token_endpoint", c.TokenEndpoint, &f.endpoints.Token, d.needs.token, true},
		{"jwks_uri", c.JwksURI, &f.endpoints.JWKS, d.needs.jwks, true},
		{"userinfo_endpoint", c.UserinfoEndpoint, &f.endpoints.Userinfo, d.needs.userinfo, d.needs.askUserinfo},
		{"end_session_endpoint", c.EndSessionEndpoint, &f.endpoints.EndSession, true, false},
	} {
		if !e.used || e.from == "" && !e.required {
			continue
		}
		if e.from == "" {
			return nil, refuse(ErrDiscoveryEndpoint, lmssso.Error{Detail: "the document names no " + e.name})
		}
		if _, err := d.network.check(e.from); err != nil {
			return nil, refuse(ErrDiscoveryEndpoint, lmssso.Error{Detail: "the document's " + e.name + " cannot be used", Err: err})
		}
		*e.to = strings.Clone(e.from)
	}
	return f, nil
}

// readDocument reads the members that are used, by their exact names, into the library's holder.
func readDocument(doc string) (c zoidc.DiscoveryConfiguration, announcesISS bool, err error) {
	o, err := strictjson.Parse(doc, documentLimits())
	if err != nil {
		return c, false, refuse(ErrDiscoveryDocument, lmssso.Error{Detail: err.Error(), Err: err})
	}
	for _, m := range []struct {
		name string
		to   *string
	}{
		{"issuer", &c.Issuer}, {"authorization_endpoint", &c.AuthorizationEndpoint}, {"token_endpoint", &c.TokenEndpoint},
		{"jwks_uri", &c.JwksURI}, {"userinfo_endpoint", &c.UserinfoEndpoint}, {"end_session_endpoint", &c.EndSessionEndpoint},
	} {
		text, ok := optionalText(o, m.name)
		if !ok {
			return c, false, refuse(ErrDiscoveryDocument, lmssso.Error{Detail: m.name, Expected: "text", Received: o.Get(m.name).Kind().String()})
		}
		*m.to = text
	}
	switch v := o.Get("authorization_response_iss_parameter_supported"); v.Kind() {
	case strictjson.Bool:
		announcesISS = v.Text() == "true"
	case strictjson.Missing, strictjson.Null:
	default:
		return c, false, refuse(ErrDiscoveryDocument, lmssso.Error{
			Detail: "authorization_response_iss_parameter_supported", Expected: "a boolean", Received: v.Kind().String(),
		})
	}
	return c, announcesISS, nil
}

// checkIssuer compares the document's issuer with the configured one or with the address, byte for byte (OpenID Connect
// Discovery section 4.3). A template is only taken where tenants are listed, and where tenants are listed nothing else is:
// a list that is never looked at would let everybody in.
func (d *discovery) checkIssuer(issuer string) error {
	expected, ok := d.issuer, issuer == d.issuer
	if d.issuer == "" {
		expected = addressIssuer(d.address)
		if d.tenants {
			ok = isTemplateOf(issuer, expected) || isTemplateOf(issuer, expected+"/")
			expected += ", with one part of the path as " + tenantPlace
		} else {
			ok = issuer == expected || issuer == expected+"/"
		}
	}
	if issuer == "" || !ok || strings.Contains(issuer, tenantPlace) != d.tenants {
		return refuse(ErrDiscoveryIssuer, lmssso.Error{Detail: "the document's issuer", Expected: quoted(expected), Received: quoted(issuer)})
	}
	return nil
}

// addressIssuer returns what a discovery document's address begins with: the issuer, but for a slash at its end.
func addressIssuer(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address[:max(0, strings.LastIndex(address, wellKnown))]
}

// isTemplateOf reports whether an issuer is the address's with exactly one part of the path replaced by {tenantid}, as
// Microsoft Entra's is for its addresses "common" and "organizations".
func isTemplateOf(issuer, base string) bool {
	is, bs := strings.Split(issuer, "/"), strings.Split(base, "/")
	if len(is) != len(bs) || strings.Count(issuer, tenantPlace) != 1 {
		return false
	}
	for i := range is {
		if is[i] != bs[i] && (i < 3 || is[i] != tenantPlace || bs[i] == "") {
			return false
		}
	}
	return true
}

// client returns what fetches documents. It is made for each use: it costs microseconds, documents are fetched rarely, and a
// site with many connections would otherwise hold one for each.
func (n Network) client() (*fetch.Client, error) { return n.keeping(0) }

// keeping returns a client that keeps connections open for a while.
func (n Network) keeping(open time.Duration) (*fetch.Client, error) {
	return fetch.New(fetch.Config{
		AllowHTTP: n.AllowHTTP, AllowPrivate: n.AllowPrivateAddresses, RootCAs: n.RootCAs, MaxBytes: maxDocument, KeepOpen: open,
	})
}

// check judges an address by its text.
func (n Network) check(address string) (*url.URL, error) {
	c, err := n.client()
	if err != nil {
		return nil, err
	}
	return c.CheckURL(address)
}

// get fetches a document. No redirect is followed.
func (n Network) get(ctx context.Context, address string) ([]byte, error) {
	c, err := n.client()
	if err != nil {
		return nil, err
	}
	return c.Get(ctx, address, acceptDocument)
}

// asReason gives an error without a reason of its own one: unreadable when its reader failed, fetch otherwise.
func asReason(err error, fetchFailed, unreadable *lmssso.Reason) error {
	if lmssso.CodeOf(err) == fetchFailed.Code() {
		return err
	}
	if errors.Is(err, errReader) {
		return refuse(unreadable, lmssso.Error{Detail: err.Error(), Err: err})
	}
	return refuse(fetchFailed, lmssso.Error{Detail: "nothing is known of the provider yet", Err: err})
}
