package sqldir

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// The kinds of items in the catalogue.
const (
	roleKind    = "role"
	courseKind  = "course"
	pathKind    = "path"
	bundleKind  = "bundle"
	licenseKind = "license"
	tenantKind  = "tenant"
)

// item is one row of the catalogue.
type item struct {
	kind, id, sku, slug, tenant string
	value                       any
}

// SetCatalogue replaces the catalogue, in one transaction: logins see the old one or the new one. Accounts are left as
// they are, also where they hold what the new catalogue no longer has. It refuses, with [lmssso.ErrConfiguration], a
// catalogue that contradicts itself, and names every fault at once: slugs and ids must be unique, and so must the SKUs
// of one kind.
func (d *Directory) SetCatalogue(ctx context.Context, facts provision.Facts) error {
	items := itemsOf(facts)
	if faults := append(faultsIn(items), faultsOfRoles(facts)...); len(faults) > 0 {
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the catalogue: " + strings.Join(faults, "; ")}
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return failed("writing the catalogue", err)
	}
	if err := d.writeCatalogue(ctx, tx, items); err != nil {
		return failed("writing the catalogue", errors.Join(err, rollback(tx)))
	}
	if err := tx.Commit(); err != nil {
		return failed("writing the catalogue", err)
	}
	return nil
}

func (d *Directory) writeCatalogue(ctx context.Context, tx *sql.Tx, items []item) (err error) {
	if _, err := tx.ExecContext(ctx, d.sql.clearCatalogue); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, d.sql.insertFact)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for _, it := range items {
		doc, err := json.Marshal(it.value)
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, it.kind, it.id, it.sku, it.slug, it.tenant, string(doc)); err != nil {
			return err
		}
	}
	return nil
}

func itemsOf(f provision.Facts) []item {
	var items []item
	for _, r := range f.Roles {
		items = append(items, item{kind: roleKind, id: r.Slug, value: r})
	}
	for _, c := range f.Courses {
		items = append(items, item{kind: courseKind, id: c.Slug, sku: c.SKU, value: c})
	}
	for _, l := range f.LearningPaths {
		items = append(items, item{kind: pathKind, id: l.Slug, value: l})
	}
	for _, b := range f.Bundles {
		items = append(items, item{kind: bundleKind, id: b.Slug, value: b})
	}
	for _, l := range f.Licenses {
		items = append(items, item{kind: licenseKind, id: l.ID, sku: l.SKU, tenant: l.Tenant, value: l})
	}
	for _, t := range f.Tenants {
		items = append(items, item{kind: tenantKind, id: t.ID, sku: t.SKU, slug: t.Slug, value: t})
	}
	return items
}

// faultsIn lists names that are missing, used twice, or that no database can hold.
func faultsIn(items []item) (faults []string) {
	type name struct{ kind, column, text string }
	seen := map[name]bool{}
	for _, it := range items {
		for _, n := range []name{{it.kind, "id", it.id}, {it.kind, "SKU", it.sku}, {it.kind, "slug", it.slug}} {
			switch {
			case n.text == "" && (n.column == "id" || n.column == "slug" && n.kind == tenantKind):
				faults = append(faults, "a "+n.kind+" has no "+n.column)
			case n.text != "" && seen[n]:
				faults = append(faults, "the "+n.kind+" "+n.column+" "+strconv.Quote(n.text)+" is used twice")
			case !storable(n.text):
				faults = append(faults, "a "+n.kind+" has the "+n.column+" "+strconv.Quote(n.text)+", which is not text")
			}
			seen[n] = true
		}
	}
	for _, it := range items {
		if it.tenant != "" && !seen[name{tenantKind, "id", it.tenant}] {
			faults = append(faults, "the "+it.kind+" "+strconv.Quote(it.id)+" belongs to a tenant that is not in the catalogue")
		}
	}
	return faults
}

func faultsOfRoles(f provision.Facts) (faults []string) {
	for _, r := range f.Roles {
		if r.Kind != lmssso.Learner && r.Kind != lmssso.Manager {
			faults = append(faults, "the role "+strconv.Quote(r.Slug)+" is of no kind")
		}
		if r.Scope != provision.SiteScope && r.Scope != provision.TenantScope {
			faults = append(faults, "the role "+strconv.Quote(r.Slug)+" has no scope")
		}
	}
	return faults
}

// addFact decodes one row of the catalogue into the facts.
func addFact(f *provision.Facts, kind string, doc []byte) error {
	switch kind {
	case roleKind:
		return appendJSON(&f.Roles, doc)
	case courseKind:
		return appendJSON(&f.Courses, doc)
	case pathKind:
		return appendJSON(&f.LearningPaths, doc)
	case bundleKind:
		return appendJSON(&f.Bundles, doc)
	case licenseKind:
		return appendJSON(&f.Licenses, doc)
	case tenantKind:
		return appendJSON(&f.Tenants, doc)
	}
	return errors.New("sqldir: the catalogue holds an item of an unknown kind")
}

func appendJSON[T any](to *[]T, doc []byte) error {
	var v T
	if err := json.Unmarshal(doc, &v); err != nil {
		return err
	}
	*to = append(*to, v)
	return nil
}
