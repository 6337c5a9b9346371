package config

import (
	"encoding/json"
	"errors"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/tenant"
)

// Role is a role of the catalogue: an object, or a bare text. A bare text is a manager of the whole site, except student,
// which is a learner within a tenant.
type Role provision.Role

// UnmarshalJSON reads either form.
func (r *Role) UnmarshalJSON(doc []byte) error {
	var slug string
	if json.Unmarshal(doc, &slug) == nil {
		*r = bareRole(slug)
		return nil
	}
	var object struct {
		Slug  string          `json:"slug"`
		Kind  lmssso.Side     `json:"kind"`
		Scope provision.Scope `json:"scope"`
	}
	err := tenant.Decode(doc, &object)
	*r = Role(object) // what could be read is checked all the same
	return nested(err)
}

func bareRole(slug string) Role {
	if slug == lmssso.StudentRole {
		return Role{Slug: slug, Kind: lmssso.Learner, Scope: provision.TenantScope}
	}
	return Role{Slug: slug, Kind: lmssso.Manager, Scope: provision.SiteScope}
}

// DualRole is the role of a user's other side: its slug, or {"role": slug}, or null for a user with one role.
type DualRole string

// UnmarshalJSON reads each form.
func (d *DualRole) UnmarshalJSON(doc []byte) error {
	var slug string
	if json.Unmarshal(doc, &slug) == nil {
		*d = DualRole(slug)
		return nil
	}
	var object struct {
		Role string `json:"role"`
	}
	err := tenant.Decode(doc, &object)
	*d = DualRole(object.Role)
	return nested(err)
}

// nested returns faults within a value in the form tenant.Decode puts the value's own path before.
func nested(err error) error {
	var faults tenant.Faults
	if !errors.As(err, &faults) {
		return err
	}
	out := make(attrs.Faults, len(faults))
	for i, f := range faults {
		out[i] = attrs.Fault{Path: f.Path, Text: f.Text}
	}
	return out
}
