package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

func TestDiscoveryReadsTheDocumentOnceAtTheFirstUse(t *testing.T) {
	p := newFetchedOP(t)
	p.json(configPath, p.document(map[string]any{"authorization_response_iss_parameter_supported": true}))
	s := newTestSource(t, p.config())
	require.Zero(t, p.count(configPath), "a site starts while its provider is down")
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f, err := s.facts(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			want := facts{issuer: p.URL, announcesISS: true, endpoints: Endpoints{
				Authorization: p.URL + "/auth", Token: p.URL + "/token", JWKS: p.URL + jwksPath, Userinfo: p.URL + "/userinfo", EndSession: p.URL + "/end",
			}}
			if *f != want {
				t.Errorf("%+v", *f)
			}
		}()
	}
	wg.Wait()
	require.Equal(t, 1, p.count(configPath))
}

func TestEndpointsByHandAreTheFacts(t *testing.T) {
	p := newFetchedOP(t)
	cfg := p.manual()
	s := newTestSource(t, cfg)
	f, err := s.facts(t.Context())
	require.NoError(t, err)
	require.Equal(t, facts{issuer: p.URL, endpoints: cfg.OP.Endpoints}, *f)
	require.Zero(t, p.count(configPath))
}

func TestDocumentsThatAreRefused(t *testing.T) {
	p := newFetchedOP(t)
	secret := "https://user:PASSWORD-SECRET@op.example/token"
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"not JSON":                            {"<html>BODY-SECRET", ErrDiscoveryDocument},
		"an array":                            {"[]", ErrDiscoveryDocument},
		"nothing":                             {"", ErrDiscoveryDocument},
		"a name twice":                        {strings.Replace(p.document(nil), "{", `{"issuer":"https://evil.example",`, 1), ErrDiscoveryDocument},
		"a name in two cases":                 {strings.Replace(p.document(nil), "{", `{"ISSUER":"https://evil.example",`, 1), ErrDiscoveryDocument},
		"a second name deep inside":           {p.document(map[string]any{"x": 1})[:1] + `"y":{"a":1,"a":2},` + p.document(nil)[1:], ErrDiscoveryDocument},
		"text after the end":                  {p.document(nil) + "{}", ErrDiscoveryDocument},
		"an issuer that is no text":           {p.document(map[string]any{"issuer": []string{p.URL}}), ErrDiscoveryDocument},
		"an endpoint that is no text":         {p.document(map[string]any{"token_endpoint": 5}), ErrDiscoveryDocument},
		"iss announced by a text":             {p.document(map[string]any{"authorization_response_iss_parameter_supported": "true"}), ErrDiscoveryDocument},
		"too many members":                    {"{" + members(600) + p.document(nil)[1:], ErrDiscoveryDocument},
		"too deep":                            {`{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "," + p.document(nil)[1:], ErrDiscoveryDocument},
		"no issuer":                           {p.document(map[string]any{"issuer": nil}), ErrDiscoveryIssuer},
		"its issuer in another case":          {p.document(map[string]any{"issuer": nil, "ISSUER": p.URL}), ErrDiscoveryIssuer},
		"another issuer":                      {p.document(map[string]any{"issuer": "https://evil.example"}), ErrDiscoveryIssuer},
		"an issuer in another case":           {p.document(map[string]any{"issuer": strings.ToUpper(p.URL)}), ErrDiscoveryIssuer},
		"an issuer with a longer path":        {p.document(map[string]any{"issuer": p.URL + "/x"}), ErrDiscoveryIssuer},
		"an issuer with two slashes":          {p.document(map[string]any{"issuer": p.URL + "//"}), ErrDiscoveryIssuer},
		"a template nobody listed tenants of": {p.document(map[string]any{"issuer": p.URL + "/{tenantid}"}), ErrDiscoveryIssuer},
		"no authorization endpoint":           {p.document(map[string]any{"authorization_endpoint": nil}), ErrDiscoveryEndpoint},
		"no token endpoint":                   {p.document(map[string]any{"token_endpoint": nil}), ErrDiscoveryEndpoint},
		"no keys":                             {p.document(map[string]any{"jwks_uri": ""}), ErrDiscoveryEndpoint},
		"a relative endpoint":                 {p.document(map[string]any{"jwks_uri": "/jwks"}), ErrDiscoveryEndpoint},
		"a script as an endpoint":             {p.document(map[string]any{"authorization_endpoint": "javascript:alert(1)"}), ErrDiscoveryEndpoint},
		"a password in an endpoint":           {p.document(map[string]any{"token_endpoint": secret}), ErrDiscoveryEndpoint},
		"a file as userinfo":                  {p.document(map[string]any{"userinfo_endpoint": "file:///etc/passwd"}), ErrDiscoveryEndpoint},
		"a fragment at the end of a session":  {p.document(map[string]any{"end_session_endpoint": p.URL + "/end#x"}), ErrDiscoveryEndpoint},
		"more than a megabyte":                {p.document(map[string]any{"x": strings.Repeat("a", 2<<20)}), ErrDiscoveryFetch},
	} {
		t.Run(name, func(t *testing.T) {
			p.json(configPath, c.doc)
			f, err := newTestSource(t, p.config()).facts(t.Context())
			require.Nil(t, f)
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, lmssso.ErrDiscovery)
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"m%d":1,`, i)
	}
	return b.String()
}

func TestEndpointsOfADocumentMustBeHTTPSUnlessAllowed(t *testing.T) {
	d := &discovery{address: "https://op.example" + configPath, needs: needs{token: true, jwks: true, userinfo: true}}
	doc := func(name, value string) string {
		text := `{"issuer":"https://op.example","authorization_endpoint":"https://op.example/a","token_endpoint":"https://op.example/t",` +
			`"jwks_uri":"https://keys.example/k","userinfo_endpoint":"https://op.example/u","end_session_endpoint":"https://op.example/e"}`
		return strings.Replace(text, `"`+name+`":"https://`, `"`+name+`":"`+value, 1)
	}
	f, err := d.read(doc("", ""))
	require.NoError(t, err)
	require.Equal(t, "https://keys.example/k", f.endpoints.JWKS, "another host is allowed")
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"} {
		_, err := d.read(doc(name, "http://"))
		require.ErrorIs(t, err, ErrDiscoveryEndpoint, name)
	}
}

func TestEndpointsThatAreNotUsedAreNotTaken(t *testing.T) {
	p := newFetchedOP(t)
	p.json(configPath, p.document(map[string]any{"token_endpoint": nil, "jwks_uri": "ftp://x/", "userinfo_endpoint": "ftp://x/"}))
	cfg := p.config()
	cfg.Request.ResponseType, cfg.Check.SigningAlgorithm, cfg.RP.ClientSecret = IDToken, "HS256", lmssso.Secret(strings.Repeat("s", 32))
	f, err := newTestSource(t, cfg).facts(t.Context())
	require.NoError(t, err)
	require.Equal(t, Endpoints{Authorization: p.URL + "/auth", EndSession: p.URL + "/end"}, f.endpoints)
	cfg.Request.Userinfo.SigningAlgorithm = "RS256"
	_, err = newTestSource(t, cfg).facts(t.Context())
	require.ErrorIs(t, err, ErrDiscoveryEndpoint, "a signed userinfo answer needs the keys")
}

func TestUserinfoThatIsAlwaysAskedMustBeThere(t *testing.T) {
	p := newFetchedOP(t)
	p.json(configPath, p.document(map[string]any{"userinfo_endpoint": nil}))
	cfg := p.config()
	_, err := newTestSource(t, cfg).facts(t.Context())
	require.NoError(t, err)
	cfg.Request.Userinfo.Mode = UserinfoAlways
	_, err = newTestSource(t, cfg).facts(t.Context())
	require.ErrorIs(t, err, ErrDiscoveryEndpoint)
}

func TestTheIssuerOfADocument(t *testing.T) {
	const common = "https://login.microsoftonline.com/common/v2.0" + configPath
	for name, c := range map[string]struct {
		address, said, issuer string
		tenants, ok           bool
	}{
		"the address's":                        {"https://op.example" + configPath, "", "https://op.example", false, true},
		"with a slash at the end":              {"https://op.example" + configPath, "", "https://op.example/", false, true},
		"with a path":                          {"https://op.example/realms/a" + configPath, "", "https://op.example/realms/a", false, true},
		"without the address's path":           {"https://op.example/realms/a" + configPath, "", "https://op.example", false, false},
		"with a query that is no part of it":   {"https://op.example" + configPath + "?appid=1", "", "https://op.example", false, true},
		"the query does not choose it":         {"https://op.example" + configPath + "?x=/.well-known/y", "", "https://op.example", false, true},
		"another one that was said":            {"https://op.example" + configPath, "https://sts.example/", "https://sts.example/", false, true},
		"the address's where another was said": {"https://op.example" + configPath, "https://sts.example/", "https://op.example", false, false},
		"said without the slash it has":        {"https://op.example" + configPath, "https://sts.example", "https://sts.example/", false, false},
		"a template":                           {common, "", "https://login.microsoftonline.com/{tenantid}/v2.0", true, true},
		"a template with a slash":              {common, "", "https://login.microsoftonline.com/{tenantid}/v2.0/", true, true},
		"a template of two parts":              {common, "", "https://login.microsoftonline.com/{tenantid}/{tenantid}", true, false},
		"a template that is part of a part":    {common, "", "https://login.microsoftonline.com/x{tenantid}/v2.0", true, false},
		"a template in the host":               {common, "", "https://{tenantid}/common/v2.0", true, false},
		"a template on another host":           {common, "", "https://evil.example/{tenantid}/v2.0", true, false},
		"a template with another part":         {common, "", "https://login.microsoftonline.com/{tenantid}/v1.0", true, false},
		"a template that is shorter":           {common, "", "https://login.microsoftonline.com/{tenantid}", true, false},
		"a template that is longer":            {common, "", "https://login.microsoftonline.com/common/v2.0/{tenantid}", true, false},
		"no template, with tenants listed":     {common, "", "https://login.microsoftonline.com/common/v2.0", true, false},
		"a template, with no tenants":          {common, "", "https://login.microsoftonline.com/{tenantid}/v2.0", false, false},
		"a template that was said":             {common, "https://sts.windows.net/{tenantid}/", "https://sts.windows.net/{tenantid}/", true, true},
		"a template that was said, no tenants": {common, "https://sts.windows.net/{tenantid}/", "https://sts.windows.net/{tenantid}/", false, false},
		"one that was said, tenants listed":    {common, "https://sts.example/", "https://sts.example/", true, false},
		"one tenant where a template was said": {common, "https://sts.windows.net/{tenantid}/", "https://sts.windows.net/x/", true, false},
	} {
		d := &discovery{address: c.address, issuer: c.said, tenants: c.tenants}
		err := d.checkIssuer(c.issuer)
		if c.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, ErrDiscoveryIssuer, name)
		require.Contains(t, err.Error(), c.issuer, "both are shown: "+name)
	}
}

func TestRedirectsOfTheDocumentAreNotFollowed(t *testing.T) {
	p := newFetchedOP(t)
	p.json("/elsewhere", p.document(nil))
	p.serve(configPath, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	_, err := newTestSource(t, p.config()).facts(t.Context())
	require.ErrorIs(t, err, ErrDiscoveryFetch)
	require.ErrorIs(t, err, fetch.ErrRedirect)
	require.Zero(t, p.count("/elsewhere"))
}

func TestPrivateAddressesAreNotAskedUnlessAllowed(t *testing.T) {
	p := newFetchedOP(t)
	cfg := p.config()
	cfg.OP.Network.AllowPrivateAddresses = false
	_, err := newTestSource(t, cfg).facts(t.Context())
	require.ErrorIs(t, err, fetch.ErrAddress)
	require.Zero(t, p.count(configPath))
}

func TestAFailingProviderIsLeftAloneForAWhile(t *testing.T) {
	p := newFetchedOP(t)
	p.fail(configPath)
	s := newTestSource(t, p.config())
	wait := firstRetry
	for try := 1; try <= 8; try++ {
		for range 10 {
			_, err := s.facts(t.Context())
			require.ErrorIs(t, err, ErrDiscoveryFetch)
			require.NotContains(t, err.Error(), "SECRET")
		}
		require.Equal(t, try, p.count(configPath))
		p.clock.pass(wait - time.Millisecond)
		_, err := s.facts(t.Context())
		require.Error(t, err)
		require.Equal(t, try, p.count(configPath))
		p.clock.pass(time.Millisecond)
		wait = min(2*wait, time.Minute)
	}
	p.json(configPath, p.document(nil))
	_, err := s.facts(t.Context())
	require.NoError(t, err)
}

func TestAnOlderDocumentIsRefreshedBesideTheLogins(t *testing.T) {
	p := newFetchedOP(t)
	s := newTestSource(t, p.config())
	first, err := s.facts(t.Context())
	require.NoError(t, err)
	p.clock.pass(time.Hour - time.Second)
	_, err = s.facts(t.Context())
	require.NoError(t, err)
	settle(&s.disc.kept)
	require.Equal(t, 1, p.count(configPath))

	asked, release := p.hang(t, configPath, p.document(map[string]any{"token_endpoint": p.URL + "/token2"}))
	p.clock.pass(time.Second)
	old, err := s.facts(t.Context())
	require.NoError(t, err)
	require.Same(t, first, old, "the login did not wait")
	<-asked
	release()
	settle(&s.disc.kept)
	got, err := s.facts(t.Context())
	require.NoError(t, err)
	require.Equal(t, p.URL+"/token2", got.endpoints.Token)
	require.Equal(t, 2, p.count(configPath))
}

func TestTheLastGoodDocumentStaysForAWeek(t *testing.T) {
	p := newFetchedOP(t)
	s := newTestSource(t, p.config())
	_, err := s.facts(t.Context())
	require.NoError(t, err)
	p.json(configPath, p.document(map[string]any{"issuer": "https://evil.example"}))
	for range 7*24 - 1 {
		p.clock.pass(time.Hour)
		f, err := s.facts(t.Context())
		require.NoError(t, err)
		require.Equal(t, p.URL, f.issuer)
		settle(&s.disc.kept)
	}
	require.Equal(t, 7*24, p.count(configPath))
	p.clock.pass(time.Hour)
	_, err = s.facts(t.Context())
	require.ErrorIs(t, err, ErrDiscoveryIssuer)
}

func TestWhoeverLeavesDoesNotFailTheOthers(t *testing.T) {
	p := newFetchedOP(t)
	asked, release := p.hang(t, configPath, p.document(nil))
	s := newTestSource(t, p.config())
	ctx, cancel := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() { _, err := s.facts(ctx); left <- err }()
	<-asked
	go func() { _, err := s.facts(t.Context()); stayed <- err }()
	cancel()
	err := <-left
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrDiscoveryFetch)
	release()
	require.NoError(t, <-stayed)
	require.Equal(t, 1, p.count(configPath))
}

func TestClosingEndsAHangingDiscovery(t *testing.T) {
	p := newFetchedOP(t)
	asked, _ := p.hang(t, configPath, "")
	s := newTestSource(t, p.config())
	failed := make(chan error, 1)
	go func() { _, err := s.facts(t.Context()); failed <- err }()
	<-asked
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-failed, ErrDiscoveryFetch)
	p.clock.pass(time.Hour)
	_, err := s.facts(t.Context())
	require.ErrorIs(t, err, fetch.ErrClosed)
	require.Equal(t, 1, p.count(configPath))
}

func TestAPanicWhileReadingIsARefusal(t *testing.T) {
	k := kept[facts]{now: time.Now, lives: factLives(), load: func(context.Context) (*facts, error) { panic("SECRET") }}
	k.start()
	defer k.close()
	_, _, err := k.get(t.Context())
	err = asReason(err, ErrDiscoveryFetch, ErrDiscoveryDocument)
	require.ErrorIs(t, err, ErrDiscoveryDocument)
	require.NotContains(t, err.Error(), "SECRET")
	_, settled, again := k.look(time.Now())
	require.True(t, settled, "it counts as a failure: another try comes later")
	require.ErrorIs(t, again, errReader)
}

func TestWhatIsTooOldWhenItComesIsNotUsed(t *testing.T) {
	p := newFetchedOP(t)
	p.serve(configPath, func(w http.ResponseWriter, _ *http.Request) {
		p.clock.pass(8 * 24 * time.Hour)
		_, _ = io.WriteString(w, p.document(nil))
	})
	f, err := newTestSource(t, p.config()).facts(t.Context())
	require.Nil(t, f)
	require.ErrorIs(t, err, ErrDiscoveryFetch)
}

func TestAClockThatGoesBackDoesNotKeepAnythingForEver(t *testing.T) {
	p := newFetchedOP(t)
	s := newTestSource(t, p.config())
	_, err := s.facts(t.Context())
	require.NoError(t, err)
	p.clock.pass(-48 * time.Hour)
	_, err = s.facts(t.Context())
	require.NoError(t, err)
	settle(&s.disc.kept)
	require.Equal(t, 2, p.count(configPath))
}

func TestFaultsOfAProvidersDescription(t *testing.T) {
	base := func() Config {
		return Config{RP: RP{ClientID: "c", ClientSecret: "x"}, OP: OP{WellKnown: "https://op.example" + configPath}}
	}
	manual := func() Config {
		return Config{RP: RP{ClientID: "c", ClientSecret: "x"}, OP: OP{Issuer: "https://op.example", Endpoints: Endpoints{
			Authorization: "https://op.example/a", Token: "https://op.example/t", JWKS: "https://op.example/k",
		}}}
	}
	require.Empty(t, base().sourceFaults())
	require.Empty(t, manual().sourceFaults())
	tenant := "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	for name, c := range map[string]struct {
		field  string
		cfg    Config
		change func(*Config)
	}{
		"nothing at all":                    {"OP", base(), func(c *Config) { c.OP = OP{} }},
		"an address that is not well known": {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = "https://op.example/openid-configuration" }},
		"well known in the query only":      {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = "https://op.example/x?/.well-known/" }},
		"http":                              {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = "http://op.example" + configPath }},
		"a relative address":                {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = configPath }},
		"a user name":                       {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = "https://u@op.example" + configPath }},
		"braces in the address":             {"OP.WellKnown", base(), func(c *Config) { c.OP.WellKnown = "https://op.example/{tenantid}" + configPath }},
		"an endpoint beside discovery":      {"OP.Endpoints", base(), func(c *Config) { c.OP.Endpoints.JWKS = "https://op.example/k" }},
		"by hand without an issuer":         {"OP.Issuer", manual(), func(c *Config) { c.OP.Issuer = "" }},
		"by hand without authorization":     {"OP.Endpoints.Authorization", manual(), func(c *Config) { c.OP.Endpoints.Authorization = "" }},
		"by hand without token":             {"OP.Endpoints.Token", manual(), func(c *Config) { c.OP.Endpoints.Token = "" }},
		"hybrid without token":              {"OP.Endpoints.Token", manual(), func(c *Config) { c.OP.Endpoints.Token, c.Request.ResponseType = "", CodeIDToken }},
		"by hand without keys":              {"OP.Endpoints.JWKS", manual(), func(c *Config) { c.OP.Endpoints.JWKS = "" }},
		"by hand without userinfo":          {"OP.Endpoints.Userinfo", manual(), func(c *Config) { c.Request.Userinfo.Mode = UserinfoAlways }},
		"an http endpoint":                  {"OP.Endpoints.EndSession", manual(), func(c *Config) { c.OP.Endpoints.EndSession = "http://op.example/e" }},
		"an issuer with a space":            {"OP.Issuer", manual(), func(c *Config) { c.OP.Issuer = "https://op.example/ " }},
		"other braces":                      {"OP.Issuer", base(), func(c *Config) { c.OP.Issuer = "https://op.example/{tenant}" }},
		"two templates": {"OP.Issuer", base(), func(c *Config) {
			c.OP.Issuer, c.OP.AllowedTenantIDs = "https://x/{tenantid}/{tenantid}", []string{tenant}
		}},
		"a template in the host":     {"OP.Issuer", base(), func(c *Config) { c.OP.Issuer, c.OP.AllowedTenantIDs = "https://{tenantid}/x", []string{tenant} }},
		"a template that is no URL":  {"OP.Issuer", base(), func(c *Config) { c.OP.Issuer, c.OP.AllowedTenantIDs = "{tenantid}", []string{tenant} }},
		"a template without tenants": {"OP.AllowedTenantIDs", base(), func(c *Config) { c.OP.Issuer = "https://x/{tenantid}/" }},
		"tenants without a template": {"OP.AllowedTenantIDs", base(), func(c *Config) { c.OP.Issuer, c.OP.AllowedTenantIDs = "https://x/", []string{tenant} }},
		"an empty tenant":            {"OP.AllowedTenantIDs", base(), func(c *Config) { c.OP.AllowedTenantIDs = []string{""} }},
		"a wildcard tenant":          {"OP.AllowedTenantIDs", base(), func(c *Config) { c.OP.AllowedTenantIDs = []string{"*"} }},
		"no secret":                  {"RP.ClientSecret", base(), func(c *Config) { c.RP.ClientSecret = "" }},
		"no secret to post":          {"RP.ClientSecret", base(), func(c *Config) { c.RP.ClientSecret, c.RP.TokenAuth = "", ClientSecretPost }},
		"a short secret for HS256": {"RP.ClientSecret", base(), func(c *Config) {
			c.RP.ClientSecret, c.Check.SigningAlgorithm = lmssso.Secret(strings.Repeat("x", 31)), "HS256"
		}},
		"an unknown method":          {"RP.TokenAuth", base(), func(c *Config) { c.RP.TokenAuth = "none" }},
		"no key":                     {"RP.Key", base(), func(c *Config) { c.RP.TokenAuth = PrivateKeyJWT }},
		"a weak key":                 {"RP.Key", base(), func(c *Config) { c.RP.TokenAuth, c.RP.Key.Signer = PrivateKeyJWT, makeTestKeys().weak }},
		"a key id with a line break": {"RP.Key.KeyID", base(), func(c *Config) { c.RP.TokenAuth, c.RP.Key = PrivateKeyJWT, ClientKey{makeTestKeys().p256, "a\n"} }},
	} {
		c.change(&c.cfg)
		err := errors.Join(c.cfg.sourceFaults()...)
		require.ErrorIs(t, err, ErrSetup, name)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.Contains(t, err.Error(), "oidc.Config."+c.field+";", name)
	}
}

func TestWhatIsNotNeededIsNotAFault(t *testing.T) {
	tenant := []string{"8eaef023-2b34-4da1-9baa-8bc8c9d6a490"}
	wellKnownAt := func(path string) OP { return OP{WellKnown: "https://op.example" + path} }
	for name, cfg := range map[string]Config{
		"no secret without a code":  {OP: wellKnownAt(configPath), Request: Request{ResponseType: IDToken}},
		"no secret beside a key":    {OP: wellKnownAt(configPath), RP: RP{TokenAuth: PrivateKeyJWT, Key: ClientKey{Signer: makeTestKeys().p256}}},
		"a query":                   {OP: wellKnownAt(configPath + "?appid=1"), RP: RP{ClientSecret: "x"}},
		"tenants and discovery":     {OP: OP{WellKnown: "https://op.example/common" + configPath, AllowedTenantIDs: tenant}, RP: RP{ClientSecret: "x"}},
		"tenants and a template":    {OP: OP{WellKnown: "https://op.example/common" + configPath, Issuer: "https://x/{tenantid}/", AllowedTenantIDs: tenant}, RP: RP{ClientSecret: "x"}},
		"no keys for HS256 by hand": {OP: OP{Issuer: "op", Endpoints: Endpoints{Authorization: "https://op.example/a"}}, RP: RP{ClientSecret: lmssso.Secret(strings.Repeat("x", 32))}, Request: Request{ResponseType: IDToken}, Check: Check{SigningAlgorithm: "HS256"}},
	} {
		require.Empty(t, cfg.sourceFaults(), name)
	}
}
