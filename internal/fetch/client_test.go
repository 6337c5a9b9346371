package fetch_test

import (
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

// newTLS starts an https server on loopback and returns a configuration that trusts it and may reach it.
func newTLS(t *testing.T, h http.HandlerFunc) (*httptest.Server, fetch.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, fetch.Config{AllowPrivate: true, RootCAs: pool}
}

func newClient(t *testing.T, cfg fetch.Config) *fetch.Client {
	t.Helper()
	c, err := fetch.New(cfg)
	require.NoError(t, err)
	return c
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func TestGetReturnsTheWholeBody(t *testing.T) {
	var accept, agent string
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		accept, agent = r.Header.Get("Accept"), r.Header.Get("Cookie")
		hello(w, r)
	})
	got, err := newClient(t, cfg).Get(t.Context(), s.URL+"/metadata?x=1", "application/samlmetadata+xml")
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	require.Equal(t, "application/samlmetadata+xml", accept)
	require.Empty(t, agent)
}

func TestPostSendsItsBodyAndReturnsAnyStatus(t *testing.T) {
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
	})
	got, err := newClient(t, cfg).Do(t.Context(), fetch.Request{
		Method: http.MethodPost, URL: s.URL, Header: http.Header{"Content-Type": {"text/x"}}, Body: []byte("a=b"),
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Equal(t, "POST text/x a=b", string(got.Body))
}

func TestURLsThatAreNotAsked(t *testing.T) {
	strict, lax := newClient(t, fetch.Config{}), newClient(t, fetch.Config{AllowHTTP: true})
	for name, raw := range map[string]string{
		"empty": "", "relative": "/metadata", "scheme-relative": "//idp.example/", "no host": "https:///x", "opaque": "https:idp.example",
		"file": "file:///etc/passwd", "ftp": "ftp://idp.example/", "user name": "https://admin@idp.example/",
		"password": "https://a:b@idp.example/", "fragment": "https://idp.example/#x", "control character": "https://idp.example/\n",
		"port without host": "https://:443/", "too long": "https://idp.example/" + strings.Repeat("a", 5000),
	} {
		for _, c := range []*fetch.Client{strict, lax} {
			_, err := c.Get(t.Context(), raw, "")
			require.ErrorIs(t, err, fetch.ErrURL, name)
		}
	}
	_, err := strict.Get(t.Context(), "http://idp.example/", "")
	require.ErrorIs(t, err, fetch.ErrURL)
	_, err = lax.CheckURL("http://idp.example/")
	require.NoError(t, err)
}

// Each of these reaches something inside the network, or a cloud's metadata service, by a name that looks harmless.
func TestAddressesThatAreNotAsked(t *testing.T) {
	for name, address := range map[string]string{
		"loopback": "127.0.0.1", "other loopback": "127.8.8.8", "loopback v6": "::1", "mapped loopback": "::ffff:127.0.0.1",
		"private 10": "10.1.2.3", "private 172": "172.16.0.1", "private 192": "192.168.1.1", "mapped private": "::ffff:10.0.0.1",
		"unique local v6": "fd00::1", "EC2 metadata v6": "fd00:ec2::254",
		"cloud metadata": "169.254.169.254", "link-local v6": "fe80::1", "zone": "fe80::1%eth0", "zone on a public one": "2001:4860:4860::8888%eth0", "mapped Alibaba metadata": "::ffff:100.100.100.200", "Azure platform": "168.63.129.16",
		"Alibaba metadata": "100.100.100.200", "Oracle metadata": "192.0.0.192", "unspecified": "0.0.0.0", "this network": "0.1.2.3",
		"unspecified v6": "::", "broadcast": "255.255.255.255", "reserved": "241.0.0.1", "multicast": "224.0.0.1", "multicast v6": "ff02::1",
		"benchmarking": "198.18.0.1", "documentation": "192.0.2.1", "documentation v6": "2001:db8::1", "NAT64": "64:ff9b::7f00:1",
		"local NAT64": "64:ff9b:1::7f00:1", "6to4": "2002:7f00:1::", "Teredo": "2001::1", "IPv4-compatible": "::127.0.0.2",
		"site-local": "fec0::1", "discard": "100::1",
	} {
		t.Run(name, func(t *testing.T) {
			dialled := false
			c := newClient(t, fetch.Config{
				Resolve: func(context.Context, string) ([]netip.Addr, error) {
					return []netip.Addr{netip.MustParseAddr(address)}, nil
				},
				Dial: func(context.Context, string, string) (net.Conn, error) {
					dialled = true
					return nil, errors.New("dialled")
				},
			})
			_, err := c.Get(t.Context(), "https://metadata.idp.example/", "")
			require.ErrorIs(t, err, fetch.ErrAddress)
			require.False(t, dialled)
			if a := netip.MustParseAddr(address); a.Zone() == "" {
				_, err = c.Get(t.Context(), "https://"+net.JoinHostPort(address, "443")+"/", "")
				require.ErrorIs(t, err, fetch.ErrAddress, "as numbers in the URL")
			}
		})
	}
}

func TestPrivateAddressesMayBeAllowedButNotLinkLocalOnes(t *testing.T) {
	for address, want := range map[string]error{
		"10.1.2.3": fetch.ErrNetwork, "127.0.0.1": fetch.ErrNetwork, "fd00::1": fetch.ErrNetwork, "8.8.8.8": fetch.ErrNetwork,
		"169.254.169.254": fetch.ErrAddress, "100.100.100.200": fetch.ErrAddress, "168.63.129.16": fetch.ErrAddress, "fe80::1": fetch.ErrAddress,
		"fd00:ec2::254": fetch.ErrAddress, "fd20:ce::254": fetch.ErrAddress,
	} {
		c := newClient(t, fetch.Config{
			AllowPrivate: true,
			Resolve: func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr(address)}, nil
			},
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("dialled") },
		})
		_, err := c.Get(t.Context(), "https://idp.example/", "")
		require.ErrorIs(t, err, want, address)
	}
}

// A name that answers with a public address when it is judged and with an internal one when it is dialled gains
// nothing: it is resolved once a connection, and the numbers judged are the numbers dialled.
func TestRebindingGainsNothing(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(s.Close)
	var asked atomic.Int32
	var dialled []string
	c := newClient(t, fetch.Config{
		AllowHTTP: true,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			if asked.Add(1) == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
		},
	})
	got, err := c.Get(t.Context(), "http://rebind.example/", "")
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	require.Equal(t, []string{"93.184.216.34:80"}, dialled)
	require.EqualValues(t, 1, asked.Load())
	_, err = c.Get(t.Context(), "http://rebind.example/", "")
	require.ErrorIs(t, err, fetch.ErrAddress, "the second answer is judged as well")
	require.Len(t, dialled, 1)
}

func TestOnlyTheAddressesThatMayBeAskedAreDialled(t *testing.T) {
	var dialled []string
	c := newClient(t, fetch.Config{
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("8.8.4.4")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, errors.New("down")
		},
	})
	_, err := c.Get(t.Context(), "https://idp.example/", "")
	require.ErrorIs(t, err, fetch.ErrNetwork)
	require.Equal(t, []string{"8.8.8.8:443", "8.8.4.4:443"}, dialled)
}

func TestRedirects(t *testing.T) {
	inside := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(inside.Close)
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/once":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/twice":
			http.Redirect(w, r, "/once", http.StatusMovedPermanently)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/down":
			http.Redirect(w, r, inside.URL, http.StatusFound)
		case "/user":
			http.Redirect(w, r, "https://x:y@"+r.Host+"/end", http.StatusFound)
		case "/inward":
			http.Redirect(w, r, "https://internal.example/", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "end"+r.Header.Get("Referer"))
		}
	})
	// idp.example is a public address that is really the server; internal.example is inside.
	cfg.AllowPrivate, cfg.AllowHTTP = false, true
	cfg.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "example.com" {
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
	}
	cfg.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
	}
	get := func(redirects int, path string) (string, error) {
		cfg.Redirects = redirects
		got, err := newClient(t, cfg).Get(t.Context(), "https://example.com"+path, "")
		return string(got), err
	}
	for name, row := range map[string]struct {
		redirects int
		path      string
		want      error
	}{
		"none unless configured":        {0, "/once", fetch.ErrRedirect},
		"one of one":                    {1, "/once", nil},
		"two of one":                    {1, "/twice", fetch.ErrRedirect},
		"two of two":                    {2, "/twice", nil},
		"in circles":                    {5, "/round", fetch.ErrRedirect},
		"to http":                       {5, "/down", fetch.ErrRedirect},
		"to a URL that may not be used": {5, "/user", fetch.ErrRedirect},
		"to a private address":          {5, "/inward", fetch.ErrAddress},
	} {
		got, err := get(row.redirects, row.path)
		if row.want != nil {
			require.ErrorIs(t, err, row.want, name)
			require.Empty(t, got, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, "end", got, name)
	}
	cfg.Redirects = 5
	_, err := newClient(t, cfg).Do(t.Context(), fetch.Request{Method: http.MethodPost, URL: "https://example.com/once"})
	require.ErrorIs(t, err, fetch.ErrRedirect, "a POST follows none")
}

func TestAnswersAreBounded(t *testing.T) {
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 4<<20))
			_ = z.Close()
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
		case "/cut":
			w.Header().Set("Content-Length", "100")
			hello(w, r)
		default:
			_, _ = w.Write(make([]byte, 1000))
		}
	})
	cfg.MaxBytes = 1000
	c := newClient(t, cfg)
	got, err := c.Get(t.Context(), s.URL+"/just", "")
	require.NoError(t, err)
	require.Len(t, got, 1000)
	for path, want := range map[string]error{
		"/gzip": fetch.ErrTooLarge, "/endless": fetch.ErrTooLarge, "/header": fetch.ErrNetwork, "/cut": fetch.ErrNetwork,
	} {
		got, err := c.Get(t.Context(), s.URL+path, "")
		require.ErrorIs(t, err, want, path)
		require.Empty(t, got)
	}
}

func TestSlowAnswersEnd(t *testing.T) {
	release := make(chan struct{})
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "the beginning")
			w.(http.Flusher).Flush()
		}
		<-release
	})
	defer close(release)
	cfg.Timeout = 50 * time.Millisecond
	for _, path := range []string{"/header", "/body"} {
		_, err := newClient(t, cfg).Get(t.Context(), s.URL+path, "")
		require.ErrorIs(t, err, fetch.ErrTimeout, path)
	}
	cfg.Timeout = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, cfg).Get(ctx, s.URL, "")
	require.ErrorIs(t, err, context.Canceled)
}

func TestCertificatesAreChecked(t *testing.T) {
	s, cfg := newTLS(t, hello)
	cfg.RootCAs = nil
	_, err := newClient(t, cfg).Get(t.Context(), s.URL, "")
	require.ErrorIs(t, err, fetch.ErrNetwork)
}

func TestErrorsRepeatNothingSecret(t *testing.T) {
	s, cfg := newTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect/SECRET" {
			http.Redirect(w, r, "https://SECRET.example/SECRET", http.StatusFound)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "SECRET")
	})
	for _, path := range []string{"/status/SECRET?token=SECRET", "/redirect/SECRET"} {
		_, err := newClient(t, cfg).Get(t.Context(), s.URL+path, "")
		var e *fetch.Error
		require.ErrorAs(t, err, &e)
		require.NotContains(t, err.Error(), "SECRET")
		require.Contains(t, err.Error(), "https://127.0.0.1")
	}
	_, err := newClient(t, cfg).Get(t.Context(), s.URL+"/status", "")
	require.ErrorIs(t, err, fetch.ErrStatus)
	require.Contains(t, err.Error(), "403")
	_, err = newClient(t, cfg).Get(t.Context(), "https://u:SECRET@idp.example/", "")
	require.ErrorIs(t, err, fetch.ErrURL)
	require.NotContains(t, err.Error(), "SECRET")
	_, err = newClient(t, cfg).Get(t.Context(), "https://%zzSECRET/", "")
	require.ErrorIs(t, err, fetch.ErrURL)
	require.NotContains(t, err.Error(), "SECRET")
}

func TestImpossibleSettingsAreRefused(t *testing.T) {
	for name, cfg := range map[string]fetch.Config{
		"negative size": {MaxBytes: -1}, "size": {MaxBytes: 65 << 20}, "negative time": {Timeout: -1}, "time": {Timeout: time.Hour},
		"negative redirects": {Redirects: -1}, "redirects": {Redirects: 6},
	} {
		_, err := fetch.New(cfg)
		require.Error(t, err, name)
	}
}
