package sqldir

import (
	"math/bits"
	"strconv"
	"strings"

	"github.com/lmssso/lmssso/provision"
)

// question is the statement of a Read. Everything asked for is an arm of one UNION, each found by an index of its own.
type question struct {
	prefix string
	found  []string // arms that find accounts
	named  []string // arms that find facts by name
	args   []any
}

// arg adds a parameter and returns its placeholder.
func (q *question) arg(v string) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// accounts asks for the accounts of a query.
func (q *question) accounts(want provision.Query) {
	if !want.Link.IsZero() && storable(want.Link.Realm) && storable(want.Link.ExternalID) {
		q.account("link", "realm = "+q.arg(want.Link.Realm)+" AND external_id = "+q.arg(want.Link.ExternalID))
	}
	if want.Email != "" && storable(want.Link.Realm) && storable(want.Email) {
		q.account("email", "realm = "+q.arg(want.Link.Realm)+" AND email = "+q.arg(want.Email))
	}
	if want.AccountID != "" && storable(want.AccountID) {
		id := q.arg(want.AccountID)
		q.account("id", "id = "+id)
		q.account("id", "pair_id <> '' AND id <> "+id+" AND pair_id = (SELECT pair_id FROM "+q.prefix+"accounts WHERE id = "+id+")")
	}
}

func (q *question) account(part, where string) {
	q.found = append(q.found, "SELECT '"+part+"' AS part, id, tenant, version, doc FROM "+q.prefix+"accounts WHERE "+where)
}

// facts asks for every role and what is known of the names.
func (q *question) facts(n provision.Names) {
	q.fact(roleKind, "")
	q.factsBy(courseKind, "id", n.CourseSlugs)
	q.factsBy(courseKind, "sku", n.CourseSKUs)
	q.factsBy(pathKind, "id", n.LearningPaths)
	q.factsBy(bundleKind, "id", n.Bundles)
	q.factsBy(licenseKind, "id", n.LicenseIDs)
	q.factsBy(licenseKind, "sku", n.LicenseSKUs)
	q.factsBy(tenantKind, "id", n.TenantIDs)
	q.factsBy(tenantKind, "sku", n.TenantSKUs)
	q.factsBy(tenantKind, "slug", n.TenantSlugs)
}

// factsBy asks for the facts whose column is one of the names. The list is filled up to a power of two with its last
// name, so that logins share a small number of statements and the database its plans.
func (q *question) factsBy(kind, column string, list []string) {
	list = names(list)
	if len(list) == 0 {
		return
	}
	places := make([]string, 1<<bits.Len(uint(len(list)-1)))
	for i := range places {
		places[i] = q.arg(list[min(i, len(list)-1)])
	}
	// That the column is not empty is what lets the databases use the index of those that are not.
	q.fact(kind, " AND "+column+" <> '' AND "+column+" IN ("+strings.Join(places, ", ")+")")
}

func (q *question) fact(kind, where string) {
	q.named = append(q.named, "SELECT '"+kind+"' AS part, id, tenant, 0 AS version, doc FROM "+q.prefix+"catalogue WHERE kind = '"+kind+"'"+where)
}

// statement puts the arms together, and adds the tenants of every account and licence found.
func (q *question) statement() string {
	const columns = "SELECT part, id, version, doc FROM "
	var with, selects, owners []string
	add := func(name string, arms []string) {
		if len(arms) > 0 {
			with = append(with, name+" AS ("+strings.Join(arms, "\nUNION ALL ")+")")
			selects = append(selects, columns+name)
			owners = append(owners, "SELECT tenant FROM "+name+" WHERE tenant <> ''")
		}
	}
	add("found", q.found)
	add("named", q.named)
	return "WITH " + strings.Join(with, ",\n") + "\n" + strings.Join(selects, "\nUNION ALL ") +
		"\nUNION ALL SELECT '" + tenantKind + "', id, 0, doc FROM " + q.prefix + "catalogue WHERE kind = '" + tenantKind +
		"' AND id IN (" + strings.Join(owners, " UNION ") + ")"
}
