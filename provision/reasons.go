package provision

import "github.com/lmssso/lmssso"

// Reasons of what administrators do; logins have those of the root package.
var (
	// ErrNoAccount refuses an account id the directory does not know.
	ErrNoAccount = lmssso.NewReason("not-found", 404, "There is no such account.", "Use the id the directory shows for the account.")
	// ErrNotPairable refuses to make a dual-role user of an account that has two roles already, or with a role of the
	// kind the account has: a pair is one learner and one manager.
	ErrNotPairable = lmssso.NewReason("not-dual-role", 403, "This account cannot be given a second role.", "A pair is one learner and one manager: name a role of the other kind, for an account that has only one.")
)
