package main

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

const (
	sessionLife = 8 * time.Hour
	maxSessions = 10_000
)

// sessions keeps who is signed in here, by the digest of the cookie: whoever reads the memory cannot make a cookie of
// it. They end with the process.
type sessions struct {
	cookie string
	secure bool
	now    func() time.Time

	mu   sync.Mutex
	byID map[[sha256.Size]byte]session
}

type session struct {
	user user
	ends time.Time
}

func newSessions(secure bool, now func() time.Time) *sessions {
	s := &sessions{cookie: "idp-session", secure: secure, now: now, byID: map[[sha256.Size]byte]session{}}
	if secure {
		s.cookie = "__Host-" + s.cookie
	}
	return s
}

// start begins a session under a new id, and ends the one the browser had: an id known before is worth nothing after. It
// reports false when there is no room for one more.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, u user) bool {
	id := rand.Text() + rand.Text() // 256 random bits and more
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(r)
	if len(s.byID) >= maxSessions {
		for old, v := range s.byID {
			if !now.Before(v.ends) {
				delete(s.byID, old)
			}
		}
	}
	if len(s.byID) >= maxSessions {
		return false
	}
	s.byID[sha256.Sum256([]byte(id))] = session{user: u, ends: now.Add(sessionLife)}
	http.SetCookie(w, s.make(id, 0))
	return true
}

// user returns who is signed in.
func (s *sessions) user(r *http.Request) (user, bool) {
	c, err := r.Cookie(s.cookie)
	if err != nil {
		return user{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.byID[sha256.Sum256([]byte(c.Value))]
	if !ok || !s.now().Before(v.ends) {
		return user{}, false
	}
	return v.user, true
}

// end ends the session of a request and removes the cookie.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(r)
	http.SetCookie(w, s.make("", -1))
}

func (s *sessions) drop(r *http.Request) {
	if c, err := r.Cookie(s.cookie); err == nil {
		delete(s.byID, sha256.Sum256([]byte(c.Value)))
	}
}

func (s *sessions) make(value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}
