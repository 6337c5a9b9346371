package attrs

import (
	"maps"
	"slices"
	"strings"
)

// Mapper is a checked mapping, ready for logins. It is immutable and safe for concurrent use.
type Mapper struct {
	rules []rule
	names map[string]int // every name a rule can start from, numbered
}

// rule is one entry of a mapping, taken apart once.
type rule struct {
	key     Key
	kind    Kind
	field   string // the custom field a text sets; "" for an attribute of the catalogue
	sources []sourceName
	split   string
	values  map[string]string
	limits  limits
}

// sourceName is a provider's name, and the path it stands for where no claim has that exact name.
type sourceName struct {
	name  string
	path  []string
	whole int // the number of name
	first int // the number of path's first step
}

// NewMapper checks a mapping and compiles it. Its error is [Faults], every one of them. The mapping is copied.
func NewMapper(m Mapping) (*Mapper, error) {
	if faults := m.Check(); len(faults) > 0 {
		return nil, faults
	}
	out := &Mapper{rules: make([]rule, 0, len(m)), names: map[string]int{}}
	kinds := catalogueKinds()
	for _, k := range m.keys() {
		s := m[k]
		if len(s.From) == 0 {
			continue
		}
		kind, _ := kindOf(k, kinds)
		field, _ := k.field()
		r := rule{key: k, kind: kind, field: field, split: s.Split, values: maps.Clone(s.Values), limits: limitsOf(k)}
		for _, name := range s.From {
			r.sources = append(r.sources, out.source(name))
		}
		out.rules = append(out.rules, r)
	}
	return out, nil
}

// source takes a provider's name apart and numbers what it can start from.
func (m *Mapper) source(name string) sourceName {
	number := func(n string) int {
		if _, ok := m.names[n]; !ok {
			m.names[n] = len(m.names)
		}
		return m.names[n]
	}
	s := sourceName{name: name, path: pathOf(name), whole: number(name)}
	if s.path != nil {
		s.first = number(s.path[0])
	}
	return s
}

// pathOf returns the steps a nested name stands for; nil for a plain one.
func pathOf(name string) []string {
	if pointer, ok := strings.CutPrefix(name, "/"); ok {
		steps := strings.Split(pointer, "/")
		for i, s := range steps {
			steps[i] = strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
		}
		return steps
	}
	steps := strings.Split(name, ".")
	if len(steps) < 2 || slices.Contains(steps, "") {
		return nil
	}
	return steps
}

// Apply reads one login. It returns the set of what was said, or the first refusal as an [*Error] and a zero Set.
//
// Beyond what the mapping says: a deprecated licenseSkus joins studentLicenseSkus, a full name becomes first and last
// name when neither arrived, and a blank email, external id or role is refused, since an account cannot be without.
func (m *Mapper) Apply(in Incoming) (Set, error) {
	s := Set{said: make([]mention, 0, min(len(m.rules), in.Len()))}
	var room [manyNames]int32
	l := login{in: &in, place: room[:]}
	l.note(m.names)
	for i := range m.rules {
		if !l.hasAny(m.rules[i].sources) {
			continue
		}
		if err := m.rules[i].apply(&l, &s); err != nil {
			if err.Key == "" {
				err.Key = m.rules[i].key
			}
			return Set{}, err
		}
	}
	for _, k := range [...]Key{ExternalID, Email, Role} {
		if s.Get(k).State() == Blank {
			return Set{}, blankError(k, in.Names())
		}
	}
	s.joinDeprecated()
	s.splitFullName()
	return s, nil
}

// apply finds the attribute and puts its value into the set.
func (r *rule) apply(l *login, s *Set) *Error {
	p, found, err := r.find(l)
	if err != nil || !found {
		return err
	}
	if r.kind == KindMap {
		return r.putFields(p, s)
	}
	v := Cleared()
	if p.isBlank() {
		r.warnBlankFlag(s)
	} else if v, err = r.value(p, s); err != nil {
		return err
	}
	switch {
	case v.IsAbsent():
	case r.field != "":
		s.putField(r.field, v)
	default:
		s.Put(r.key, v)
	}
	return nil
}

// find returns what the first present source holds, else a blank one, and whether any source arrived at all.
func (r *rule) find(l *login) (piece, bool, *Error) {
	var blank piece
	sawBlank := false
	for i := range r.sources {
		if !l.has(&r.sources[i]) {
			continue
		}
		p, found, err := l.find(&r.sources[i])
		switch {
		case err != nil:
			return piece{}, false, err
		case found && !p.isBlank():
			return p, true, nil
		case found && !sawBlank:
			blank, sawBlank = p, true
		}
	}
	return blank, sawBlank, nil
}

// value reads a piece that is not blank by the attribute's kind. An absent value says that nothing was left of it.
func (r *rule) value(p piece, s *Set) (Value, *Error) {
	switch r.kind {
	case KindFlag:
		return r.flag(p)
	case KindTime:
		return r.time(p)
	case KindList:
		return r.list(p, s)
	default:
		return r.text(p, s)
	}
}

func (r *rule) flag(p piece) (Value, *Error) {
	if p.shape == shapeList || p.shape == shapeObject {
		return Value{}, flagError(r.key, p.describe())
	}
	on, err := ParseFlag(r.key, Text(p.text))
	switch {
	case err != nil: // describe the number or the boolean it was
		return Value{}, flagError(r.key, p.describe())
	case on:
		return Text("true"), nil
	default:
		return Text("false"), nil
	}
}

func (r *rule) warnBlankFlag(s *Set) {
	if r.kind == KindFlag {
		s.warn(r.key, "the flag came blank and was taken for false")
	}
}

// time takes a JSON number by its digits. What the number means is for the protocol to say.
func (r *rule) time(p piece) (Value, *Error) {
	if p.shape != shapeNumber {
		return Value{}, r.wrongType(p, "a JSON number")
	}
	if err := r.limits.check(r.key, p.text); err != nil {
		return Value{}, err
	}
	return Text(p.text), nil
}

// text takes one text. Several are refused even when they are the same: a message that names an attribute twice was
// put together by somebody or something that should be looked at. A table of values may choose one from several.
func (r *rule) text(p piece, s *Set) (Value, *Error) {
	if r.values != nil {
		return r.translated(p, s)
	}
	switch {
	case p.shape == shapeList && p.named:
		return Value{}, &Error{Key: r.key, Detail: "several values for an attribute that holds one", Expected: "one value", Received: p.describe()}
	case p.shape == shapeText, p.shape == shapeNumber && (isInteger(p.text) || r.field != ""), p.shape == shapeBool && r.field != "":
		if err := r.limits.check(r.key, p.text); err != nil {
			return Value{}, err
		}
		return Text(p.text), nil
	case p.shape == shapeNumber:
		return Value{}, &Error{Key: r.key, Detail: "a number with a fraction or an exponent", Expected: "a text or an integer"}
	default:
		return Value{}, r.wrongType(p, "a text")
	}
}

func (r *rule) wrongType(p piece, expected string) *Error {
	return &Error{Key: r.key, Detail: "wrong type", Expected: expected, Received: p.describe()}
}

// translated chooses the one value the mapping's table makes of one text or several.
func (r *rule) translated(p piece, s *Set) (Value, *Error) {
	items, err := r.items(p)
	if err != nil {
		return Value{}, err
	}
	total := len(items)
	items = r.translate(items, s)
	slices.Sort(items)
	items = slices.Compact(items)
	switch {
	case len(items) == 1:
		return Text(items[0]), r.limits.check(r.key, items[0])
	case len(items) > 1:
		return Value{}, &Error{Key: r.key, Detail: "the mapping makes several values of what came", Expected: "one value", Received: plural(len(items), "value")}
	case r.key == Role && total > 0:
		return Value{}, &Error{Key: r.key, Detail: "no role is mapped to what came", Expected: "what stands for " + strings.Join(r.targets(), ", "),
			Received: plural(total, "value") + ", none of them in the mapping"}
	case total == 0:
		return Cleared(), nil
	default:
		return Value{}, nil
	}
}

// targets returns what the mapping's table can make, sorted.
func (r *rule) targets() []string {
	return slices.Compact(slices.Sorted(maps.Values(r.values)))
}

// list takes several texts, or one as a list of one. When the mapping's table drops all of them nothing was said: a blank
// list would be an order to take everything away.
func (r *rule) list(p piece, s *Set) (Value, *Error) {
	items, err := r.items(p)
	if err != nil {
		return Value{}, err
	}
	total := len(items)
	if r.values != nil {
		if items = r.translate(items, s); len(items) == 0 && total > 0 {
			return Value{}, nil
		}
	}
	for _, item := range items {
		if err := r.limits.check(r.key, item); err != nil {
			return Value{}, err
		}
	}
	return listOf(items), nil
}

// items returns the texts of a piece, cut where the mapping says so.
func (r *rule) items(p piece) ([]string, *Error) {
	var items []string
	switch {
	case p.shape == shapeList:
		items = p.items
	case p.shape == shapeText, p.shape == shapeNumber && isInteger(p.text):
		items = []string{p.text}
	default:
		return nil, r.wrongType(p, "a list of texts, or one text")
	}
	if r.split != "" {
		items = splitAll(items, r.split)
	}
	if len(items) > maxListItems {
		return nil, &Error{Key: r.key, Detail: "a list that is too long", Expected: "at most " + plural(maxListItems, "value"), Received: plural(len(items), "value")}
	}
	return items, nil
}

// splitAll cuts each text at the delimiter and drops white space around the pieces, and empty pieces.
func splitAll(texts []string, delimiter string) []string {
	var out []string
	for _, text := range texts {
		for part := range strings.SplitSeq(text, delimiter) {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// translate looks each text up in the mapping's table and drops, with one warning, those not in it.
func (r *rule) translate(items []string, s *Set) []string {
	out := make([]string, 0, len(items))
	for _, item := range items {
		if ours, ok := r.values[item]; ok {
			out = append(out, ours)
		}
	}
	if dropped := len(items) - len(out); dropped > 0 {
		s.warn(r.key, plural(dropped, "value")+" not in the mapping's table dropped")
	}
	return out
}
