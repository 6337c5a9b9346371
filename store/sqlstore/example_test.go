package sqlstore_test

import (
	"errors"
	"fmt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store/sqlstore"
)

// The application opens the database with a driver of its choice. Schema shows what Migrate would create, for an
// application that has migrations of its own.
func ExampleStore_Schema() {
	s, err := sqlstore.New(sqlstore.Config{DB: (&database{}).open(), Table: "sso_once"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, statement := range s.Schema() {
		fmt.Println(statement)
	}
	_, err = sqlstore.New(sqlstore.Config{})
	fmt.Println(errors.Is(err, lmssso.ErrConfiguration))
	// Output:
	// CREATE TABLE IF NOT EXISTS sso_once (id BYTEA NOT NULL PRIMARY KEY, value BYTEA, until BIGINT NOT NULL)
	// CREATE INDEX IF NOT EXISTS sso_once_until ON sso_once (until)
	// CREATE INDEX IF NOT EXISTS sso_once_pending ON sso_once (until) WHERE value IS NOT NULL
	// true
}
