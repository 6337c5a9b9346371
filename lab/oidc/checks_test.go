package oidc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
)

// attempt returns the one attempt since the last call.
func (s *site) attempt(t *testing.T) *lmssso.Attempt {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.attempts
	s.attempts = nil
	if len(all) != 1 {
		var errs []string
		for _, a := range all {
			errs = append(errs, fmt.Sprint(a.Err))
		}
		t.Fatalf("%d attempts reached the site, not 1: %s\nlogins that could not begin: %v", len(all), strings.Join(errs, "; "), s.begins)
	}
	return all[0]
}

// takeAttempts returns what was recorded since the last call.
func (s *site) takeAttempts() []*lmssso.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.attempts
	s.attempts = nil
	return all
}

// takeEnds returns how logouts ended since the last call.
func (s *site) takeEnds() []end {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.ends
	s.ends = nil
	return all
}

// open counts the sessions of a connection.
func (s *site) open(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, o := range s.sessions {
		if o.key.Connection == id {
			n++
		}
	}
	return n
}

// mustBeIn checks that the browser ended at a path of the site, signed in by the one attempt there was.
func (s *site) mustBeIn(t *testing.T, p *page, path string) *lmssso.Assertion {
	t.Helper()
	a := s.attempt(t)
	if a.Err != nil {
		t.Fatalf("refused: %v", a.Err)
	}
	if p.url.String() != s.url+path || !strings.Contains(p.body, "signed in as ") {
		t.Fatalf("the browser is at %s:\n%s", p.url, p.body)
	}
	return a.Assertion
}

// mustRefuse checks that the one attempt was refused for a reason, and that nobody is signed in.
func (s *site) mustRefuse(t *testing.T, p *page, reason error) {
	t.Helper()
	a := s.attempt(t)
	if !errors.Is(a.Err, reason) {
		t.Fatalf("refused for another reason than %v: %v", reason, a.Err)
	}
	if a.Assertion != nil && a.Outcome != nil || p.status < 400 {
		t.Fatalf("a refused login was answered by %d:\n%s", p.status, p.body)
	}
}

// mustNotBegin checks that a login could not begin, for a reason.
func (s *site) mustNotBegin(t *testing.T, p *page, reason error) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.begins) != 1 || !errors.Is(s.begins[0], reason) || p.status < 400 {
		t.Fatalf("the login began, or did not for another reason than %v: %d, %v", reason, p.status, s.begins)
	}
	s.begins = nil
}
