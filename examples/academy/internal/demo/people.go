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

// peopleOf lists the users of a connection: the accounts of its realm, each side of a dual-role user for itself, and
// somebody who has no account yet.
func peopleOf(f config.File, info tenant.Info) []person {
	var out []person
	for _, a := range f.Accounts {
		if a.Realm != info.Realm {
			continue
		}
		p := person{
			name: strings.TrimSpace(a.FirstName + " " + a.LastName), externalID: a.ExternalID, email: a.Email,
			first: a.FirstName, last: a.LastName, role: a.Role, single: a.DualRole == "",
		}
		p.name = cmp.Or(p.name, a.Email)
		p.key = a.Email + " " + a.Role
		switch {
		case a.DualRole != "":
			manager := p
			manager.role, manager.dual, manager.key = string(a.DualRole), true, a.Email+" "+string(a.DualRole)
			manager.name += ", as " + manager.role
			manager.note = "The other side of the same user. Sends dualRole and the role."
			p.name += ", as " + p.role
			p.note, p.dual = "A dual-role user. Sends dualRole and the role.", true
			out = append(out, p, manager)
			continue
		case a.ExternalID == "":
			p.unlinked, p.externalID = true, "x-"+localPart(a.Email)
			p.note = "Has an account without an external id: refused until an administrator links it to " + p.externalID + "."
		case a.Role == lmssso.StudentRole:
			p.note = "A learner with an account."
		default:
			p.note = "Has the role " + a.Role + "."
		}
		out = append(out, p)
	}
	return append(out, newcomer(f, info))
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
