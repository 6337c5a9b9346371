package bench

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// connections is how many clients ask at once, for each processor.
const connections = 4

// serve starts a server on the loopback for a handler, for as long as the process lives.
func serve(h http.Handler) (address string) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() { _ = (&http.Server{Handler: h}).Serve(l) }() // ends with the process
	return l.Addr().String()
}

// client keeps one connection open. It writes requests and reads answers as plain bytes, so that most of the time is the
// server's.
type client struct {
	conn net.Conn
	out  []byte
	in   [4096]byte
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return &client{conn: conn}, nil
}

// signIn sends a token and wants 303.
func (c *client) signIn(token string) error {
	c.out = append(append(c.out[:0], "GET "+endpoint+"?jwt="...), token...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: learn.example.com\r\n\r\n"...)
	if _, err := c.conn.Write(c.out); err != nil {
		return err
	}
	text, err := c.read()
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(text, []byte("HTTP/1.1 303 ")) {
		return fmt.Errorf("bench: the server answered %.12q", text)
	}
	return nil
}

// read returns one answer: headers, and a body of the length they give.
func (c *client) read() ([]byte, error) {
	n := 0
	for {
		more, err := c.conn.Read(c.in[n:])
		if err != nil {
			return nil, err
		}
		n += more
		head, body, whole := bytes.Cut(c.in[:n], []byte("\r\n\r\n"))
		if whole && len(body) >= bodyLength(head) {
			return c.in[:n], nil
		}
		if n == len(c.in) {
			return nil, io.ErrShortBuffer
		}
	}
}

func bodyLength(head []byte) int {
	_, rest, found := bytes.Cut(head, []byte("\r\nContent-Length: "))
	length := 0
	for _, c := range rest {
		if !found || c < '0' || c > '9' {
			break
		}
		length = 10*length + int(c-'0')
	}
	return length
}

// parallel makes a subject of several clients that ask one server at once. Allocations are the server's and its
// clients' together.
func parallel(all tokens, n named) Subject {
	p := all.pool()
	address := sync.OnceValue(func() string { return serve(n.handler) })
	return all.ready(Subject{n.name, func(b *testing.B) {
		to := address()
		b.ReportAllocs()
		b.SetParallelism(connections)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			c, err := dial(to)
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = c.conn.Close() }() // nothing is left to be read
			for pb.Next() {
				if err := c.signIn(p.token()); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}})
}

// overLoopback is the sign-in over HTTP: the rate the whole server reaches. The goal allows the library's handler, with
// everything it checks and stores, a third of a server that checks nothing.
func overLoopback(all tokens) Comparison {
	c := Comparison{
		Name: "login-over-http",
		Goals: []Goal{
			{Against: "unverified", Rate: true, Least: 0.65}, {Against: "golang-jwt", Rate: true}, {Against: "lmssso-with-log", Rate: true},
		},
	}
	for _, n := range handlers() {
		c.Subjects = append(c.Subjects, parallel(all, n))
	}
	return c
}
