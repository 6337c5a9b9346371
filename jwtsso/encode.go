package jwtsso

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// outClaim is one attribute's place in a token.
type outClaim struct {
	key   attrs.Key
	kind  attrs.Kind
	name  string // as JSON, with quotes and colon
	split string
}

// initClaims turns the dialect's mapping round: what is read from a claim is written to it.
func (i *Issuer) initClaims() error {
	i.place = map[attrs.Key]int{}
	taken := map[string]bool{}
	for _, name := range i.stamped() {
		taken[strings.ToLower(name)] = true
	}
	var f faults
	for _, a := range attrs.Catalogue() {
		source, ok := i.cfg.Dialect.Claims[a.Key]
		if !ok || len(source.From) == 0 || a.Kind == attrs.KindTime {
			continue
		}
		name := source.From[0]
		f.add(strings.HasPrefix(name, "/"), "Claims.%s is a path: an Issuer writes claims of the top level", a.Key)
		f.add(source.Values != nil, "Claims.%s translates values: an Issuer cannot tell which of theirs to write", a.Key)
		f.add(taken[strings.ToLower(name)], "Claims.%s uses the claim %q, which is taken", a.Key, name)
		taken[strings.ToLower(name)] = true
		i.place[a.Key] = len(i.claims)
		i.claims = append(i.claims, outClaim{key: a.Key, kind: a.Kind, name: string(appendText(nil, name)) + ":", split: source.Split})
	}
	if len(f) > 0 {
		return refuse(ErrDialect, lmssso.Error{Detail: "dialect " + quoted(i.cfg.Dialect.Name) + ": " + strings.Join(f, "; ")})
	}
	var err error
	i.mapper, err = attrs.NewMapper(i.cfg.Dialect.Claims)
	return err
}

// stamped lists the claims an Issuer writes by itself.
func (i *Issuer) stamped() []string {
	return []string{i.cfg.Dialect.Time.Claim, "iat", "exp", "nbf", "iss", "aud", i.cfg.Dialect.TokenID.Claim}
}

// payload writes the claims. A blank attribute is null, which every platform here takes as an order to clear.
func (i *Issuer) payload(set *said) ([]byte, error) {
	w := writer{buf: make([]byte, 0, 512), ordinary: true}
	w.byte('{')
	if err := i.stamp(&w); err != nil {
		return nil, err
	}
	for _, n := range i.mentioned(set) {
		if err := w.claim(i.claims[n], set); err != nil {
			return nil, err
		}
	}
	w.byte('}')
	if !w.ordinary {
		if err := i.readBack(w.buf); err != nil {
			return nil, err
		}
	}
	if i.cfg.Dialect.Codec != nil {
		return i.encode(w.buf)
	}
	return w.buf, nil
}

// mentioned returns the places of the claims due, in the catalogue's order. What has no place was let go.
func (i *Issuer) mentioned(set *said) []int {
	out := make([]int, 0, 16)
	for _, m := range set.list {
		if n, ok := i.place[m.key]; ok {
			out = append(out, n)
		}
	}
	if n, ok := i.place[attrs.CustomFields]; ok && len(set.fields) > 0 {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// carries reports whether the dialect has a claim for an attribute.
func (i *Issuer) carries(k attrs.Key) bool {
	_, ok := i.place[k]
	return ok
}

// stamp writes what makes the token fresh and unique.
func (i *Issuer) stamp(w *writer) error {
	rules, now := i.cfg.Dialect.Time, i.cfg.Now()
	in := func(t time.Time, unit time.Duration) int64 { return t.UnixMilli() / int64(unit/time.Millisecond) }
	if rules.Claim != "iat" {
		at := now
		if rules.EndsAt {
			at = now.Add(i.cfg.Lifetime)
		}
		w.number(rules.Claim, in(at, rules.Unit))
		w.number("iat", now.Unix())
	} else {
		w.number("iat", in(now, rules.Unit))
	}
	if i.cfg.Lifetime > 0 && rules.Claim != "exp" {
		w.number("exp", now.Add(i.cfg.Lifetime).Unix())
	}
	if i.cfg.Expect.Issuer != "" {
		w.text("iss", i.cfg.Expect.Issuer)
	}
	if i.cfg.Expect.Audience != "" {
		w.text("aud", i.cfg.Expect.Audience)
	}
	return i.stampID(w)
}

func (i *Issuer) stampID(w *writer) error {
	name := i.cfg.Dialect.TokenID.Claim
	if name == "" {
		return nil
	}
	var id [16]byte
	if _, err := io.ReadFull(i.cfg.Random, id[:]); err != nil {
		return refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "no random bits for the token's id", Err: err})
	}
	w.text(name, base64.RawURLEncoding.EncodeToString(id[:]))
	return nil
}

// readBack reads the claims as the platform's side of this library would. It is asked only when a text is out of the
// ordinary; the rules for texts then stand in one place.
func (i *Issuer) readBack(payload []byte) error {
	if _, err := parseObject(string(payload), "claims", payloadLimits()); err != nil {
		return refuse(lmssso.ErrAttributeInvalid, lmssso.Error{Detail: "a text that no token can carry", Err: err})
	}
	in, err := attrs.FromJSON(payload)
	if err != nil {
		return lmssso.AttributeError(err)
	}
	_, err = i.mapper.Apply(in)
	return lmssso.AttributeError(err)
}

// encode passes the claims through the dialect's codec.
func (i *Issuer) encode(payload []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	var c Claims
	if err := dec.Decode(&c); err != nil {
		return nil, refuse(ErrCodec, lmssso.Error{Detail: "the claims cannot be decoded", Err: err})
	}
	c, err := i.cfg.Dialect.Codec.Encode(c)
	if err != nil {
		return nil, refuse(ErrCodec, lmssso.Error{Detail: "the dialect's codec refused the claims", Err: err})
	}
	out, err := json.Marshal(c)
	if err != nil {
		return nil, refuse(ErrCodec, lmssso.Error{Detail: "the codec's claims have no JSON form", Err: err})
	}
	if _, err := parseObject(string(out), "claims", payloadLimits()); err != nil {
		return nil, refuse(ErrCodec, lmssso.Error{Detail: "the codec's claims would be refused", Err: err})
	}
	return out, nil
}

// writer writes the members of one JSON object.
type writer struct {
	buf []byte
	// ordinary says that there are few values so far and every text is short printable ASCII, about which there is nothing
	// to check.
	ordinary bool
	values   int
}

func (w *writer) byte(c byte) { w.buf = append(w.buf, c) }

// name writes a member's name, given as JSON with its colon, after a comma where one is due.
func (w *writer) name(quotedName string) {
	w.comma()
	w.buf = append(w.buf, quotedName...)
}

func (w *writer) key(name string) {
	w.comma()
	w.buf = append(appendText(w.buf, name), ':')
}

func (w *writer) comma() {
	if w.buf[len(w.buf)-1] != '{' {
		w.byte(',')
	}
}

func (w *writer) number(name string, n int64) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *writer) text(name, s string) {
	w.key(name)
	w.value(s)
}

// claim writes one attribute, if the set mentions it.
func (w *writer) claim(c outClaim, set *said) error {
	if c.kind == attrs.KindMap {
		w.fields(c, set.fields)
		return nil
	}
	v := set.get(c.key)
	w.name(c.name)
	switch {
	case v.State() == attrs.Blank:
		w.buf = append(w.buf, "null"...)
	case c.kind == attrs.KindList:
		w.list(v.All(), c.split)
	case c.kind == attrs.KindFlag:
		on, err := attrs.ParseFlag(c.key, v)
		if err != nil {
			return lmssso.AttributeError(err)
		}
		w.buf = strconv.AppendBool(w.buf, on)
	case v.Len() > 1:
		return refuse(lmssso.ErrAttributeInvalid, lmssso.Error{Detail: string(c.key) + " holds several texts", Expected: "one"})
	default:
		w.value(v.String())
	}
	return nil
}

// list writes an array, or one delimited text where the dialect reads those.
func (w *writer) list(items []string, split string) {
	if split != "" {
		w.value(strings.Join(items, split))
		return
	}
	w.byte('[')
	for i, item := range items {
		if i > 0 {
			w.byte(',')
		}
		w.value(item)
	}
	w.byte(']')
}

// fields writes the custom fields mentioned, in order.
func (w *writer) fields(c outClaim, fields map[string]attrs.Value) {
	w.name(c.name)
	w.byte('{')
	names := make([]string, 0, 8)
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	w.ordinary = w.ordinary && areDistinct(names)
	for _, name := range names {
		v := fields[name]
		if v.IsAbsent() {
			continue
		}
		w.ordinary = w.ordinary && isOrdinary(name)
		w.key(name)
		if v.State() == attrs.Blank {
			w.buf = append(w.buf, "null"...)
		} else {
			w.value(v.String())
		}
	}
	w.byte('}')
}

func (w *writer) value(s string) {
	w.values++
	w.ordinary = w.ordinary && w.values <= 256 && isOrdinary(s)
	w.buf = appendText(w.buf, s)
}

// areDistinct reports whether names are few and plainly differ in more than case. Letters beyond ASCII are not plain:
// isOrdinary sends those to be read back.
func areDistinct(names []string) bool {
	if len(names) > 32 {
		return false
	}
	for i, name := range names {
		if name == "" || len(name) > 256 || slices.ContainsFunc(names[:i], func(other string) bool { return strings.EqualFold(name, other) }) {
			return false
		}
	}
	return true
}

// isOrdinary reports whether a text is short printable ASCII.
func isOrdinary(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= 1024
}

// appendText writes a JSON string. Bad UTF-8 goes through as it is and is found by reading back.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		b = append(b, s[start:i]...)
		if c < ' ' {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			b = append(b, '\\', c)
		}
		start = i + 1
	}
	return append(append(b, s[start:]...), '"')
}
