// Package memory keeps accounts and the catalogue in the memory of one process: for tests, demonstrations and programs
// that load their users at start. It passes the whole suite of provision/provisiontest.
//
// [New] takes the catalogue ([provision.Facts]) and the accounts there are from the beginning; the [Directory] then
// serves a [provision.Service]. The catalogue does not change afterwards; accounts do, and are gone with the process.
package memory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// Config says what a directory holds when it is made.
type Config struct {
	// Facts is the whole catalogue: roles, courses, learning paths, bundles, licences, tenants. Slugs and ids must be
	// unique, and so must SKUs of one kind.
	Facts provision.Facts
	// Accounts are there from the beginning. An account without an ID is given one; one without a Side gets its role's
	// kind. Emails are stored lower-cased.
	Accounts []lmssso.Account
}

// Directory is a [provision.Directory] in memory. It is safe for concurrent use.
type Directory struct {
	catalogue catalogue

	mu       sync.RWMutex
	accounts map[string]lmssso.Account // by id
	byLink   map[lmssso.Link][]string  // ids; one, or the two sides of a pair
	byEmail  map[inRealm][]string      // ids; one, or the two sides of a pair
	byPair   map[string][]string       // ids of the two sides
	made     int                       // accounts given an id so far
}

var _ provision.Directory = (*Directory)(nil)

// inRealm is an email address within the realm it is unique in.
type inRealm struct{ realm, email string }

// New makes a directory. It refuses, with [lmssso.ErrConfiguration], a catalogue or accounts that contradict themselves,
// and names every fault at once.
func New(cfg Config) (*Directory, error) {
	c, faults := newCatalogue(cfg.Facts)
	d := &Directory{
		catalogue: c,
		accounts:  make(map[string]lmssso.Account, len(cfg.Accounts)),
		byLink:    make(map[lmssso.Link][]string),
		byEmail:   make(map[inRealm][]string),
		byPair:    make(map[string][]string),
	}
	faults = append(faults, d.seed(cfg.Accounts)...)
	if len(faults) > 0 {
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: strings.Join(faults, "; ")}
	}
	return d, nil
}

// seed stores the first accounts and returns what is wrong with them, by their place in the list.
func (d *Directory) seed(accounts []lmssso.Account) (faults []string) {
	for i, a := range accounts {
		at := "accounts[" + strconv.Itoa(i) + "]: "
		role, known := d.catalogue.roles[a.Role]
		if !known {
			faults = append(faults, at+"the role is not in the catalogue")
			continue
		}
		if a.Side == "" {
			a.Side = role.Kind
		}
		a.Email = strings.ToLower(a.Email)
		switch _, taken := d.accounts[a.ID]; {
		case a.Side != role.Kind:
			faults = append(faults, at+"the side is not the role's kind")
		case a.Link.Realm == "":
			faults = append(faults, at+"the realm is empty")
		case taken:
			faults = append(faults, at+"the id is used twice")
		case a.Tenant != "" && !has(d.catalogue.tenants, a.Tenant):
			faults = append(faults, at+"the tenant is not in the catalogue")
		case !d.free([]lmssso.Account{a}):
			faults = append(faults, at+"the external id or the email is used twice")
		default:
			d.put(clone(a))
		}
	}
	return faults
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

// Read implements [provision.Directory].
func (d *Directory) Read(ctx context.Context, q provision.Query) (provision.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return provision.Snapshot{}, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := provision.Snapshot{Query: q}
	if !q.Link.IsZero() {
		s.ByLink = d.copies(d.byLink[q.Link])
	}
	if q.Email != "" {
		s.ByEmail = d.copies(d.byEmail[inRealm{q.Link.Realm, q.Email}])
	}
	if a, ok := d.accounts[q.AccountID]; ok {
		s.ByID = d.copies(d.withPair(a))
	}
	s.Facts = d.catalogue.mentioned(q.Names, s)
	return s, nil
}

// withPair returns the account's id and that of its other side.
func (d *Directory) withPair(a lmssso.Account) []string {
	if a.PairID == "" {
		return []string{a.ID}
	}
	return d.byPair[a.PairID]
}

// Accounts returns every account in the order of their ids, for pages that list them.
func (d *Directory) Accounts(ctx context.Context) ([]lmssso.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]lmssso.Account, 0, len(d.accounts))
	for _, a := range d.accounts {
		out = append(out, clone(a))
	}
	slices.SortFunc(out, func(a, b lmssso.Account) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// copies returns the accounts with these ids, sharing nothing with what is stored.
func (d *Directory) copies(ids []string) []lmssso.Account {
	if len(ids) == 0 {
		return nil
	}
	out := make([]lmssso.Account, len(ids))
	for i, id := range ids {
		out[i] = clone(d.accounts[id])
	}
	return out
}
