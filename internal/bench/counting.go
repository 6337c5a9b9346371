package bench

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"sync/atomic"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// counter counts what reaches a database: with a server, each would be a round trip.
type counter struct{ trips atomic.Int64 }

// since returns how many trips the function takes.
func (c *counter) since(f func() error) (float64, error) {
	before := c.trips.Load()
	err := f()
	return float64(c.trips.Load() - before), err
}

// openCounting opens a SQLite file with a write-ahead log, over one connection that counts.
func openCounting(dir, name string) (*sql.DB, *counter, error) {
	dsn := "file:" + filepath.Join(dir, name) + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(20000)&_pragma=synchronous(NORMAL)"
	plain, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	c := &counter{}
	db := sql.OpenDB(connector{plain.Driver(), dsn, c})
	db.SetMaxOpenConns(1)
	return db, c, plain.Close()
}

// connector opens connections that count.
type connector struct {
	driver driver.Driver
	dsn    string
	count  *counter
}

// Connect implements [driver.Connector].
func (c connector) Connect(context.Context) (driver.Conn, error) {
	raw, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	inner, ok := raw.(innerConn)
	if !ok {
		return nil, errors.Join(errors.New("bench: the driver lacks what a counting connection needs"), raw.Close())
	}
	return countingConn{inner, c.count}, nil
}

// Driver implements [driver.Connector].
func (c connector) Driver() driver.Driver { return c.driver }

// innerConn is what the driver's connections can do and database/sql asks for.
type innerConn interface {
	driver.Conn
	driver.ExecerContext
	driver.QueryerContext
	driver.ConnBeginTx
	driver.ConnPrepareContext
}

// countingConn counts statements, and the beginnings and ends of transactions. Preparing counts as a trip of its own.
type countingConn struct {
	innerConn
	count *counter
}

// ExecContext implements [driver.ExecerContext].
func (c countingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.count.trips.Add(1)
	return c.innerConn.ExecContext(ctx, query, args)
}

// QueryContext implements [driver.QueryerContext].
func (c countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.count.trips.Add(1)
	return c.innerConn.QueryContext(ctx, query, args)
}

// PrepareContext implements [driver.ConnPrepareContext].
func (c countingConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.count.trips.Add(1)
	raw, err := c.innerConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	inner, ok := raw.(innerStmt)
	if !ok {
		return nil, errors.Join(errors.New("bench: the driver lacks what a counting statement needs"), raw.Close())
	}
	return countingStmt{inner, c.count}, nil
}

// innerStmt is what the driver's prepared statements can do and database/sql asks for.
type innerStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// countingStmt counts each use of a prepared statement.
type countingStmt struct {
	innerStmt
	count *counter
}

// ExecContext implements [driver.StmtExecContext].
func (s countingStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.count.trips.Add(1)
	return s.innerStmt.ExecContext(ctx, args)
}

// QueryContext implements [driver.StmtQueryContext].
func (s countingStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.count.trips.Add(1)
	return s.innerStmt.QueryContext(ctx, args)
}

// BeginTx implements [driver.ConnBeginTx].
func (c countingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.count.trips.Add(1)
	tx, err := c.innerConn.BeginTx(ctx, opts)
	return countingTx{tx, c.count}, err
}

// countingTx counts the end of a transaction.
type countingTx struct {
	driver.Tx
	count *counter
}

// Commit implements [driver.Tx].
func (t countingTx) Commit() error {
	t.count.trips.Add(1)
	return t.Tx.Commit()
}

// Rollback implements [driver.Tx].
func (t countingTx) Rollback() error {
	t.count.trips.Add(1)
	return t.Tx.Rollback()
}
