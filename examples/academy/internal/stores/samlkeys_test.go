package stores_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
)

// open opens the stores of an empty configuration until the test ends.
func open(t *testing.T, directory string) *stores.Stores {
	t.Helper()
	s, err := stores.Open(t.Context(), config.File{Directory: directory, SingleUse: "memory:"}, time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// TestSAMLKeysStayInTheDataFile opens one file twice, as two starts would.
func TestSAMLKeysStayInTheDataFile(t *testing.T) {
	file := "sqlite:" + filepath.Join(t.TempDir(), "a.db")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	first, err := open(t, file).SAMLKeys(t.Context(), []string{"main", "tenant"}, now)
	require.NoError(t, err)
	require.Len(t, first, 2)
	require.NotEqual(t, first["main"].Certificate.Raw, first["tenant"].Certificate.Raw)
	second, err := open(t, file).SAMLKeys(t.Context(), []string{"main"}, now.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Len(t, second, 1)
	require.Equal(t, first["main"].Certificate.Raw, second["main"].Certificate.Raw)
	require.Equal(t, first["main"].Signer, second["main"].Signer)
}

func TestNoSAMLConnectionNeedsNoKey(t *testing.T) {
	for _, directory := range []string{"memory:", "sqlite:" + stores.InMemory} {
		keys, err := open(t, directory).SAMLKeys(t.Context(), nil, time.Now())
		require.NoError(t, err)
		require.Empty(t, keys)
	}
}

func TestAKeyOfADirectoryInMemoryIsMade(t *testing.T) {
	keys, err := open(t, "memory:").SAMLKeys(t.Context(), []string{"main"}, time.Now())
	require.NoError(t, err)
	require.NotNil(t, keys["main"].Signer)
}
