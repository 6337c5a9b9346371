package sqltest

import (
	"database/sql"
	"testing"

	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/provisiontest"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/stretchr/testify/require"
)

// newDirectory makes a directory with its tables in db.
func newDirectory(t *testing.T, db *sql.DB, facts provision.Facts) *sqldir.Directory {
	t.Helper()
	d, err := sqldir.New(sqldir.Config{DB: db})
	require.NoError(t, err)
	require.NoError(t, d.Migrate(t.Context()))
	require.NoError(t, d.Migrate(t.Context()), "a second start finds the tables there")
	require.NoError(t, d.SetCatalogue(t.Context(), facts))
	return d
}

func TestDirectoryConforms(t *testing.T) {
	for _, database := range databases {
		t.Run(database.name, func(t *testing.T) {
			provisiontest.Run(t, func(t *testing.T, facts provision.Facts) provision.Directory {
				return newDirectory(t, database.open(t), facts)
			})
		})
	}
}
