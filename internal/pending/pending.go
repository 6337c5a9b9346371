// Package pending keeps a login that began until its answer comes, and ties it to the browser it began in.
//
// What is remembered lies in a single-use store under an opaque random handle, which travels to the identity provider and
// back as RelayState or state. One cookie per browser and connection proves that the answer arrives where the login began;
// the record holds its SHA-256. The answer takes the record out, once, before anything is checked: a failed attempt stays
// consumed.
package pending

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"
)

// TTL is how long a login may take: signing in elsewhere, with a second factor and a forgotten password, takes minutes.
const TTL = 30 * time.Minute

// Store is the single-use store, as far as pending logins need it.
type Store interface {
	Add(ctx context.Context, key string, value []byte, until time.Time) (first bool, err error)
	Take(ctx context.Context, key string) (value []byte, found bool, err error)
}

// The ways an answer fails to find its beginning. The store's own errors come as they are.
var (
	// ErrUnknown says that no login of this handle is pending: it took too long, was answered before, or never began here.
	ErrUnknown = errors.New("no pending login has this handle")
	// ErrOtherBrowser says that the browser's cookie is not the one the login began with.
	ErrOtherBrowser = errors.New("the login began in another browser")
)

// Keeper keeps the pending logins of one connection.
type Keeper struct {
	store      Store
	connection string
	cookie     string
	secure     bool
	now        func() time.Time
}

// New makes a keeper. baseURL is the site's own address: on https the cookie is Secure and comes back with a cross-site
// POST; on http, which is for loopback, it is Lax.
func New(store Store, baseURL, connection string, now func() time.Time) *Keeper {
	sum := sha256.Sum256([]byte(baseURL + "\x00" + connection))
	k := &Keeper{
		store: store, connection: connection, now: now,
		cookie: "lmssso-" + hex.EncodeToString(sum[:8]), secure: isHTTPS(baseURL),
	}
	if k.secure {
		k.cookie = "__Host-" + k.cookie
	}
	return k
}

// isHTTPS compares the scheme as schemes are, without regard to case.
func isHTTPS(address string) bool {
	scheme, _, _ := strings.Cut(address, "://")
	return strings.EqualFold(scheme, "https") && len(scheme) == len("https")
}

// NewHandle returns a fresh handle of 23 characters out of [A-Za-z0-9_-], which survive every provider's handling.
func NewHandle() string { return "l" + random() }

// IsHandle reports whether a text has the form of a handle.
func IsHandle(s string) bool {
	if len(s) != 23 || s[0] != 'l' {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(s[1:])
	return err == nil
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Keep stores the record that seal makes of the browser's mark under the handle, and makes sure that the browser has its
// cookie.
func (k *Keeper) Keep(w http.ResponseWriter, r *http.Request, handle string, seal func(browser string) ([]byte, error)) error {
	value, ok := k.browser(r)
	if !ok {
		value = random()
	}
	record, err := seal(mark(value))
	if err != nil {
		return err
	}
	first, err := k.store.Add(r.Context(), k.key(handle), record, k.now().Add(TTL))
	if err != nil {
		return err
	}
	if !first {
		return errors.New("a fresh handle was taken")
	}
	// Set again even when the browser had it, so that it outlives this login.
	sameSite := http.SameSiteLaxMode
	if k.secure {
		sameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, &http.Cookie{
		Name: k.cookie, Value: value, Path: "/", HttpOnly: true, Secure: k.secure, SameSite: sameSite, MaxAge: int(TTL.Seconds()),
	})
	return nil
}

// Put stores a record under a handle without tying it to a browser. It is for what needs no such tie: the answer to a
// logout, which ends nothing that is not ended already.
func (k *Keeper) Put(ctx context.Context, handle string, record []byte) error {
	first, err := k.store.Add(ctx, k.key(handle), record, k.now().Add(TTL))
	if err == nil && !first {
		err = errors.New("a fresh handle was taken")
	}
	return err
}

// Pop takes out what [Keeper.Put] stored; [ErrUnknown] when there is nothing.
func (k *Keeper) Pop(ctx context.Context, handle string) ([]byte, error) {
	record, found, err := k.store.Take(ctx, k.key(handle))
	if err == nil && !found {
		err = ErrUnknown
	}
	return record, err
}

// HasCookie reports whether the browser sent the connection's cookie along. A cross-site POST does not bring a Lax one.
func (k *Keeper) HasCookie(r *http.Request) bool {
	_, ok := k.browser(r)
	return ok
}

// Take takes the record of a handle out of the store. open reads it and returns the browser's mark in it.
func (k *Keeper) Take(r *http.Request, handle string, open func(record []byte) (browser string, err error)) error {
	record, found, err := k.store.Take(r.Context(), k.key(handle))
	if err != nil {
		return err
	}
	if !found {
		return ErrUnknown
	}
	browser, err := open(record)
	if err != nil {
		return err
	}
	value, ok := k.browser(r)
	if !ok || subtle.ConstantTimeCompare([]byte(mark(value)), []byte(browser)) != 1 {
		return ErrOtherBrowser
	}
	return nil
}

// browser returns the value of the connection's cookie. Two cookies of the name are none: one of them was planted.
func (k *Keeper) browser(r *http.Request) (string, bool) {
	found := r.CookiesNamed(k.cookie)
	if len(found) != 1 || len(found[0].Value) != 22 {
		return "", false
	}
	return found[0].Value, true
}

func mark(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (k *Keeper) key(handle string) string {
	sum := sha256.Sum256([]byte(k.connection + "\x00" + handle))
	return "p" + base64.RawURLEncoding.EncodeToString(sum[:])
}
