package safelist_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/safelist"
)

func TestPagesByRole(t *testing.T) {
	byRole := map[string]string{"admin": "/admin", "client-manager": "/p/acme?tab=team"}
	pages, err := safelist.NewPages("/dashboard", byRole)
	require.NoError(t, err)
	byRole["admin"] = "https://evil.example/"
	require.Equal(t, "/admin", pages.For("admin"))
	require.Equal(t, "/p/acme?tab=team", pages.For("client-manager"))
	require.Equal(t, "/dashboard", pages.For("student"))
	require.Equal(t, "/dashboard", pages.For(""))
	require.Equal(t, "/", (*safelist.Pages)(nil).For("admin"))
}

func TestPagesAreOfTheSiteItself(t *testing.T) {
	for _, page := range []string{"", "dashboard", "https://learn.example.com/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
		pages, err := safelist.NewPages(page, map[string]string{"admin": page, "student": "/ok"})
		require.Nil(t, pages)
		var faults *safelist.ConfigError
		require.ErrorAs(t, err, &faults)
		require.Len(t, faults.Faults, 2, page)
		require.Equal(t, "pages.default", faults.Faults[0].Path)
		require.Equal(t, "pages.admin", faults.Faults[1].Path)
	}
}
