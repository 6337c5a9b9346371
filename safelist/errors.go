package safelist

import (
	"errors"
	"strings"
)

// The rules a target can break, in the order they are applied. Match them with [errors.Is].
var (
	// ErrTooLong refuses a target of more than [MaxLength] bytes.
	ErrTooLong = errors.New("is too long")
	// ErrCharacter refuses a byte that RFC 3986 section 2 gives no place in a URL (a control character, a space, a
	// backslash, a quote, anything beyond ASCII) and a percent sign without two hexadecimal digits.
	ErrCharacter = errors.New("holds a character that must be percent-encoded, or a broken escape")
	// ErrMalformed refuses what is neither a path with exactly one leading slash nor scheme://host.
	ErrMalformed = errors.New("is neither a path with exactly one leading slash nor an absolute URL")
	// ErrScheme refuses any scheme but https, and http where it is not allowed.
	ErrScheme = errors.New("has a scheme that is not allowed")
	// ErrUserInfo refuses a user name or password before the host.
	ErrUserInfo = errors.New("has user information before its host")
	// ErrHost refuses a host that is not a plain DNS name: an empty label, a trailing dot, a character beyond letters,
	// digits, "-", "_" and ".", an invalid punycode label, an address in an unusual spelling.
	ErrHost = errors.New("has a host that is not a well-formed name")
	// ErrPort refuses a port that is empty, zero, above 65535 or has a leading zero.
	ErrPort = errors.New("has a port that is not a well-formed number")
	// ErrPath refuses a path that a server or a browser could turn into the start of another host.
	ErrPath = errors.New("has a path that could be read as the start of another host")
	// ErrNotListed refuses a well-formed target whose host or port is not on the list.
	ErrNotListed = errors.New("has a host or port that is not on the safelist")
)

// Error is the refusal of one target. Its text names the rule, never the target: that is a stranger's text and may
// hold personal data.
type Error struct {
	// Rule is one of this package's Err… values.
	Rule error
	// Target is [ReturnTo] or [ErrorURL] when the refusal came from [List.Pair] or a [Validator], else "".
	Target string
}

// Error names the rule.
func (e *Error) Error() string {
	which := "target"
	if e.Target != "" {
		which = e.Target
	}
	if e.Rule == nil {
		return "safelist: " + which + " refused"
	}
	return "safelist: " + which + " " + e.Rule.Error()
}

// Unwrap returns the rule.
func (e *Error) Unwrap() error { return e.Rule }

// SSOCode returns the stable code of a refused target.
func (e *Error) SSOCode() string { return "target-not-allowed" }

// Fault is one thing wrong with a [Config].
type Fault struct {
	// Path names the setting as a configuration file spells it: baseURL, domains, domains[2].
	Path string
	// Detail says what is wrong and what to write instead.
	Detail string
}

// ConfigError lists everything wrong with a [Config], so that it can be put right in one go.
type ConfigError struct {
	// Faults has at least one item, in the order of the configuration.
	Faults []Fault
}

// Error lists the faults.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("safelist: ")
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Path + ": " + f.Detail)
	}
	return b.String()
}

// SSOCode returns the stable code of a configuration fault.
func (e *ConfigError) SSOCode() string { return "configuration" }
