package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/lmssso/lmssso/store/sqlstore"
)

// database is the library's two SQL adapters on one SQLite file.
type database struct {
	count   *counter
	once    *sqlstore.Store
	service *provision.Service
	login   *lmssso.Assertion
	policy  lmssso.Policy
	used    int
}

func newDatabase(dir, name string) (*database, error) {
	db, count, err := openCounting(dir, name)
	if err != nil {
		return nil, err
	}
	once, err := sqlstore.New(sqlstore.Config{DB: db, Now: clock})
	if err != nil {
		return nil, err
	}
	d, err := sqldir.New(sqldir.Config{DB: db})
	if err != nil {
		return nil, err
	}
	ctx := background()
	if err := errors.Join(once.Migrate(ctx), d.Migrate(ctx), d.SetCatalogue(ctx, facts())); err != nil {
		return nil, err
	}
	return &database{count: count, once: once, service: returning(d), login: login(), policy: policy()}, nil
}

// replay notes a token that was not used before.
func (d *database) replay() error {
	d.used++
	first, err := d.once.Add(background(), "r"+strconv.Itoa(d.used), nil, moment.Add(500*time.Second))
	if err == nil && !first {
		return errInvented
	}
	return err
}

// provision provisions a login that changes nothing.
func (d *database) provision() error {
	out, err := d.service.Provision(background(), d.login, d.policy)
	if err == nil && out.Alters() {
		return errOutcome
	}
	return err
}

// signIn is both.
func (d *database) signIn() error {
	if err := d.replay(); err != nil {
		return err
	}
	return d.provision()
}

// fourTrips is the usual way by hand: a transaction that begins, notes the token, reads the account and commits.
type fourTrips struct {
	db   *sql.DB
	used int
}

func newFourTrips(dir, name string) (*fourTrips, *counter, error) {
	db, count, err := openCounting(dir, name)
	if err != nil {
		return nil, nil, err
	}
	doc, err := json.Marshal(sample())
	if err != nil {
		return nil, nil, err
	}
	for _, s := range []string{
		`CREATE TABLE replays (id TEXT NOT NULL PRIMARY KEY, until BIGINT NOT NULL)`,
		`CREATE TABLE users (realm TEXT NOT NULL, external_id TEXT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (realm, external_id))`,
		`INSERT INTO users VALUES ('main', 'emp-100123', '` + string(doc) + `')`,
	} {
		if _, err := db.Exec(s); err != nil {
			return nil, nil, err
		}
	}
	return &fourTrips{db: db}, count, nil
}

func (f *fourTrips) signIn() (err error) {
	ctx := background()
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	f.used++
	if _, err := tx.ExecContext(ctx, `INSERT INTO replays VALUES ($1, $2)`, "r"+strconv.Itoa(f.used), moment.Add(500*time.Second).UnixNano()); err != nil {
		return err
	}
	if err := f.read(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (f *fourTrips) read(ctx context.Context, tx *sql.Tx) error {
	var doc []byte
	row := tx.QueryRowContext(ctx, `SELECT doc FROM users WHERE realm = $1 AND external_id = $2`, "main", "emp-100123")
	if err := row.Scan(&doc); err != nil {
		return err
	}
	var p person
	if err := json.Unmarshal(doc, &p); err != nil {
		return err
	}
	if p.Email != email {
		return errOutcome
	}
	return nil
}

func onSQLite(dir string) Comparison {
	d := must(newDatabase(dir, "bench.db"))
	f, _, err := newFourTrips(dir, "four.db")
	f = must(f, err)
	return Comparison{
		Name: "login-on-sqlite",
		Subjects: []Subject{
			operation("lmssso", d.signIn), operation("replay-insert", d.replay),
			operation("unchanged", d.provision), operation("four-trips-by-hand", f.signIn),
		},
		Goals: []Goal{{Against: "four-trips-by-hand"}},
	}
}

// statements counts the round trips of a login once statements are warm: preparing one is a trip of its own, but not
// of every login.
func statements(dir string) []Figure {
	d := must(newDatabase(dir, "count.db"))
	f, count, err := newFourTrips(dir, "count-four.db")
	f = must(f, err)
	if err := errors.Join(d.signIn(), f.signIn()); err != nil {
		panic(err)
	}
	return []Figure{
		{Name: "round trips of the replay check", Value: must(d.count.since(d.replay)), Most: 1},
		{Name: "round trips of a login that changes nothing", Value: must(d.count.since(d.provision)), Most: 1},
		{Name: "round trips by hand, for both", Value: must(count.since(f.signIn))},
	}
}
