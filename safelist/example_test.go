package safelist_test

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/lmssso/lmssso/safelist"
)

func Example() {
	list, err := safelist.New(safelist.Config{
		BaseURL: "https://learn.example.com",
		Domains: []string{"thinkific.com", "=portal.example.org", "bücher.example:8443"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, raw := range []string{
		"/courses/42",
		"https://learn.example.com/courses/42",
		"https://school.thinkific.com/",
		"https://evilthinkific.com/",
		"https://portal.example.org@evil.example/",
		`/\evil.example`,
	} {
		if _, err := list.Check(raw); err != nil {
			fmt.Println("default page:", err)
			continue
		}
		fmt.Println("sent to", raw)
	}
	// Output:
	// sent to /courses/42
	// sent to https://learn.example.com/courses/42
	// sent to https://school.thinkific.com/
	// default page: safelist: target has a host or port that is not on the safelist
	// default page: safelist: target has user information before its host
	// default page: safelist: target holds a character that must be percent-encoded, or a broken escape
}

func ExampleNew_faults() {
	_, err := safelist.New(safelist.Config{Domains: []string{"thinkific.com", "co.uk", "https://example.org"}})
	var bad *safelist.ConfigError
	if errors.As(err, &bad) {
		for _, f := range bad.Faults {
			fmt.Printf("%s %s\n", f.Path, f.Detail)
		}
	}
	// Output:
	// domains[1] is a public suffix: anybody can have a host below it; list a registrable name or a host below one
	// domains[2] write the host alone, without a scheme
}

// Thinkific sends users anywhere while no domain is listed. Here that takes a name of its own, and the form of a target
// is still judged.
func ExampleAllowAny() {
	list, err := safelist.AllowAny(safelist.Config{BaseURL: "https://learn.example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = list.Check("https://www.example.com/welcome")
	fmt.Println(err)
	_, err = list.Check("javascript:alert(1)")
	fmt.Println(err)
	// Output:
	// <nil>
	// safelist: target has a scheme that is not allowed
}

// Only thinkific.com is listed, so the error page on example.com makes the list ignore both targets.
func ExampleList_Pair() {
	list, err := safelist.New(safelist.Config{Domains: []string{"thinkific.com"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	pair, err := list.Pair("https://www.thinkific.com", "https://www.example.com")
	fmt.Printf("%q %q %v\n%v\n", pair.ReturnTo, pair.ErrorURL, pair.Refused, err)

	pair, err = list.Pair("https://www.thinkific.com", "")
	fmt.Printf("%q %q %v %v\n", pair.ReturnTo, pair.ErrorURL, pair.Refused, err)
	// Output:
	// "" "" true
	// safelist: errorURL has a host or port that is not on the safelist
	// "https://www.thinkific.com" "" false <nil>
}

func ExampleTarget_With() {
	list, err := safelist.New(safelist.Config{Domains: []string{"thinkific.com"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := list.Check("https://www.thinkific.com/sign-in?from=sso#form")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(target.With(url.Values{"kind": {"error"}, "message": {"This sign-in was already used."}}))
	// Output:
	// https://www.thinkific.com/sign-in?from=sso&kind=error&message=This+sign-in+was+already+used.#form
}
