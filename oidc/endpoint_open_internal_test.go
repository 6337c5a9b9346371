package oidc

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/fetch"
)

func TestLoginsShareAConnectionToTheTokenEndpointUntilClose(t *testing.T) {
	var made atomic.Int32
	ended := make(chan struct{}, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id_token":"a.b.c","access_token":"at","token_type":"Bearer"}`)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			made.Add(1)
		case http.StateClosed:
			ended <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c := newRedeemer(Config{OP: OP{Network: Network{AllowHTTP: true, AllowPrivateAddresses: true}}})
	f := &facts{endpoints: Endpoints{Token: s.URL}}
	for range 3 {
		_, err := c.redeem(t.Context(), f, "code", "verifier")
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, made.Load())
	require.NoError(t, c.Close())
	<-ended
	_, err := c.redeem(t.Context(), f, "code", "verifier")
	require.ErrorIs(t, err, ErrTokenEndpoint)
	require.ErrorIs(t, err, fetch.ErrClosed)
	require.EqualValues(t, 1, made.Load())
}
