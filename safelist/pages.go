package safelist

import (
	"maps"
	"slices"
)

// Pages says which page of the site a user lands on when the login asks for none, or for one that is not allowed, by
// role: a student's dashboard, an administrator's (Thinkific, "Safelisted domains": the default page depends on the
// user's role). It is immutable. A nil *Pages sends everybody to "/".
type Pages struct {
	other  string
	byRole map[string]string
}

// NewPages makes pages: one for each role slug listed, and other for the rest. Each must be a path of the site itself; a
// faulty one gives a [*ConfigError] that names every fault.
func NewPages(other string, byRole map[string]string) (*Pages, error) {
	var own *List // accepts only paths of the site
	var faults []Fault
	check := func(path, page string) {
		if _, err := own.Check(page); err != nil {
			faults = append(faults, Fault{path, "must be a path of the site itself, such as /dashboard"})
		}
	}
	check("pages.default", other)
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		check("pages."+role, byRole[role])
	}
	if len(faults) > 0 {
		return nil, &ConfigError{faults}
	}
	return &Pages{other: other, byRole: maps.Clone(byRole)}, nil
}

// For returns the page of a role.
func (p *Pages) For(role string) string {
	if p == nil {
		return "/"
	}
	if page, ok := p.byRole[role]; ok {
		return page
	}
	return p.other
}
