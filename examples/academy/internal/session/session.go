// Package session keeps the academy's own sessions: what the library leaves to the application. They live in memory and
// end with the process.
package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
)

// The bounds of a [Store].
const (
	lifetime = 12 * time.Hour // a session's absolute end, however busy it is
	most     = 100_000        // sessions alive at once
	sweeping = 1024           // after so many starts, sessions that ended are removed

	longest = 8 << 10  // bytes of one hint: no logout request takes a longer one
	hints   = 64 << 20 // bytes of all hints together: an ID token is a hundred times as large as a session
)

// Session is one browser's signed-in state. It never leaves the server.
type Session struct {
	// AccountID is the account signed in; for a dual-role user the side in use.
	AccountID string
	// Link and Tenant are the account's at sign-in. A session whose account has another now is over.
	Link   lmssso.Link
	Tenant string
	// Key names the provider's session, for logout messages.
	Key lmssso.SessionKey
	// Hint is what the provider wants to see when the user signs out there too (an ID token); "" when it wants nothing. It is
	// dropped where it is too long to be kept: signing out then works as without one.
	Hint lmssso.Secret
	// Login is what /api/session tells of the assertion.
	Login Login
	// Changes is what the login did to the account, and why.
	Changes []lmssso.Change
	// TraceID finds the login in the log.
	TraceID string
	// Started and Ends bound the session.
	Started, Ends time.Time
}

// Login describes the verified login a session began with.
type Login struct {
	Protocol   lmssso.Protocol `json:"protocol"`
	Connection string          `json:"connection"`
	Tenant     string          `json:"tenant"`
	Issuer     string          `json:"issuer"`
	ID         string          `json:"id"`
	// InResponseTo is the request a SAML response answered; "" when nobody asked, and in other protocols.
	InResponseTo string `json:"inResponseTo"`
	Realm        string `json:"realm"`
	ExternalID   string `json:"externalID"`
	Subject      string `json:"subject"`
	// SubjectFormat is SAML's NameID format. SessionIndex is the provider's own session: SAML's SessionIndex, OpenID Connect's
	// sid.
	SubjectFormat string    `json:"subjectFormat"`
	SessionIndex  string    `json:"sessionIndex"`
	IssuedAt      time.Time `json:"issuedAt"`
	AuthnContext  []string  `json:"authnContext"`
}

// Config sets up a [Store].
type Config struct {
	// Name is the cookie's name; on https it gets the prefix __Host-.
	Name string
	// Secure says that the site is served over https.
	Secure bool
	// Now is the clock.
	Now func() time.Time
}

// Store keeps sessions by the digest of their cookie: whoever reads the memory cannot make a cookie of it. It is safe
// for concurrent use.
type Store struct {
	cfg Config

	mu     sync.Mutex
	byID   map[[sha256.Size]byte]Session
	starts int
	hinted int // bytes of all hints
}

var _ lmssso.Sessions = (*Store)(nil)

// New makes an empty store.
func New(cfg Config) *Store {
	if cfg.Secure {
		cfg.Name = "__Host-" + cfg.Name
	}
	return &Store{cfg: cfg, byID: map[[sha256.Size]byte]Session{}}
}

// Start begins a session under a new id and sets the cookie. The session the browser had, if any, is over: an id known
// before the login is worth nothing after it. ends is when the provider wants it over at the latest; zero is no wish.
func (s *Store) Start(w http.ResponseWriter, r *http.Request, v Session, ends time.Time) error {
	now := s.cfg.Now()
	v.Started, v.Ends = now, now.Add(lifetime)
	if !ends.IsZero() && ends.Before(v.Ends) {
		v.Ends = ends
	}
	return s.begin(w, r, v)
}

// Change replaces the session's content under a new id, for a change of what the browser may do. Its end stays.
func (s *Store) Change(w http.ResponseWriter, r *http.Request, v Session) error {
	return s.begin(w, r, v)
}

func (s *Store) begin(w http.ResponseWriter, r *http.Request, v Session) error {
	id := rand.Text() + rand.Text() // 256 random bits and more
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := r.Cookie(s.cfg.Name); err == nil {
		s.drop(digest(c.Value))
	}
	if s.starts++; len(s.byID) >= most || s.starts%sweeping == 0 {
		s.sweep()
	}
	if len(s.byID) >= most {
		return errors.New("too many sessions")
	}
	if n := len(v.Hint); n > longest || s.hinted+n > hints {
		v.Hint = ""
	}
	s.hinted += len(v.Hint)
	s.byID[digest(id)] = v
	http.SetCookie(w, s.cookie(id, 0))
	return nil
}

// Get returns the session of a request.
func (s *Store) Get(r *http.Request) (Session, bool) {
	c, err := r.Cookie(s.cfg.Name)
	if err != nil {
		return Session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.byID[digest(c.Value)]
	return v, ok && s.cfg.Now().Before(v.Ends)
}

// Stop ends the session of a request and removes the cookie.
func (s *Store) Stop(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.cfg.Name); err == nil {
		s.mu.Lock()
		s.drop(digest(c.Value))
		s.mu.Unlock()
	}
	http.SetCookie(w, s.cookie("", -1))
}

// End implements [lmssso.Sessions]: it ends every session a logout message is about.
func (s *Store) End(_ context.Context, k lmssso.SessionKey) (ended int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, v := range s.byID {
		if isAbout(k, v.Key) {
			s.drop(id)
			ended++
		}
	}
	return ended, nil
}

// isAbout reports whether a logout message's key means a session: it names the subject, one of the subject's sessions, or
// that session alone. A key that names neither means nobody.
func isAbout(message, session lmssso.SessionKey) bool {
	if message.Connection != session.Connection || message.Subject == (lmssso.Subject{}) && message.Index == "" {
		return false
	}
	return (message.Subject == (lmssso.Subject{}) || message.Subject == session.Subject) && (message.Index == "" || message.Index == session.Index)
}

// drop removes a session, if it is there.
func (s *Store) drop(id [sha256.Size]byte) {
	s.hinted -= len(s.byID[id].Hint)
	delete(s.byID, id)
}

// Count returns how many sessions are alive.
func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep()
	return len(s.byID)
}

func (s *Store) sweep() {
	now := s.cfg.Now()
	for id, v := range s.byID {
		if !now.Before(v.Ends) {
			s.drop(id)
		}
	}
}

func (s *Store) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: s.cfg.Name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.cfg.Secure, SameSite: http.SameSiteLaxMode,
	}
}

func digest(id string) [sha256.Size]byte { return sha256.Sum256([]byte(id)) }
