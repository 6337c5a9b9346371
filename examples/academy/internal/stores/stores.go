// Package stores opens the places the academy keeps things in, by the URLs of its configuration: accounts, and what may
// be used once.
package stores

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver: the library brings none

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/store/sqlstore"
)

// Stores holds the opened stores.
type Stores struct {
	// Directory keeps accounts and catalogue.
	Directory Directory
	// SingleUse keeps replay records.
	SingleUse lmssso.SingleUse
	// Service provisions into Directory.
	Service *provision.Service

	databases map[string]*sql.DB // by file
	kept      *sql.DB            // the directory's, for keys; nil in memory
}

// Open opens the stores a configuration names, creates their tables, and puts in the catalogue and the first accounts.
func Open(ctx context.Context, f config.File, now func() time.Time) (*Stores, error) {
	s := &Stores{databases: map[string]*sql.DB{}}
	if err := s.open(ctx, f, now); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stores) open(ctx context.Context, f config.File, now func() time.Time) (err error) {
	if s.Directory, err = s.directory(ctx, f); err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	if s.SingleUse, err = s.singleUse(ctx, f.SingleUse, now); err != nil {
		return fmt.Errorf("singleUse: %w", err)
	}
	if s.Service, err = provision.New(provision.Config{Directory: s.Directory}); err != nil {
		return err
	}
	for i, a := range f.Accounts {
		if err := s.seed(ctx, f.Stored(a), string(a.DualRole)); err != nil {
			return fmt.Errorf("accounts[%d]: %w", i, err)
		}
	}
	return nil
}

func (s *Stores) directory(ctx context.Context, f config.File) (Directory, error) {
	file, isFile := strings.CutPrefix(f.Directory, "sqlite:")
	if !isFile {
		d, err := memory.New(memory.Config{Facts: f.Facts()})
		return inMemory{d}, err
	}
	db, err := s.database(file)
	if err != nil {
		return nil, err
	}
	s.kept = db
	d, err := sqldir.New(sqldir.Config{DB: db})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, cause(err)
	}
	return inSQL{d}, cause(d.SetCatalogue(ctx, f.Facts()))
}

func (s *Stores) singleUse(ctx context.Context, url string, now func() time.Time) (lmssso.SingleUse, error) {
	file, isFile := strings.CutPrefix(url, "sqlite:")
	if !isFile {
		return store.NewMemory(store.MemoryConfig{Now: now}), nil
	}
	db, err := s.database(file)
	if err != nil {
		return nil, err
	}
	once, err := sqlstore.New(sqlstore.Config{DB: db, Now: now})
	if err != nil {
		return nil, err
	}
	return once, cause(once.Migrate(ctx))
}

// cause shows an administrator at the terminal what the driver said; the library's error texts leave it out.
func cause(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		var known *lmssso.Error
		if errors.As(e, &known) && known.Err != nil {
			return fmt.Errorf("%w: %w", err, known.Err)
		}
	}
	return err
}

// seed makes an account unless the directory has one with the same external id or email.
func (s *Stores) seed(ctx context.Context, a lmssso.Account, dualRole string) error {
	a.Email = strings.ToLower(a.Email)
	found, err := s.Directory.Read(ctx, provision.Query{Link: a.Link, Email: a.Email})
	if err != nil {
		return cause(err)
	}
	stored := a
	switch existing := append(found.ByLink, found.ByEmail...); {
	case len(existing) > 0:
		stored = existing[0]
	default:
		stored, err = s.Directory.Apply(ctx, found, lmssso.Outcome{
			Account: a, Created: true,
			Changes: []lmssso.Change{{Kind: lmssso.ChangeCreate, Subject: "account", Why: "the configuration lists it"}},
		})
		if err != nil {
			return cause(err)
		}
	}
	if dualRole == "" || stored.PairID != "" || stored.Role != a.Role {
		return nil
	}
	_, _, err = s.Service.MakeDual(ctx, stored.ID, dualRole)
	return cause(err)
}

// Down names the stores that do not answer; empty when all do.
func (s *Stores) Down(ctx context.Context) []string {
	var down []string
	if _, err := s.Directory.Read(ctx, provision.Query{AccountID: "-"}); err != nil {
		down = append(down, "directory")
	}
	if _, _, err := s.SingleUse.Take(ctx, "readiness"); err != nil {
		down = append(down, "singleUse")
	}
	return down
}

// Close closes the databases.
func (s *Stores) Close() error {
	var errs []error
	for _, db := range s.databases {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}
