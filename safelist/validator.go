package safelist

import "context"

// Validator refuses a login whose return target is not accepted, for callers who prefer a refusal to the default page.
// A is the assertion type; Validator[*lmssso.Assertion] is an lmssso.Validator. A login without a target passes.
type Validator[A interface{ ReturnTarget() string }] struct {
	// List returns the list in force; it is called once a login, so the list can be replaced while running. A nil List
	// refuses every target, a path on the same site too; a nil *List returned accepts only those paths.
	List func() *List
}

// Validate returns nil or an [*Error].
func (v Validator[A]) Validate(_ context.Context, a A) error {
	raw := a.ReturnTarget()
	if raw == "" {
		return nil
	}
	if v.List == nil {
		return &Error{Rule: ErrNotListed, Target: ReturnTo}
	}
	_, err := v.List().checkGiven(ReturnTo, raw)
	return err
}
