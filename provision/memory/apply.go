package memory

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// Apply implements [provision.Directory]. The snapshot is not needed: every account carries the version it was read with.
func (d *Directory) Apply(ctx context.Context, _ provision.Snapshot, out lmssso.Outcome) (lmssso.Account, error) {
	if err := ctx.Err(); err != nil {
		return lmssso.Account{}, err
	}
	batch := append([]lmssso.Account{clone(out.Account)}, out.Others...)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.current(batch) || !d.free(batch) {
		return lmssso.Account{}, provision.ErrStale
	}
	// Nothing below can fail, so the batch is written whole or not at all.
	for i := range batch {
		if batch[i].ID == "" {
			batch[i].Version = 0
		}
		batch[i].Version++
		d.remove(batch[i].ID)
	}
	for i := range batch {
		batch[i].ID = d.put(clone(batch[i]))
	}
	return batch[0], nil
}

// current reports whether every account that exists still has the version it was read with, and is named once.
func (d *Directory) current(batch []lmssso.Account) bool {
	seen := make(map[string]bool, len(batch))
	for _, a := range batch {
		if a.ID == "" {
			continue
		}
		stored, ok := d.accounts[a.ID]
		if !ok || stored.Version != a.Version || seen[a.ID] {
			return false
		}
		seen[a.ID] = true
	}
	return true
}

// free reports whether, once the batch is written, no link, email or pair is held by two accounts that may not share it.
func (d *Directory) free(batch []lmssso.Account) bool {
	for i, a := range batch {
		for _, other := range batch[i+1:] {
			if collide(a, other) {
				return false
			}
		}
		for _, id := range d.holders(a) {
			stored := d.accounts[id]
			if !rewritten(batch, id) && collide(a, stored) {
				return false
			}
		}
	}
	return true
}

// rewritten reports whether the batch replaces the stored account.
func rewritten(batch []lmssso.Account, id string) bool {
	return slices.ContainsFunc(batch, func(a lmssso.Account) bool { return a.ID == id })
}

// holders lists the stored accounts that share a link, an email or a pair with a.
func (d *Directory) holders(a lmssso.Account) []string {
	var ids []string
	if !a.Link.IsZero() {
		ids = append(ids, d.byLink[a.Link]...)
	}
	if a.Email != "" {
		ids = append(ids, d.byEmail[inRealm{a.Link.Realm, a.Email}]...)
	}
	if a.PairID != "" {
		ids = append(ids, d.byPair[a.PairID]...)
	}
	return ids
}

// collide reports whether two different accounts share what only the two sides of one pair may share, or a pair that
// already has that side.
func collide(a, b lmssso.Account) bool {
	if a.PairID != "" && a.PairID == b.PairID {
		return a.Side == b.Side
	}
	sameLink := !a.Link.IsZero() && a.Link == b.Link
	sameEmail := a.Email != "" && a.Email == b.Email && a.Link.Realm == b.Link.Realm
	return sameLink || sameEmail
}

// put stores the account, giving it an id when it has none, and returns the id.
func (d *Directory) put(a lmssso.Account) string {
	for a.ID == "" {
		d.made++
		if id := "account-" + strconv.Itoa(d.made); !has(d.accounts, id) {
			a.ID = id
		}
	}
	d.accounts[a.ID] = a
	if !a.Link.IsZero() {
		d.byLink[a.Link] = append(d.byLink[a.Link], a.ID)
	}
	if a.Email != "" {
		key := inRealm{a.Link.Realm, a.Email}
		d.byEmail[key] = append(d.byEmail[key], a.ID)
	}
	if a.PairID != "" {
		d.byPair[a.PairID] = append(d.byPair[a.PairID], a.ID)
	}
	return a.ID
}

// remove takes the stored account with this id out of the directory and its indexes.
func (d *Directory) remove(id string) {
	a, ok := d.accounts[id]
	if !ok {
		return
	}
	delete(d.accounts, id)
	drop(d.byLink, a.Link, id)
	drop(d.byEmail, inRealm{a.Link.Realm, a.Email}, id)
	drop(d.byPair, a.PairID, id)
}

// drop takes one id out of an index, and the entry with its last id.
func drop[K comparable](index map[K][]string, key K, id string) {
	rest := slices.DeleteFunc(index[key], func(s string) bool { return s == id })
	if len(rest) == 0 {
		delete(index, key)
		return
	}
	index[key] = rest
}

// clone copies an account with everything it points to.
func clone(a lmssso.Account) lmssso.Account {
	p, g := &a.Profile, &a.Grants
	p.Refs, p.CustomFields, g.SSOBundles = maps.Clone(p.Refs), maps.Clone(p.CustomFields), maps.Clone(g.SSOBundles)
	for _, list := range []*[]string{
		&g.Courses, &g.LearningPaths, &g.Bundles, &g.StudentLicenses, &g.ManagerLicenses, &g.ActiveLicenses, &g.LicenseCourseSKUs,
	} {
		*list = slices.Clone(*list)
	}
	return a
}
