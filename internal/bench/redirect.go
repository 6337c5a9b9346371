package bench

import (
	"errors"
	"net/url"

	"github.com/lmssso/lmssso/safelist"
)

var errVerdict = errors.New("bench: the safelist decided otherwise")

// check makes a subject of the safelist's verdict on one target.
func check(name, target string, good bool) Subject {
	l := list()
	return operation(name, func() error { return verdict(l, target, good) })
}

func verdict(l *safelist.List, target string, good bool) error {
	if _, err := l.Check(target); (err == nil) != good {
		return errVerdict
	}
	return nil
}

// parsing is what reading a URL takes with net/url, without judging anything.
func parsing(name, target string) Subject {
	return operation(name, func() error {
		_, err := url.Parse(target)
		return err
	})
}

const (
	listedTarget   = "https://my.school.customer.example.com/courses/introduction?tab=2"
	unlistedTarget = "https://customer.example.com.evil.example/courses/introduction"
)

func redirecting() Comparison {
	return Comparison{
		Name: "safelist",
		Subjects: []Subject{
			check("listed", listedTarget, true), check("same-site", returnTo, true),
			check("not-listed", unlistedTarget, false), parsing("net-url-parse", listedTarget),
		},
		Goals: []Goal{{Against: "net-url-parse"}},
	}
}
