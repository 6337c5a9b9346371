package lmssso_test

import (
	"io"
	"log/slog"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// epoch is the moment all tests of this package take place.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// sample is a verified login of a student, as a protocol package returns it.
func sample() *lmssso.Assertion {
	return &lmssso.Assertion{
		Origin: lmssso.Origin{Protocol: lmssso.JWT, Connection: "main-jwt", ID: "id-1"},
		Link:   lmssso.Link{Realm: "main", ExternalID: "12345"},
		Times:  lmssso.Times{IssuedAt: epoch},
		Profile: lmssso.Profile{
			Email: attrs.Text("bob@example.com"), FirstName: attrs.Text("Bob"), LastName: attrs.Text("Jones"),
			Role: attrs.Text("student"),
		},
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
