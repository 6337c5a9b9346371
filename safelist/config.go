package safelist

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Config says what a list accepts. The zero Config accepts only paths on the same site.
type Config struct {
	// BaseURL is the address under which browsers reach the site, such as "https://learn.example.com". Its scheme, host
	// and port are always listed; a path in it is ignored. Empty: no absolute URL of the site's own is accepted. An http
	// base URL needs AllowHTTP, or a loopback host.
	BaseURL string
	// Domains lists the hosts of other sites. "example.org" covers that host and every host below it, "=example.org" that
	// host alone. "example.org:8443" covers port 8443 and no other; without a port an entry covers the scheme's default
	// port. A name may be in Unicode or punycode.
	//
	// Refused are public suffixes such as "co.uk" or "github.io" (publicsuffix.org: anybody can have a host below them),
	// addresses, schemes, paths, wildcards and user information. For the same reason "amazonaws.com" does not cover
	// "bucket.s3.amazonaws.com": "s3.amazonaws.com" is a public suffix.
	Domains []string
	// AllowHTTP accepts http URLs of listed hosts as well, and loopback hosts (localhost, 127.0.0.1, [::1]) as entries.
	// Safe only in development: whoever is on the network path can read and change what http carries.
	AllowHTTP bool
}

// New makes a list. A faulty configuration gives a [*ConfigError] that names every fault, and no list.
func New(cfg Config) (*List, error) {
	l := &List{allowHTTP: cfg.AllowHTTP, entries: make(map[string][]rule, len(cfg.Domains))}
	faults := l.setOwn(cfg.BaseURL)
	for i, text := range cfg.Domains {
		host, r, err := parseEntry(text, cfg.AllowHTTP)
		if err != nil {
			faults = append(faults, Fault{fmt.Sprintf("domains[%d]", i), err.Error()})
			continue
		}
		l.entries[host] = append(l.entries[host], r)
	}
	return finish(l, faults)
}

// AllowAny makes a list that covers every DNS name on every port: what Thinkific does while no domain is listed, by
// name. Every rule about the form of a target still holds; addresses are refused, loopback hosts and http need
// [Config.AllowHTTP]. Safe only where an open redirect does no harm: anybody can write a link that signs a user in
// here and sends them to a site of their choice. [Config.Domains] must be empty.
func AllowAny(cfg Config) (*List, error) {
	l := &List{allowHTTP: cfg.AllowHTTP, any: true}
	faults := l.setOwn(cfg.BaseURL)
	if len(cfg.Domains) > 0 {
		faults = append(faults, Fault{"domains", "must be empty where any domain is allowed"})
	}
	return finish(l, faults)
}

func finish(l *List, faults []Fault) (*List, error) {
	if len(faults) > 0 {
		return nil, &ConfigError{faults}
	}
	return l, nil
}

// setOwn reads the base URL; an empty one leaves the list without an origin.
func (l *List) setOwn(base string) []Fault {
	if base == "" {
		return nil
	}
	o, err := parse(base)
	switch {
	case err != nil:
		return baseFault(err.Error())
	case o.host == "":
		return baseFault("must be absolute, such as https://learn.example.com")
	case strings.ContainsAny(base, "?#"):
		return baseFault("must have no query and no fragment")
	case o.scheme == "http" && !l.allowHTTP && !isLoopback(o.host):
		return baseFault("must be https; http needs AllowHTTP, or a loopback host")
	}
	l.own = o
	return nil
}

func baseFault(detail string) []Fault { return []Fault{{"baseURL", detail}} }

// parseEntry reads ["="] host [":" port].
func parseEntry(text string, allowHTTP bool) (host string, r rule, err error) {
	text, r.exact = strings.CutPrefix(text, "=")
	if err := checkShape(text); err != nil {
		return "", rule{}, err
	}
	name, port, hasPort := cutPort(text)
	if hasPort {
		var ok bool
		if r.port, ok = parsePort(port); !ok {
			return "", rule{}, errors.New("the port must be a number from 1 to 65535")
		}
	}
	host, err = entryHost(name)
	if err != nil {
		return "", rule{}, err
	}
	return host, r, checkReach(host, allowHTTP)
}

// checkShape names the usual mistakes.
func checkShape(text string) error {
	switch {
	case text == "":
		return errors.New("is empty")
	case strings.Contains(text, "://"):
		return errors.New("write the host alone, without a scheme")
	case strings.ContainsAny(text, `/\?#`):
		return errors.New("write the host alone, without a path or query")
	case strings.Contains(text, "@"):
		return errors.New("write the host alone, without user information")
	case strings.Contains(text, "*"):
		return errors.New("write the domain without a wildcard: an entry covers every host below it; AllowAny covers everything")
	}
	return nil
}

// entryHost returns the name in lower-case ASCII.
func entryHost(name string) (string, error) {
	host := strings.ToLower(name)
	if !isASCII(name) {
		var err error
		if host, err = idna.Lookup.ToASCII(name); err != nil {
			return "", errors.New("is not a valid internationalized name")
		}
	}
	if !validHost(host) {
		return "", errors.New("is not a well-formed host name")
	}
	return host, nil
}

// checkReach refuses what would cover strangers' hosts, and hosts that have no name of their own.
func checkReach(host string, allowHTTP bool) error {
	switch {
	case isLoopback(host) && !allowHTTP:
		return errors.New("is a loopback host, which needs AllowHTTP")
	case isLoopback(host):
		return nil
	case isAddress(host):
		return errors.New("is an address; list a host name")
	case !strings.Contains(host, "."):
		return errors.New("is a single label; list a full host name, such as example.org")
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(host); err != nil {
		return errors.New("is a public suffix: anybody can have a host below it; list a registrable name or a host below one")
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
