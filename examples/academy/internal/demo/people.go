package demo

import (
	"cmp"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/tenant"
)

// person is a user the portal can sign in.
type person struct {
	key, name, note            string
	externalID, email          string
	first, last, role          string
	dual                       bool
	unlinked, newcomer, single bool
}

// peopleOf lists the users of a connection: the accounts of its realm, each side of a dual-role user for itself where the
// dialect can say which is meant, and somebody who has no account yet.
func peopleOf(f config.File, info tenant.Info, saysRole bool) []person {
	var out []person
	for _, a := range f.Accounts {
		if a.Realm != info.Realm {
			continue
		}
		p := person{
			key: a.Email + " " + a.Role, name: cmp.Or(strings.TrimSpace(a.FirstName+" "+a.LastName), a.Email),
			externalID: a.ExternalID, email: a.Email, first: a.FirstName, last: a.LastName, role: a.Role, single: a.DualRole == "",
		}
		if a.DualRole == "" {
			p.note = "Has the role " + a.Role + "."
			out = append(out, p.as(info.Policy))
			continue
		}
		p.dual, p.note = saysRole, "A dual-role user, who comes in as the learner."
		if !saysRole {
			out = append(out, p)
			continue
		}
		p.note = "A dual-role user. Sends dualRole and the role."
		other := p
		other.role, other.key = string(a.DualRole), a.Email+" "+string(a.DualRole)
		p.name, other.name = p.name+", as "+p.role, p.name+", as "+other.role
		out = append(out, p.as(info.Policy), other.as(info.Policy))
	}
	return append(out, newcomer(f, info))
}

// as says what becomes of a user who is not simply signed in.
func (p person) as(policy lmssso.Policy) person {
	switch {
	case !policy.AllowsRole(p.role):
		p.note = "Refused: this connection may not sign in the role " + p.role + "."
	case p.externalID == "" && policy.Accounts.IdentityByEmail:
		p.unlinked, p.externalID = true, "x-"+localPart(p.email)
		p.note = "Has an account without an external id. This connection finds it by email, once."
	case p.externalID == "":
		p.unlinked, p.externalID = true, "x-"+localPart(p.email)
		p.note = "Has an account without an external id: refused until an administrator links it to " + p.externalID + "."
	case p.role == lmssso.StudentRole && !p.dual:
		p.note = "A learner with an account."
	}
	return p
}

// newcomer is somebody without an account, whom the first sign-in creates.
func newcomer(f config.File, info tenant.Info) person {
	domain := "example.com"
	if len(info.Policy.EmailDomains) > 0 {
		domain = info.Policy.EmailDomains[0]
	}
	return person{
		key: "newcomer", name: "Nora Quist", note: "Has no account: the first sign-in creates one.",
		externalID: "n-1001", email: "nora@" + domain, first: "Nora", last: "Quist", role: lmssso.StudentRole,
		newcomer: true, single: true,
	}
}

func localPart(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return local
}

// find returns the person with the key.
func (c *connection) find(key string) (person, bool) {
	for _, p := range c.people {
		if p.key == key {
			return p, true
		}
	}
	return person{}, false
}

// with returns the first person the test holds for, other than the one excepted.
func (c *connection) with(except string, test func(person) bool) (person, bool) {
	for _, p := range c.people {
		if p.key != except && test(p) {
			return p, true
		}
	}
	return person{}, false
}
