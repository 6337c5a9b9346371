package ssolog

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
)

// digest stands for an identifier of a user, so that a filter can find them although the identifier is not kept.
type digest [16]byte

// identifier makes digests and pseudonyms with a key of the process. Without the key a digest cannot be tested against a
// list of known addresses.
type identifier struct {
	mac func() hash.Hash // holds the key, so that printing a Log does not show it
}

func newIdentifier(key []byte) identifier {
	return identifier{mac: func() hash.Hash { return hmac.New(sha256.New, key) }}
}

// hasher makes digests one after the other.
type hasher struct{ mac hash.Hash }

func (h hasher) sum(use, text string) []byte {
	h.mac.Reset()
	_, _ = io.WriteString(h.mac, use+"\x00"+text) // a hash never fails
	return h.mac.Sum(nil)
}

// exact is the digest of an external id or a name id, whose case matters.
func (h hasher) exact(id string) digest { return digest(h.sum("exact", id)[:16]) }

// email is the digest of an address, whose case does not.
func (h hasher) email(address string) digest {
	return digest(h.sum("email", strings.ToLower(address))[:16])
}

// pseudonym names the user of a login without saying who it is: the same for one user, whatever the protocol, while the
// process lives. It is "" when the login names nobody.
func (h hasher) pseudonym(a *lmssso.Assertion) string {
	name := a.Link.ExternalID
	if name == "" {
		name = a.Subject.Value
	}
	if name == "" {
		return ""
	}
	return "user-" + hex.EncodeToString(h.sum("pseudonym", a.Link.Realm+"\x00"+name)[:6])
}

// subject is who an attempt is about.
type subject struct {
	names     []string // every text that identifies the user
	pseudonym string
	digests   []digest // what finds the user
}

func (i identifier) subject(t *lmssso.Attempt) subject {
	u := subject{names: identifiers(t)}
	if len(u.names) == 0 {
		return u
	}
	h := hasher{i.mac()}
	for _, name := range u.names {
		u.digests = append(u.digests, h.exact(name))
		if strings.Contains(name, "@") {
			u.digests = append(u.digests, h.email(name))
		}
	}
	if t.Assertion == nil {
		return u
	}
	if u.pseudonym = h.pseudonym(t.Assertion); u.pseudonym != "" {
		u.digests = append(u.digests, h.exact(u.pseudonym))
	}
	return u
}

// finder returns what tells whether one of the digests stands for the text an administrator typed.
func (i identifier) finder(user string) func([]digest) bool {
	h := hasher{i.mac()}
	exact, email := h.exact(user), h.email(user)
	return func(known []digest) bool { return slices.Contains(known, exact) || slices.Contains(known, email) }
}

// identifiers returns every text that says who an attempt is about.
func identifiers(t *lmssso.Attempt) []string {
	var all []string
	if a := t.Assertion; a != nil {
		all = append(all, a.Link.ExternalID, a.Subject.Value)
		all = append(all, a.Profile.Email.All()...)
	}
	if o := t.Outcome; o != nil {
		all = append(all, o.Account.ID, o.Account.Link.ExternalID, o.Account.Email)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(id string) bool { return id == "" })
}
