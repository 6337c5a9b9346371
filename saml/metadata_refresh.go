package saml

import (
	"context"
	"crypto/x509"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
)

const (
	soonestRefresh  = 5 * time.Minute // however short the metadata wants to be kept
	unknownKeyEvery = time.Minute     // how often an unknown key makes the source ask again
	firstRetry      = 5 * time.Second
	lastRetry       = 5 * time.Minute
)

// MetadataSource is an [IdPSource] that reads an identity provider's metadata and keeps it current.
//
// The document is fetched when it is first needed, and asked for again, on use, when the metadata's own validUntil or
// cacheDuration or [MetadataConfig].RefreshEvery says so, at a moment spread at random so that sites do not ask in step.
// A refresh goes on beside the logins: none waits for it while what is known is valid, and when it fails the last good
// metadata stays, until its validUntil. Failures are tried again after 5 seconds, then ever later, up to 5 minutes.
//
// It is safe for concurrent use. Close it to end a refresh that is under way.
type MetadataSource struct {
	cfg    MetadataConfig
	load   load
	flight *fetch.Flight

	mu    sync.Mutex
	known *entity // the last good one; replaced, never changed
	due   time.Time
	retry retry
	// asked is when a refresh last began because of an unknown key, changed when one last brought other certificates.
	asked, changed time.Time
}

// retry is what is remembered of failures.
type retry struct {
	failures int
	notUntil time.Time
	err      error
}

var _ IdPSource = (*MetadataSource)(nil)

// NewMetadataSource checks the configuration, and reads the metadata at once when it is given as XML or as a file, so that
// a mistake shows when the program starts. Nothing is fetched yet.
func NewMetadataSource(cfg MetadataConfig) (*MetadataSource, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Trust.Signers = slices.Clone(cfg.Trust.Signers)
	load, err := cfg.loader()
	if err != nil {
		return nil, err
	}
	if cfg.RefreshEvery == 0 {
		cfg.RefreshEvery = defaultRefresh
	}
	s := &MetadataSource{cfg: cfg, load: load}
	s.flight = fetch.NewFlight(s.refresh)
	if len(cfg.XML) > 0 || cfg.File != "" {
		if err := s.refresh(context.Background()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// IdP returns what is known. It waits only while nothing valid is. The value is shared and must not be changed.
func (s *MetadataSource) IdP() (*IdP, error) {
	now := s.cfg.Now()
	idp, start, err := s.look(now)
	switch {
	case idp != nil:
		if start {
			s.flight.Start()
		}
		return idp, nil
	case err != nil:
		return nil, err
	}
	if err := s.flight.Wait(context.Background()); err != nil {
		return nil, asDiscovery(err)
	}
	if idp, _, err = s.look(now); idp == nil && err == nil {
		err = asDiscovery(nil)
	}
	return idp, err
}

// look returns what is valid at now and whether to ask for newer; or, when nothing is valid, the last failure while it is
// too early to try again. All of them empty says: fetch.
func (s *MetadataSource) look(now time.Time) (idp *IdP, start bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	early := now.Before(s.retry.notUntil)
	if s.known != nil && !s.known.life.over(now) {
		return s.known.idp, !s.static() && !early && !now.Before(s.due), nil
	}
	if early {
		return nil, false, s.retry.err
	}
	return nil, false, nil
}

func (s *MetadataSource) static() bool { return len(s.cfg.XML) > 0 }

// UnknownKey asks for newer metadata, at most once a minute, and waits for it. It reports whether the certificates are
// others than a minute ago; nothing an attacker signs makes it ask more often.
func (s *MetadataSource) UnknownKey() bool {
	if s.static() {
		return false
	}
	now := s.cfg.Now()
	s.mu.Lock()
	ask := s.asked.IsZero() || now.Sub(s.asked) >= unknownKeyEvery
	if ask {
		s.asked = now
	}
	s.mu.Unlock()
	if ask {
		_ = s.flight.Wait(context.Background()) // a failure is remembered, and what was known stays
	} else {
		s.flight.Join(context.Background())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.changed.IsZero() && s.cfg.Now().Sub(s.changed) < unknownKeyEvery
}

// Refresh asks for the metadata now, or joins a refresh under way, and waits for its end or for ctx's: for a program's
// start, and for an administrator's button. The last good metadata stays when it fails.
func (s *MetadataSource) Refresh(ctx context.Context) error {
	if err := s.flight.Wait(ctx); err != nil {
		return asDiscovery(err)
	}
	return nil
}

// Close ends a refresh that is under way and starts no other. What is known stays. It always returns nil.
func (s *MetadataSource) Close() error {
	s.flight.Close()
	return nil
}

// refresh reads the document and keeps it, or remembers the failure.
func (s *MetadataSource) refresh(ctx context.Context) error {
	got, err := s.read(ctx)
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.retry.failures++
		s.retry.err, s.retry.notUntil = err, now.Add(backoff(s.retry.failures))
		return err
	}
	if s.known != nil && !sameCertificates(s.known.idp.Certificates, got.idp.Certificates) {
		s.changed = now
	}
	s.known, s.due, s.retry = got, now.Add(s.pause(got.life, now)), retry{}
	return nil
}

// read never panics: the document comes from outside.
func (s *MetadataSource) read(ctx context.Context) (e *entity, err error) {
	defer func() {
		if p := recover(); p != nil {
			e, err = nil, refuse(ErrMetadataXML, lmssso.Error{Detail: "the metadata made its reader fail"})
		}
	}()
	doc, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if e, err = readMetadata(doc, s.cfg.Trust, s.cfg.Now()); err != nil {
		return nil, err
	}
	return e, s.cfg.checkOrigin(e)
}

// pause returns how long to wait before asking again: as the configuration says or sooner as the metadata does, of its
// remaining validity three quarters, so that time is left for failures; of all that 75 to 100 per cent, at random.
func (s *MetadataSource) pause(l lifetime, now time.Time) time.Duration {
	d := s.cfg.RefreshEvery
	if l.fresh > 0 {
		d = min(d, l.fresh)
	}
	if !l.until.IsZero() {
		d = min(d, l.until.Sub(now)/4*3)
	}
	d = max(d, min(soonestRefresh, s.cfg.RefreshEvery))
	return d*3/4 + time.Duration(rand.Int64N(int64(d/4)+1))
}

// backoff returns how long to leave a failing server alone.
func backoff(failures int) time.Duration {
	if failures > 6 {
		return lastRetry
	}
	return firstRetry << (failures - 1)
}

func sameCertificates(a, b []*x509.Certificate) bool {
	return slices.EqualFunc(a, b, func(x, y *x509.Certificate) bool { return x.Equal(y) })
}

// asDiscovery gives an error that has none the reason for missing metadata.
func asDiscovery(err error) error {
	if lmssso.CodeOf(err) == lmssso.ErrDiscovery.Code() {
		return err
	}
	return refuse(ErrMetadataFetch, lmssso.Error{Detail: "no metadata is known", Err: err})
}
