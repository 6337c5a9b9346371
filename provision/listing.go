package provision

import (
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// listing is one list of grants over all its spellings, such as courses by slug and by SKU.
type listing struct {
	// label names the kind of grant in changes, such as course.
	label string
	// keys names the attributes the list came from.
	keys string
	// state is absent when every spelling is, else blank when none is present.
	state attrs.State
	// found holds what the directory knows, by the name accounts hold it under, sorted and without repeats.
	found []string
	// unknown holds the names the directory does not know, or knows several of, as sent.
	unknown []string
}

// spelling is one attribute that lists items by one of their names.
type spelling[T any] struct {
	value attrs.Value
	name  func(*T) string
}

// list resolves every spelling against the facts. id is the name accounts hold.
func list[T any](label string, keys attrs.Key, items []T, id func(*T) string, spellings ...spelling[T]) listing {
	l := listing{label: label, keys: string(keys)}
	for _, s := range spellings {
		l.state = union(l.state, s.value.State())
		if s.value.IsPresent() {
			resolve(&l, items, id, s)
		}
	}
	slices.Sort(l.found)
	l.found = slices.Compact(l.found)
	return l
}

// union is the state of a list with two spellings.
func union(a, b attrs.State) attrs.State {
	switch {
	case a == attrs.Present || b == attrs.Present:
		return attrs.Present
	case a == attrs.Blank || b == attrs.Blank:
		return attrs.Blank
	}
	return attrs.Absent
}

// resolve adds the names of one spelling.
func resolve[T any](l *listing, items []T, id func(*T) string, s spelling[T]) {
	find := func(name string) string { return only(items, id, s.name, name) }
	if len(items) > fewItems {
		byName := make(map[string]string, len(items))
		for i := range items {
			name, own := s.name(&items[i]), id(&items[i])
			if first, seen := byName[name]; seen && first != own {
				own = ""
			}
			byName[name] = own
		}
		find = func(name string) string { return byName[name] }
	}
	for _, name := range s.value.All() {
		if found := find(name); found != "" {
			l.found = append(l.found, found)
		} else {
			l.unknown = append(l.unknown, name)
		}
	}
}

// fewItems is how many facts are quicker to walk than to index. Above it an index keeps thousands of names from costing
// millions of comparisons.
const fewItems = 16

// only returns the id of the one item with the name; "" for none. A name that stands for two items stands for none:
// guessing would grant the wrong one.
func only[T any](items []T, id, nameOf func(*T) string, name string) string {
	found, seen := "", false
	for i := range items {
		if nameOf(&items[i]) != name {
			continue
		}
		own := id(&items[i])
		if seen && found != own {
			return ""
		}
		found, seen = own, true
	}
	return found
}

// warnUnknown records the names that granted nothing (rule 12).
func (pl *planner) warnUnknown(l listing) {
	for _, name := range l.unknown[:min(len(l.unknown), maxNamed)] {
		pl.note(lmssso.ChangeWarning, l.label+":"+show(name), "the directory does not know it by this name, so it was not granted")
	}
	if len(l.unknown) > maxNamed {
		pl.note(lmssso.ChangeWarning, l.label, "further unknown names were not granted")
	}
}

// refuseUnknown refuses names the directory does not know, where a typing error would do harm (rule 12).
func refuseUnknown(l listing, why string) error {
	if len(l.unknown) == 0 {
		return nil
	}
	return &lmssso.Error{
		Reason: lmssso.ErrUnknownGrant, Detail: "no " + l.label + " has this name in " + l.keys + "; " + why, Received: showAll(l.unknown),
	}
}

// replaces reports whether a replace flag governs the family of lists. A family nobody mentioned is the classic accident
// (SSO guide, "Items or Access have been removed"): it is refused unless the policy takes it as an order. A blank list is
// an order to revoke all.
func (pl *planner) replaces(flag bool, key attrs.Key, family ...listing) (bool, error) {
	if !flag {
		return false, nil
	}
	state, keys := attrs.Absent, make([]string, 0, len(family))
	for _, l := range family {
		if err := refuseUnknown(l, string(key)+" is on, and a misspelt name would revoke the right one"); err != nil {
			return false, err
		}
		state, keys = union(state, l.state), append(keys, l.keys)
	}
	if state == attrs.Absent && !pl.policy.ReplaceAbsentMeansEmpty {
		return false, &lmssso.Error{
			Reason: lmssso.ErrAmbiguousReplace, Detail: string(key) + " is on and no list it governs came with it",
			Expected: "at least one of " + strings.Join(keys, ", ") + ", blank to revoke all",
		}
	}
	return true, nil
}

// replacing returns why a flag in force revokes; "" when it is not in force.
func replacing(on bool, flag attrs.Key) string {
	if on {
		return string(flag) + " is on and no list it governs names this"
	}
	return ""
}

// update returns what is held after granting what is listed and, when revoking has a reason, revoking the rest. The
// result is held itself when nothing changes, else a new list.
func (pl *planner) update(l listing, held []string, whyRevoke string) []string {
	var granted, revoked []string
	for _, id := range l.found {
		if !slices.Contains(held, id) {
			granted = append(granted, id)
			pl.note(lmssso.ChangeGrant, l.label+":"+show(id), "listed in "+l.keys)
		}
	}
	if whyRevoke != "" {
		revoked = pl.revoke(l, held, whyRevoke)
	}
	if len(granted)+len(revoked) == 0 {
		return held
	}
	after := slices.DeleteFunc(slices.Concat(held, granted), func(id string) bool {
		_, gone := slices.BinarySearch(revoked, id)
		return gone
	})
	slices.Sort(after)
	return slices.Compact(after)
}

// revoke records and returns, sorted, what is held and not listed.
func (pl *planner) revoke(l listing, held []string, why string) []string {
	var revoked []string
	for _, id := range held {
		if _, listed := slices.BinarySearch(l.found, id); !listed {
			revoked = append(revoked, id)
			pl.note(lmssso.ChangeRevoke, l.label+":"+show(id), why)
		}
	}
	slices.Sort(revoked)
	return revoked
}
