package saml_test

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/lmssso/lmssso/saml"
	"github.com/stretchr/testify/require"
)

// mdServer serves metadata that tests change, and a clock that they move.
type mdServer struct {
	*httptest.Server
	mu    sync.Mutex
	doc   string // "" answers 500
	at    time.Time
	hold  chan struct{} // when set, an answer waits for it
	asked atomic.Int32
	last  atomic.Value // the last request's URI
}

func newMDServer(t *testing.T, doc string) *mdServer {
	t.Helper()
	s := &mdServer{doc: doc, at: mdNow}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.last.Store(r.RequestURI)
		s.asked.Add(1)
		s.mu.Lock()
		doc, hold := s.doc, s.hold
		s.mu.Unlock()
		if hold != nil {
			<-hold
		}
		if doc == "" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, doc)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *mdServer) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// move sets what is served and lets time pass.
func (s *mdServer) move(doc string, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doc, s.at = doc, s.at.Add(d)
}

func (s *mdServer) wait(hold chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold = hold
}

// source makes a source of the server's URL.
func (s *mdServer) source(t *testing.T, change func(*saml.MetadataConfig)) *saml.MetadataSource {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	cfg := saml.MetadataConfig{URL: s.URL + "/metadata", Now: s.now, Network: saml.MetadataNetwork{AllowPrivateAddresses: true, RootCAs: pool}}
	if change != nil {
		change(&cfg)
	}
	src, err := saml.NewMetadataSource(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, src.Close()) })
	return src
}

// settle waits for a refresh that was started beside the logins to show.
func settle(t *testing.T, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 10*time.Second, time.Millisecond)
}

func firstCert(t *testing.T, src *saml.MetadataSource) *x509.Certificate {
	t.Helper()
	idp, err := src.IdP()
	require.NoError(t, err)
	return idp.Certificates[0]
}

func TestMetadataIsFetchedWhenItIsFirstNeeded(t *testing.T) {
	p := mdEC(t)
	s := newMDServer(t, mdGood(p))
	src := s.source(t, nil)
	require.Zero(t, s.asked.Load())
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			idp, err := src.IdP()
			if err != nil || !idp.Certificates[0].Equal(p.cert) {
				t.Errorf("%v", err)
			}
		}()
	}
	wg.Wait()
	require.LessOrEqual(t, s.asked.Load(), int32(2), "they share a fetch")
}

func TestMetadataIsRefreshedBesideTheLogins(t *testing.T) {
	old, next := mdEC(t), mdEC(t)
	s := newMDServer(t, mdGood(old))
	src := s.source(t, func(c *saml.MetadataConfig) { c.RefreshEvery = time.Hour })
	require.Equal(t, old.cert, firstCert(t, src))
	s.move(mdGood(next), 44*time.Minute)
	require.Equal(t, old.cert, firstCert(t, src))
	require.EqualValues(t, 1, s.asked.Load(), "not before three quarters of the time")
	hold := make(chan struct{})
	s.wait(hold)
	s.move(mdGood(next), 16*time.Minute)
	for range 3 {
		require.Equal(t, old.cert, firstCert(t, src), "no login waits for the refresh")
	}
	settle(t, func() bool { return s.asked.Load() == 2 })
	close(hold)
	settle(t, func() bool { return firstCert(t, src).Equal(next.cert) })
	require.EqualValues(t, 2, s.asked.Load())
}

func TestMetadataSaysHowLongItMayBeKept(t *testing.T) {
	p := mdEC(t)
	doc := func(attributes string) string {
		return mdDoc(mdEntity, attributes, mdRole("", mdKey("", p.base64())+mdSSO()))
	}
	for name, row := range map[string]struct {
		attributes  string
		early, late time.Duration
	}{
		"by itself":                    {"", 44 * time.Hour / 10, 6 * time.Hour},
		"cacheDuration":                {` cacheDuration="PT1H"`, 44 * time.Minute, time.Hour},
		"validUntil":                   {` validUntil="2026-05-01T16:00:00Z"`, 134 * time.Minute, 180 * time.Minute},
		"never more often than that":   {` cacheDuration="PT1S"`, 3 * time.Minute, 5 * time.Minute},
		"not longer than configured":   {` cacheDuration="P30D"`, 44 * time.Hour / 10, 6 * time.Hour},
		"a duration nobody can read":   {` cacheDuration="1 hour"`, 44 * time.Hour / 10, 6 * time.Hour},
		"a negative duration":          {` cacheDuration="-PT1H"`, 44 * time.Hour / 10, 6 * time.Hour},
		"hours, minutes and fractions": {` cacheDuration="P0Y0M0DT0H59M60.5S"`, 44 * time.Minute, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			s := newMDServer(t, doc(row.attributes))
			src := s.source(t, nil)
			require.NoError(t, src.Refresh(t.Context()))
			s.move(doc(row.attributes), row.early)
			firstCert(t, src)
			require.NoError(t, src.Close())
			require.EqualValues(t, 1, s.asked.Load())

			src = s.source(t, nil)
			require.NoError(t, src.Refresh(t.Context()))
			s.move(doc(""), row.late)
			firstCert(t, src)
			settle(t, func() bool { return s.asked.Load() == 3 })
		})
	}
}

func TestTheLastGoodMetadataStaysUntilItsEnd(t *testing.T) {
	p := mdEC(t)
	s := newMDServer(t, mdDoc(mdEntity, ` validUntil="2026-05-02T12:00:00Z"`, mdRole("", mdKey("", p.base64())+mdSSO())))
	src := s.source(t, nil)
	require.Equal(t, p.cert, firstCert(t, src))
	for _, bad := range []string{"", "<html/>", mdDoc(mdEntity, "", mdRole("", mdSSO())), strings.Replace(s.doc, "2026-05-02", "2026-05-01", 1)} {
		s.move(bad, time.Hour)
		require.ErrorIs(t, src.Refresh(t.Context()), lmssso.ErrDiscovery)
		require.Equal(t, p.cert, firstCert(t, src))
	}
	s.move("", 20*time.Hour) // its last second has come
	_, err := src.IdP()
	require.ErrorIs(t, err, saml.ErrMetadataFetch)
	require.Equal(t, lmssso.ErrDiscovery.Code(), lmssso.CodeOf(err))
}

func TestFailuresAreNotRepeatedAtOnce(t *testing.T) {
	p := mdEC(t)
	s := newMDServer(t, "")
	src := s.source(t, nil)
	for range 5 {
		_, err := src.IdP()
		require.ErrorIs(t, err, saml.ErrMetadataFetch)
		require.ErrorIs(t, err, fetch.ErrStatus)
	}
	require.EqualValues(t, 1, s.asked.Load(), "the failure is remembered")
	s.move("", 5*time.Second)
	_, err := src.IdP()
	require.Error(t, err)
	require.EqualValues(t, 2, s.asked.Load())
	s.move(mdGood(p), 9*time.Second)
	_, err = src.IdP()
	require.Error(t, err, "twice as long after the second")
	s.move(mdGood(p), time.Second)
	require.Equal(t, p.cert, firstCert(t, src))
	require.EqualValues(t, 3, s.asked.Load())
}

func TestAnUnknownKeyIsLookedForOnceAMinute(t *testing.T) {
	old, next := mdEC(t), mdEC(t)
	s := newMDServer(t, mdGood(old))
	src := s.source(t, nil)
	require.Equal(t, old.cert, firstCert(t, src))
	s.move(mdGood(old), time.Minute)
	for range 50 {
		require.False(t, src.UnknownKey(), "the same keys are no news")
	}
	require.EqualValues(t, 2, s.asked.Load(), "forgeries do not make it ask more often")
	s.move(mdGood(next), 59*time.Second)
	require.False(t, src.UnknownKey())
	s.move(mdGood(next), time.Second)
	require.True(t, src.UnknownKey())
	require.Equal(t, next.cert, firstCert(t, src))
	require.True(t, src.UnknownKey(), "for whoever verified by the old ones a moment ago")
	require.EqualValues(t, 3, s.asked.Load())
	s.move("", time.Minute)
	require.False(t, src.UnknownKey(), "a failure is no news, and the last good stays")
	require.Equal(t, next.cert, firstCert(t, src))
}

func TestMetadataFromFilesAndTexts(t *testing.T) {
	old, next := mdEC(t), mdEC(t)
	path := filepath.Join(t.TempDir(), "idp.xml")
	require.NoError(t, os.WriteFile(path, []byte("\ufeff"+mdGood(old)), 0o600))
	at := mdNow
	now := func() time.Time { return at }
	src, err := saml.NewMetadataSource(saml.MetadataConfig{File: path, Now: now})
	require.NoError(t, err)
	defer func() { require.NoError(t, src.Close()) }()
	require.Equal(t, old.cert, firstCert(t, src))
	require.NoError(t, os.WriteFile(path, []byte(mdGood(next)), 0o600))
	require.True(t, src.UnknownKey(), "a replaced file is noticed")
	require.Equal(t, next.cert, firstCert(t, src))

	doc := []byte(mdDoc(mdEntity, ` validUntil="2026-05-02T12:00:00Z"`, mdRole("", mdKey("", old.base64())+mdSSO())))
	src, err = saml.NewMetadataSource(saml.MetadataConfig{XML: doc, Now: now})
	require.NoError(t, err)
	clear(doc)
	require.Equal(t, old.cert, firstCert(t, src), "the text is copied")
	require.False(t, src.UnknownKey())
	at = at.AddDate(0, 0, 1)
	_, err = src.IdP()
	require.ErrorIs(t, err, saml.ErrMetadataExpired)
	require.NoError(t, src.Close())

	_, err = saml.NewMetadataSource(saml.MetadataConfig{XML: []byte("<html/>"), Now: now})
	require.ErrorIs(t, err, saml.ErrMetadataXML, "a mistake shows at once")
	_, err = saml.NewMetadataSource(saml.MetadataConfig{File: path + ".none", Now: now})
	require.ErrorIs(t, err, saml.ErrMetadataFetch)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAggregatesFromTheNetworkMustBeSigned(t *testing.T) {
	federation, p := mdRSA(t), mdEC(t)
	plain := mdGroup(` ID="f"`, mdGood(p))
	s := newMDServer(t, plain)
	src := s.source(t, nil)
	_, err := src.IdP()
	require.ErrorIs(t, err, saml.ErrMetadataUnsigned)
	src = s.source(t, func(c *saml.MetadataConfig) { c.Trust.AllowUnsigned = true })
	require.Equal(t, p.cert, firstCert(t, src))
	signed := func(c *saml.MetadataConfig) { c.Trust.Signers = []*x509.Certificate{federation.cert} }
	_, err = s.source(t, signed).IdP()
	require.ErrorIs(t, err, saml.ErrMetadataUnsigned)
	s.move(mdSign(t, plain, "", federation), 0)
	require.Equal(t, p.cert, firstCert(t, s.source(t, signed)))
}

func TestMetadataQueries(t *testing.T) {
	federation, p := mdRSA(t), mdEC(t)
	id := "http://idp.example/a b?c=d&e#f+g/ü"
	escaped := "http://idp.example/a b?c=d&amp;e#f+g/ü"
	doc := strings.Replace(mdGood(p), mdEntity, escaped, 1)
	s := newMDServer(t, mdSign(t, strings.Replace(doc, "<EntityDescriptor", `<EntityDescriptor ID="e"`, 1), "", federation))
	for _, row := range []struct {
		base   string
		bySHA1 bool
		want   string
	}{
		{s.URL, false, "/entities/http%3A%2F%2Fidp.example%2Fa%20b%3Fc%3Dd%26e%23f%2Bg%2F%C3%BC"},
		{s.URL + "/v1/", true, "/v1/entities/%7Bsha1%7D3ebbbcf5f96b6ecca653dd0036aa6e897e40b74e"},
	} {
		src := s.source(t, func(c *saml.MetadataConfig) {
			c.URL, c.MDQ, c.MDQBySHA1 = "", row.base, row.bySHA1
			c.Trust = saml.MetadataTrust{EntityID: id, Signers: []*x509.Certificate{federation.cert}}
		})
		idp, err := src.IdP()
		require.NoError(t, err)
		require.Equal(t, id, idp.EntityID)
		require.Equal(t, row.want, s.last.Load())
	}
	s.move(mdSign(t, strings.Replace(mdGood(p), "<EntityDescriptor", `<EntityDescriptor ID="e"`, 1), "", federation), 0)
	_, err := s.source(t, func(c *saml.MetadataConfig) {
		c.URL, c.MDQ, c.Trust = "", s.URL, saml.MetadataTrust{EntityID: id, Signers: []*x509.Certificate{federation.cert}}
	}).IdP()
	require.ErrorIs(t, err, saml.ErrMetadataEntity, "an answer about another entity, though well signed")
}

func TestMetadataIsFetchedOnlyWhereThatIsSafe(t *testing.T) {
	s := newMDServer(t, mdGood(mdEC(t)))
	_, err := s.source(t, func(c *saml.MetadataConfig) { c.Network.AllowPrivateAddresses = false }).IdP()
	require.ErrorIs(t, err, fetch.ErrAddress)
	_, err = s.source(t, func(c *saml.MetadataConfig) { c.Network.RootCAs = nil }).IdP()
	require.ErrorIs(t, err, fetch.ErrNetwork)
	require.Zero(t, s.asked.Load())
}

func TestAClosedSourceKeepsWhatItKnows(t *testing.T) {
	p := mdEC(t)
	s := newMDServer(t, mdGood(p))
	known, unknown := s.source(t, nil), s.source(t, nil)
	require.Equal(t, p.cert, firstCert(t, known))
	require.NoError(t, known.Close())
	require.NoError(t, unknown.Close())
	s.move(mdGood(p), 24*time.Hour)
	require.Equal(t, p.cert, firstCert(t, known))
	_, err := unknown.IdP()
	require.ErrorIs(t, err, fetch.ErrClosed)
	require.Equal(t, lmssso.ErrDiscovery.Code(), lmssso.CodeOf(err))
	require.EqualValues(t, 1, s.asked.Load())
}

func TestMetadataSettingsThatAreRefused(t *testing.T) {
	doc := []byte(mdGood(mdEC(t)))
	const url = "https://idp.example/"
	signers := []*x509.Certificate{mdEC(t).cert}
	for name, cfg := range map[string]saml.MetadataConfig{
		"nothing":                {},
		"two":                    {XML: doc, URL: url},
		"http":                   {URL: "http://idp.example/"},
		"a path":                 {URL: "/metadata"},
		"a user name":            {URL: "https://a:b@idp.example/"},
		"MDQ without an entity":  {MDQ: url, Trust: saml.MetadataTrust{Signers: signers}},
		"MDQ without a signer":   {MDQ: url, Trust: saml.MetadataTrust{EntityID: mdEntity}},
		"MDQ by http":            {MDQ: "http://mdq.example/", Trust: saml.MetadataTrust{EntityID: mdEntity, Signers: signers}},
		"no certificate":         {XML: doc, Trust: saml.MetadataTrust{Signers: []*x509.Certificate{nil}}},
		"refreshed all the time": {URL: url, RefreshEvery: time.Second},
		"refreshed never":        {URL: url, RefreshEvery: 30 * 24 * time.Hour},
		"an endless timeout":     {URL: url, Network: saml.MetadataNetwork{Timeout: time.Hour}},
	} {
		_, err := saml.NewMetadataSource(cfg)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.NotContains(t, err.Error(), "a:b", name)
	}
}
