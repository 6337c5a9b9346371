package fetch_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

// counted is a server that counts its connections and tells when one ends.
func counted(t *testing.T) (s *httptest.Server, made *atomic.Int32, ended chan struct{}) {
	t.Helper()
	made, ended = new(atomic.Int32), make(chan struct{}, 100)
	s = httptest.NewUnstartedServer(http.HandlerFunc(hello))
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
	return s, made, ended
}

func TestConnectionsAreKeptOpenOnlyWhereThatIsAskedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		open time.Duration
		want int32
	}{"closed after each answer": {0, 3}, "kept open": {time.Minute, 1}} {
		t.Run(name, func(t *testing.T) {
			s, made, ended := counted(t)
			c := newClient(t, fetch.Config{AllowHTTP: true, AllowPrivate: true, KeepOpen: tt.open})
			for range 3 {
				got, err := c.Do(t.Context(), fetch.Request{Method: http.MethodPost, URL: s.URL, Body: []byte("a=b")})
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, got.Status)
			}
			require.Equal(t, tt.want, made.Load())
			require.NoError(t, c.Close())
			for range tt.want {
				<-ended
			}
		})
	}
}

func TestKeepOpenIsBounded(t *testing.T) {
	for _, d := range []time.Duration{-1, time.Minute + 1} {
		_, err := fetch.New(fetch.Config{KeepOpen: d})
		require.Error(t, err)
	}
}
