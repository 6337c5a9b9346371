package ssolog

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lmssso/lmssso"
)

// ErrQuery refuses a query that cannot be understood.
var ErrQuery = lmssso.NewReason("malformed", 400, "The log was asked a question it does not understand.",
	"The parameters are limit, connection, user, trace and valid, each at most once.")

// Verdict says which attempts a [Query] asks for.
type Verdict uint8

// The attempts a query may ask for.
const (
	Any      Verdict = iota // accepted and refused
	Accepted                // valid logins
	Refused                 // the others
)

// Query says which entries are asked for. The zero value asks for all of them.
type Query struct {
	// Limit is how many entries are returned at most; 0 is all.
	Limit int
	// Connection is the id of a connection.
	Connection string
	// User is an external id, a name id, an email address (in any case), the id of the account, or a pseudonym the log shows.
	User string
	// TraceID is what a user quoted.
	TraceID string
	// Verdict asks for accepted or refused attempts only.
	Verdict Verdict
}

const (
	// maxLimit is what both rings hold together.
	maxLimit = 2 * maxEntries
	// maxFilter is how long a filter may be, in bytes.
	maxFilter = 320
)

// ParseQuery reads a query from the parameters limit, connection, user, trace and valid ("true" or "false"). An empty
// parameter, as forms send it, is one not given. Anything else, and a parameter given twice, is [ErrQuery].
func ParseQuery(v url.Values) (Query, error) {
	var q Query
	for name, values := range v {
		if !slices.Contains([]string{"limit", "connection", "user", "trace", "valid"}, name) {
			return Query{}, wrong("there is a parameter this does not know")
		}
		if len(values) != 1 {
			return Query{}, wrong(name + " is given more than once")
		}
	}
	q.Connection, q.User, q.TraceID = v.Get("connection"), v.Get("user"), v.Get("trace")
	var err error
	if q.Limit, err = parseLimit(v.Get("limit")); err != nil {
		return Query{}, err
	}
	if q.Verdict, err = parseVerdict(v.Get("valid")); err != nil {
		return Query{}, err
	}
	if err := q.check(); err != nil {
		return Query{}, err
	}
	return q, nil
}

func parseLimit(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || strconv.Itoa(n) != s {
		return 0, wrong(fmt.Sprintf("limit must be a number from 1 to %d", maxLimit))
	}
	return n, nil
}

func parseVerdict(s string) (Verdict, error) {
	switch s {
	case "":
		return Any, nil
	case "true":
		return Accepted, nil
	case "false":
		return Refused, nil
	default:
		return Any, wrong("valid must be true or false")
	}
}

// Values returns the parameters [ParseQuery] reads the query from.
func (q Query) Values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"connection": q.Connection, "user": q.User, "trace": q.TraceID, "valid": q.Verdict.parameter()} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

func (d Verdict) parameter() string {
	switch d {
	case Accepted:
		return "true"
	case Refused:
		return "false"
	default:
		return ""
	}
}

// check refuses what no query can mean.
func (q Query) check() error {
	if q.Limit < 0 || q.Limit > maxLimit {
		return wrong(fmt.Sprintf("limit must be a number from 0 to %d", maxLimit))
	}
	if q.Verdict > Refused {
		return wrong("the verdict is unknown")
	}
	for _, f := range []struct{ name, text string }{{"connection", q.Connection}, {"user", q.User}, {"trace", q.TraceID}} {
		if len(f.text) > maxFilter || !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unicode.IsControl) {
			return wrong(fmt.Sprintf("%s must be text of at most %d bytes", f.name, maxFilter))
		}
	}
	return nil
}

// wrong names the parameter, never what it held.
func wrong(detail string) error { return &lmssso.Error{Reason: ErrQuery, Detail: detail} }
