package stores

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/provision/sqldir"
)

// Directory is what the academy needs of its accounts: the library's contract, and a listing for its pages.
type Directory interface {
	provision.Directory
	// List returns a page of accounts, by email.
	List(ctx context.Context, f Filter) ([]lmssso.Account, error)
}

// Filter says which accounts a page lists. A page shorter than its limit is the last one.
type Filter struct {
	// Search lists only accounts whose email or external id contains the text; "" lists all.
	Search string
	// After is the id of the last account of the page before; "" begins at the beginning.
	After string
	// Limit is how many accounts the page has, at least 1.
	Limit int
}

// inSQL lists accounts of a database.
type inSQL struct{ *sqldir.Directory }

func (d inSQL) List(ctx context.Context, f Filter) ([]lmssso.Account, error) {
	return d.Accounts(ctx, sqldir.Filter{Search: f.Search, After: f.After, Limit: f.Limit})
}

// inMemory lists accounts of a directory in memory, in the same order.
type inMemory struct{ *memory.Directory }

func (d inMemory) List(ctx context.Context, f Filter) ([]lmssso.Account, error) {
	all, err := d.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b lmssso.Account) int {
		return cmp.Or(strings.Compare(a.Email, b.Email), strings.Compare(a.ID, b.ID))
	})
	if i := slices.IndexFunc(all, func(a lmssso.Account) bool { return a.ID == f.After }); i >= 0 {
		all = all[i+1:]
	}
	search := strings.ToLower(f.Search)
	all = slices.DeleteFunc(all, func(a lmssso.Account) bool {
		return !strings.Contains(a.Email, search) && !strings.Contains(strings.ToLower(a.Link.ExternalID), search)
	})
	return all[:min(len(all), f.Limit)], nil
}
