package fetch

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The standard library reads the environment's proxies once a process and never uses them for loopback, so that only the
// setting itself can be looked at.
func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	require.Nil(t, c.http.Transport.(*http.Transport).Proxy)
}
