package stores_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
)

// The data file holds private keys.
func TestTheDataFileIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "academy.db")
	s, err := stores.Open(t.Context(), config.File{Directory: "sqlite:" + file}, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	files, err := filepath.Glob(file + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, name)
	}
}
