package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The limits that stand where a [Config] names none, and the most it may name.
const (
	defaultBytes   = 1 << 20
	mostBytes      = 64 << 20
	defaultTimeout = 10 * time.Second
	mostTimeout    = 2 * time.Minute
	mostRedirects  = 5
	mostOpen       = time.Minute
	idleConns      = 2 // for each client, whatever it asks
	headerBytes    = 64 << 10
	mostURL        = 4 << 10
)

// Config sets up a [Client]. The zero value is the strictest.
type Config struct {
	// AllowHTTP accepts http URLs. Safe only on loopback and in labs: whoever sits on the way can change the answer.
	AllowHTTP bool
	// AllowPrivate lets loopback and private addresses be asked. Safe where everybody who can set a URL may also reach the
	// internal network. Link-local addresses, among them the clouds' metadata services, stay refused.
	AllowPrivate bool
	// MaxBytes bounds an answer's body after decompression; zero is 1 MB, at most 64 MB.
	MaxBytes int64
	// Timeout bounds a whole request, from resolving the name to the last byte; zero is 10 seconds, at most 2 minutes.
	Timeout time.Duration
	// Redirects is how many redirects a GET follows, at most 5; zero follows none. Each stays within its scheme, and the
	// address of each is judged. Other methods never follow any.
	Redirects int
	// KeepOpen is how long a connection stays open for the next request after an answer; zero closes it at once, at most a
	// minute. Its address is not judged again: it was when the connection was made, and a connection cannot move. A client
	// that keeps any open must be closed.
	KeepOpen time.Duration
	// RootCAs are the authorities trusted for https; nil is the system's.
	RootCAs *x509.CertPool
	// Resolve and Dial replace name resolution and connecting; nil uses the machine's. Dial gets numbers, never names.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks servers. It is immutable and safe for concurrent use.
type Client struct {
	cfg  Config
	rule rule
	http http.Client
}

// New checks a configuration and returns its client.
func New(cfg Config) (*Client, error) {
	switch {
	case cfg.MaxBytes < 0 || cfg.MaxBytes > mostBytes:
		return nil, fmt.Errorf("fetch: MaxBytes must be within 0 and %d", mostBytes)
	case cfg.Timeout < 0 || cfg.Timeout > mostTimeout:
		return nil, fmt.Errorf("fetch: Timeout must be within 0 and %s", mostTimeout)
	case cfg.Redirects < 0 || cfg.Redirects > mostRedirects:
		return nil, fmt.Errorf("fetch: Redirects must be within 0 and %d", mostRedirects)
	case cfg.KeepOpen < 0 || cfg.KeepOpen > mostOpen:
		return nil, fmt.Errorf("fetch: KeepOpen must be within 0 and %s", mostOpen)
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = defaultBytes
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	c := &Client{cfg: cfg, rule: rule{private: cfg.AllowPrivate, reserved: reserved()}}
	c.http = http.Client{CheckRedirect: c.checkRedirect, Transport: &http.Transport{
		Proxy:                  nil, // see the package comment
		DialContext:            c.dial,
		TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1: one request at a time on a connection
		DisableKeepAlives:      cfg.KeepOpen == 0,
		IdleConnTimeout:        cfg.KeepOpen,
		MaxIdleConns:           idleConns,
		MaxResponseHeaderBytes: headerBytes,
	}}
	return c, nil
}

// Close closes the connections that are kept open and not in use. It always returns nil.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Request is one question.
type Request struct {
	// Method is the HTTP method; "" is GET.
	Method string
	// URL is the address, absolute.
	URL string
	// Header is sent as it is; nil sends nothing special.
	Header http.Header
	// Body is what a POST sends.
	Body []byte
}

// Response is a whole answer, of any status.
type Response struct {
	// Status is the HTTP status.
	Status int
	// Header is the answer's header.
	Header http.Header
	// Body is the answer's body, whole.
	Body []byte
}

// Get fetches a document. accept is the Accept header, "" for any. Any status but 200 is [ErrStatus].
func (c *Client) Get(ctx context.Context, rawURL, accept string) ([]byte, error) {
	h := http.Header{}
	if accept != "" {
		h.Set("Accept", accept)
	}
	got, err := c.Do(ctx, Request{URL: rawURL, Header: h})
	if err != nil {
		return nil, err
	}
	if got.Status != http.StatusOK {
		u, _ := url.Parse(rawURL)
		return nil, &Error{Kind: ErrStatus, Origin: origin(u), Status: got.Status}
	}
	return got.Body, nil
}

// Do asks and reads the whole answer, whatever its status. Its error is an [*Error]; a Response never comes beside one.
// Cancelling ctx ends the request; see [Flight] for one that others wait for.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	u, err := c.CheckURL(r.URL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u.String(), bytes.NewReader(r.Body))
	if err != nil {
		return nil, &Error{Kind: ErrURL, Origin: origin(u), Err: err}
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return nil, c.failure(ctx, u, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.cfg.MaxBytes+1))
	switch {
	case err != nil:
		return nil, c.failure(ctx, u, err)
	case int64(len(body)) > c.cfg.MaxBytes:
		return nil, &Error{Kind: ErrTooLarge, Origin: origin(u)}
	}
	return &Response{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// CheckURL judges a URL by its text alone: absolute, https (or http where that is allowed), a host, no user name, no
// fragment, at most 4 kB. Configuration is checked with it before anything is fetched.
func (c *Client) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > mostURL {
		return nil, &Error{Kind: ErrURL}
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, &Error{Kind: ErrURL} // the parser's error repeats the URL
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !c.cfg.AllowHTTP),
		u.Hostname() == "", u.User != nil, u.Opaque != "", strings.Contains(raw, "#"):
		return nil, &Error{Kind: ErrURL, Origin: origin(u)}
	}
	return u, nil
}

// checkRedirect lets a GET follow as many redirects as configured, within its scheme.
func (c *Client) checkRedirect(to *http.Request, via []*http.Request) error {
	first := via[0]
	if _, err := c.CheckURL(to.URL.String()); err != nil {
		return errors.Join(ErrRedirect, err)
	}
	if first.Method != http.MethodGet || len(via) > c.cfg.Redirects || to.URL.Scheme != first.URL.Scheme {
		return ErrRedirect
	}
	to.Header.Del("Referer") // the address asked may hold a secret
	return nil
}

// failure gives a transport's error its kind.
func (c *Client) failure(ctx context.Context, u *url.URL, err error) error {
	e := &Error{Kind: ErrNetwork, Origin: origin(u), Err: err}
	for _, kind := range [...]error{ErrRedirect, ErrAddress} {
		if errors.Is(err, kind) {
			e.Kind = kind
			return e
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Kind = ErrTimeout
	}
	return e
}

// dial resolves the name once, drops every address that may not be asked, and connects to the first of the others that
// answers. The numbers that were judged are the numbers that are dialled.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	addrs = slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return !c.rule.allows(a) })
	err = ErrAddress
	for i, a := range addrs {
		var conn net.Conn
		if conn, err = c.connect(ctx, network, net.JoinHostPort(a.Unmap().String(), port), len(addrs)-i); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// resolve returns the addresses of a host, which may be one already.
func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	if c.cfg.Resolve != nil {
		return c.cfg.Resolve(ctx, host)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// connect tries one address, leaving time for the others that are left.
func (c *Client) connect(ctx context.Context, network, address string, left int) (net.Conn, error) {
	if end, ok := ctx.Deadline(); ok && left > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/time.Duration(left))
		defer cancel()
	}
	if c.cfg.Dial != nil {
		return c.cfg.Dial(ctx, network, address)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}
