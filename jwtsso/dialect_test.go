package jwtsso_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"errors"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestBuiltInDialectsHaveNoFault(t *testing.T) {
	for _, d := range jwtsso.Dialects() {
		require.NoError(t, d.Check(), d.Name)
		named, ok := jwtsso.Named(d.Name)
		require.True(t, ok)
		require.Equal(t, d, named)
	}
	_, ok := jwtsso.Named("ThoughtIndustries")
	require.False(t, ok)
}

func TestBuiltInDialectsAreCopies(t *testing.T) {
	d := jwtsso.ThoughtIndustries()
	delete(d.Claims, attrs.Email)
	d.Roles["student"] = "admin"
	d.Endpoint.Deliveries[0] = ""
	require.NoError(t, jwtsso.ThoughtIndustries().Check())
	require.NotContains(t, jwtsso.ThoughtIndustries().Roles, "student")
}

// What the vendors publish, so that nobody changes it in passing.
func TestBuiltInDialectsSayWhatTheVendorsPublish(t *testing.T) {
	ti, th, ze := jwtsso.ThoughtIndustries(), jwtsso.Thinkific(), jwtsso.Zendesk()
	require.Equal(t, 500*time.Second, ti.Time.Window)
	require.Equal(t, 120*time.Second, th.Time.Window)
	require.Equal(t, 3*time.Minute, ze.Time.Window)
	require.Equal(t, "/access/jwt", ti.Endpoint.Path)
	require.Equal(t, "/api/sso/v2/sso/jwt", th.Endpoint.Path)
	require.Equal(t, "/access/jwt", ze.Endpoint.Path)
	require.True(t, ze.TokenID.Required)
	require.False(t, th.TokenID.Required)
	require.True(t, th.Defaults.IdentityByEmail)
	require.False(t, ti.Defaults.IdentityByEmail)
	for _, d := range jwtsso.Dialects() {
		require.Equal(t, jwtsso.Signing{Algorithm: jwtsso.HS256, Key: jwtsso.RawKey, MaxKeys: 2}, d.Signing)
	}
}

func TestCheckListsEveryFault(t *testing.T) {
	err := jwtsso.Dialect{}.Check()
	require.ErrorIs(t, err, jwtsso.ErrDialect)
	for _, fault := range []string{
		"Name is missing", "Endpoint.Deliveries is empty", "Endpoint.Token is missing", "Signing.Algorithm", "Signing.Key",
		"Signing.MaxKeys", "Time.Claim is missing", "Time.Unit", "Time.Window", "nobody could be found",
	} {
		require.ErrorContains(t, err, fault)
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*jwtsso.Dialect)
		want   string
	}{
		{"a path without a slash", func(d *jwtsso.Dialect) { d.Endpoint.Path = "access/jwt" }, "Endpoint.Path"},
		{"an unknown delivery", func(d *jwtsso.Dialect) { d.Endpoint.Deliveries[1] = "cookie" }, "Endpoint.Deliveries[1]"},
		{"a delivery twice", func(d *jwtsso.Dialect) { d.Endpoint.Deliveries[1] = jwtsso.InQuery }, "repeats"},
		{"one parameter for two things", func(d *jwtsso.Dialect) { d.Endpoint.ReturnTo = "jwt" }, "twice"},
		{"alg none", func(d *jwtsso.Dialect) { d.Signing.Algorithm = "none" }, "Signing.Algorithm"},
		{"ES256", func(d *jwtsso.Dialect) { d.Signing.Algorithm = "ES256" }, "Signing.Algorithm"},
		{"a secret for RS256", func(d *jwtsso.Dialect) { d.Signing.Algorithm = jwtsso.RS256 }, "must be pem"},
		{"a public key for HS256", func(d *jwtsso.Dialect) { d.Signing.Key = jwtsso.PEMKey }, "RS256 alone"},
		{"six keys", func(d *jwtsso.Dialect) { d.Signing.MaxKeys = 6 }, "MaxKeys"},
		{"exp as the time of issue", func(d *jwtsso.Dialect) { d.Time.Claim = "exp" }, "means something else"},
		{"iat as the end", func(d *jwtsso.Dialect) { d.Time.EndsAt = true }, "means something else"},
		{"exp in milliseconds", func(d *jwtsso.Dialect) {
			d.Time = jwtsso.TimeRules{Claim: "exp", EndsAt: true, Unit: time.Millisecond, Window: time.Minute}
		}, "the second"},
		{"minutes", func(d *jwtsso.Dialect) { d.Time.Unit = time.Minute }, "Time.Unit"},
		{"a negative window", func(d *jwtsso.Dialect) { d.Time.Window = -1 }, "Time.Window"},
		{"an id required under no name", func(d *jwtsso.Dialect) { d.TokenID = jwtsso.TokenIDRule{Required: true} }, "TokenID.Claim"},
		{"a key the catalogue does not have", func(d *jwtsso.Dialect) { d.Claims["nickname"] = attrs.From("nick") }, "nickname"},
		{"a required attribute without a claim", func(d *jwtsso.Dialect) { delete(d.Claims, attrs.Email) }, "email"},
		{"a role that is no slug", func(d *jwtsso.Dialect) { d.Roles["boss"] = "Client Admin" }, "Roles"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := jwtsso.ThoughtIndustries()
			tt.change(&d)
			err := d.Check()
			require.ErrorIs(t, err, jwtsso.ErrDialect)
			require.ErrorContains(t, err, tt.want)
			_, err = jwtsso.NewVerifier(jwtsso.VerifierConfig{Dialect: d})
			require.ErrorIs(t, err, jwtsso.ErrDialect)
			_, err = jwtsso.NewIssuer(jwtsso.IssuerConfig{Dialect: d})
			require.ErrorIs(t, err, jwtsso.ErrDialect)
		})
	}
}

// platform is a documented dialect of another platform, with a token its own documentation would produce.
type platform struct {
	name     string
	dialect  jwtsso.Dialect
	key      lmssso.Secret
	claims   string
	tooOld   string // the same, out of its time
	oldIs    *lmssso.Reason
	external string // the external id the claims carry
}

func platforms() []platform {
	base := func(name string) jwtsso.Dialect {
		return jwtsso.Dialect{
			Name:     name,
			Endpoint: jwtsso.Endpoint{Path: "/sso/" + name, Deliveries: []jwtsso.Delivery{jwtsso.InQuery}, Token: "jwt"},
			Signing:  jwtsso.Signing{Algorithm: jwtsso.HS256, Key: jwtsso.RawKey, MaxKeys: 1},
			Time:     jwtsso.TimeRules{Claim: "iat", Unit: time.Second, Window: 3 * time.Minute},
			TokenID:  jwtsso.TokenIDRule{Claim: "jti"},
			Claims: attrs.Mapping{
				attrs.Email: attrs.From("email"), attrs.FirstName: attrs.From("first_name"), attrs.LastName: attrs.From("last_name"),
				attrs.ExternalID: attrs.From("external_id"),
			},
		}
	}
	helpjuice := base("helpjuice") // help.helpjuice.com, "SSO with JSON Web Token": milliseconds, jti in every token
	helpjuice.Time.Unit = time.Millisecond
	helpjuice.TokenID.Required = true

	teachmore := base("teachmore") // help.teachmore.com: any page, ssoToken, expires_at is the time the link was made
	teachmore.Endpoint.Path, teachmore.Endpoint.Token = "", "ssoToken"
	teachmore.Time.Claim = "expires_at"
	teachmore.Claims = attrs.Mapping{attrs.Email: attrs.From("email"), attrs.FullName: attrs.From("full_name"), attrs.ExternalID: attrs.From("external_id")}

	ispring := base("ispring") // docs.ispringsolutions.com, "JWT authorization": bounded by exp
	ispring.Time = jwtsso.TimeRules{Claim: "exp", EndsAt: true, Unit: time.Second, Window: 5 * time.Minute}

	clinked := base("clinked") // support.clinked.com, "JWT SSO configuration": HS512 with a hexadecimal secret, sub is the email
	clinked.Endpoint = jwtsso.Endpoint{Path: "/uaa/login/jwt", Deliveries: []jwtsso.Delivery{jwtsso.InQuery}, Token: "token", ReturnTo: "returnTo"}
	clinked.Signing = jwtsso.Signing{Algorithm: jwtsso.HS512, Key: jwtsso.HexKey, MaxKeys: 1}
	clinked.Claims = attrs.Mapping{attrs.Email: attrs.From("sub")}

	wso2 := base("wso2") // the WSO2 "JWT SSO" authenticator: HS384 on request, exp always
	wso2.Signing = jwtsso.Signing{Algorithm: jwtsso.HS384, Key: jwtsso.Base64Key, MaxKeys: 1}
	wso2.Time.RequireExpiry = true

	raw := lmssso.Secret("0123456789abcdef0123456789abcdef")
	return []platform{
		{"milliseconds and a jti", helpjuice, raw, `{"iat":1700000000123,"jti":"a","email":"b@example.com","first_name":"B"}`,
			`{"iat":1699999819999,"jti":"a","email":"b@example.com"}`, lmssso.ErrExpired, ""},
		{"expires_at as the time of issue", teachmore, raw, `{"expires_at":1700000010,"email":"b@example.com","full_name":"B C","external_id":"7"}`,
			`{"expires_at":1699999819,"email":"b@example.com"}`, lmssso.ErrExpired, "7"},
		{"exp as the bound", ispring, raw, `{"exp":1700000300,"iat":1700000000,"jti":"a","email":"b@example.com"}`,
			`{"exp":1700000000,"email":"b@example.com"}`, lmssso.ErrExpired, ""},
		{"HS512 with a hexadecimal secret", clinked, lmssso.Secret(strings.Repeat("0123456789abcdef", 8)), `{"iat":1700000000,"sub":"b@example.com"}`,
			`{"iat":1700000181,"sub":"b@example.com"}`, lmssso.ErrNotYetValid, ""},
		{"HS384 with a base64 secret and exp", wso2, lmssso.Secret(strings.Repeat("AAECAwQFBgcICQoL", 4)), `{"iat":1700000000,"exp":1700000120,"email":"b@example.com"}`,
			`{"iat":1700000000,"email":"b@example.com"}`, jwtsso.ErrExpiryMissing, ""},
	}
}

// signFor signs as the platform's own documentation does, without this package's help.
func (p platform) sign(t *testing.T, claims string) string {
	t.Helper()
	if p.dialect.Signing.Algorithm == jwtsso.HS256 {
		return sign(p.key, goodHeader, claims)
	}
	var secret []byte
	var h func() hash.Hash
	switch p.dialect.Signing.Algorithm {
	case jwtsso.HS384:
		h = sha512.New384
		for range 4 {
			secret = append(secret, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
		}
	default:
		h = sha512.New
		for range 8 {
			secret = append(secret, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef)
		}
	}
	input := b64(`{"alg":"`+string(p.dialect.Signing.Algorithm)+`"}`) + "." + b64(claims)
	m := hmac.New(h, secret)
	m.Write([]byte(input))
	return input + "." + b64(string(m.Sum(nil)))
}

func TestOtherPlatformsAreData(t *testing.T) {
	for _, p := range platforms() {
		t.Run(p.name, func(t *testing.T) {
			s := &spender{}
			cfg := config(s)
			cfg.Dialect, cfg.Keys = p.dialect, []lmssso.Secret{p.key}
			v := verifier(t, cfg)

			a, err := v.Verify(t.Context(), p.sign(t, p.tooOld))
			refused(t, s, a, err, p.oldIs)
			a, err = v.Verify(t.Context(), p.sign(t, p.claims))
			require.NoError(t, err)
			require.Equal(t, "b@example.com", a.Profile.Email.String())
			require.Equal(t, p.external, a.Link.ExternalID)

			icfg := issuerConfig(p.dialect)
			icfg.Keys = cfg.Keys
			l := jwtsso.Learner{Email: "c@example.com"}
			token, err := issuer(t, icfg).Mint(l)
			require.NoError(t, err)
			a, err = v.Verify(t.Context(), string(token))
			require.NoError(t, err)
			require.Equal(t, "c@example.com", a.Profile.Email.String())
		})
	}
}

func TestRulesOfDialectsBoundedByAnExpiry(t *testing.T) {
	p := platforms()[2]
	for _, tt := range []struct {
		name, claims string
		want         *lmssso.Reason
	}{
		{"without exp", `{"iat":1700000000,"email":"b@example.com"}`, jwtsso.ErrExpiryMissing},
		{"exp beyond the window", `{"exp":1700000301,"email":"b@example.com"}`, jwtsso.ErrLifetime},
		{"exp as text", `{"exp":"1700000100","email":"b@example.com"}`, jwtsso.ErrTimeType},
		{"an old iat beside a good exp", `{"exp":1700000100,"iat":1699999000,"email":"b@example.com"}`, lmssso.ErrExpired},
		{"an absurd iat beside a good exp", `{"exp":1700000100,"iat":1e300,"email":"b@example.com"}`, jwtsso.ErrTimeRange},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &spender{}
			cfg := config(s)
			cfg.Dialect, cfg.Keys = p.dialect, []lmssso.Secret{p.key}
			cfg.AllowMissingIssuedAt = true
			a, err := verifier(t, cfg).Verify(t.Context(), p.sign(t, tt.claims))
			refused(t, s, a, err, tt.want)
		})
	}
}

func TestZendeskDemandsAJTI(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect = jwtsso.Zendesk()
	v := verifier(t, cfg)
	a, err := v.Verify(t.Context(), withClaims(`{"iat":1700000000,"email":"b@example.com","name":"B C"}`))
	refused(t, s, a, err, jwtsso.ErrTokenIDMissing)
	a, err = v.Verify(t.Context(), withClaims(`{"iat":1700000000,"jti":"1","email":"b@example.com","name":"Mary Ann Smith","user_fields":{"team":"red"}}`))
	require.NoError(t, err)
	require.Equal(t, "Mary Ann", a.Profile.FirstName.String())
	require.Equal(t, "Smith", a.Profile.LastName.String())
	require.Equal(t, "red", a.Profile.CustomFields["team"].String())
}

// registry is a codec for a platform that knows its senders by iss and names the tenant by it, as Sunbird does.
type registry map[string]string

func (r registry) Decode(c jwtsso.Claims) (jwtsso.Claims, error) {
	iss, _ := c["iss"].(string)
	tenant, ok := r[iss]
	if !ok {
		return nil, errors.New("iss is not registered")
	}
	c["tenant"] = tenant
	return c, nil
}

func (r registry) Encode(c jwtsso.Claims) (jwtsso.Claims, error) {
	for iss, tenant := range r {
		if c["tenant"] == tenant {
			c["iss"] = iss
			delete(c, "tenant")
			return c, nil
		}
	}
	return nil, errors.New("the tenant is not registered")
}

func sunbird() jwtsso.Dialect {
	d := jwtsso.ThoughtIndustries()
	d.Name = "sunbird"
	d.Claims = attrs.Mapping{
		attrs.ExternalID: attrs.From("sub"), attrs.Email: attrs.From("email"), attrs.ClientSlug: attrs.From("tenant"),
	}
	d.Required = nil
	d.Codec = registry{"https://state.example": "state"}
	return d
}

func TestACodecDoesWhatDataCannot(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect = sunbird()
	v := verifier(t, cfg)

	a, err := v.Verify(t.Context(), withClaims(`{"iat":1700000000,"iss":"https://evil.example","sub":"7"}`))
	refused(t, s, a, err, jwtsso.ErrCodec)
	a, err = v.Verify(t.Context(), withClaims(`{"iat":1700000000,"iss":"https://state.example","sub":"7"}`))
	require.NoError(t, err)
	require.Equal(t, "state", a.Access.Target.Slug.String())
	require.NotContains(t, a.Raw, "tenant", "raw is what was sent")

	i := issuer(t, issuerConfig(sunbird()))
	token, err := i.Mint(jwtsso.Learner{ExternalID: "8", Access: lmssso.Access{Target: lmssso.Target{Slug: attrs.Text("state")}}})
	require.NoError(t, err)
	a, err = v.Verify(t.Context(), string(token))
	require.NoError(t, err)
	require.Equal(t, "https://state.example", a.Origin.Issuer)
	require.Equal(t, "8", a.Link.ExternalID)
	_, err = i.Mint(jwtsso.Learner{ExternalID: "8"})
	require.ErrorIs(t, err, jwtsso.ErrCodec)
}

// skipper is a codec that tries to make an old token young. It comes too late.
type skipper struct{}

func (skipper) Decode(c jwtsso.Claims) (jwtsso.Claims, error) {
	c["iat"], c["exp"] = 1700000000, 1900000000
	return c, nil
}

func (skipper) Encode(c jwtsso.Claims) (jwtsso.Claims, error) {
	c["IAT"] = 1
	return c, nil
}

func TestACodecCannotSkipACheck(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect.Codec = skipper{}
	a, err := verifier(t, cfg).Verify(t.Context(), withIAT("1699999000"))
	refused(t, s, a, err, lmssso.ErrExpired)
	icfg := issuerConfig(cfg.Dialect)
	_, err = issuer(t, icfg).Mint(bob())
	require.ErrorIs(t, err, jwtsso.ErrCodec, "what the verifier would refuse is not minted")
}
