package provision

import (
	"context"
	"errors"

	"github.com/lmssso/lmssso"
)

// replans is how often a plan is made again after somebody else changed the accounts in between.
const replans = 3

// Config is what a [Service] needs.
type Config struct {
	// Directory is where the accounts live. Required.
	Directory Directory
}

// Service applies plans to a directory. It implements [lmssso.Provisioner] and is safe for concurrent use.
type Service struct{ directory Directory }

var (
	_ lmssso.Provisioner = (*Service)(nil)
	_ lmssso.PolicyJudge = (*Service)(nil)
)

// JudgesPolicy promises that [Service.Provision] refuses roles and tenants beyond the policy; rules 7 and 8 do.
func (*Service) JudgesPolicy() {}

// New makes a service. It refuses a configuration without a directory with [lmssso.ErrConfiguration].
func New(cfg Config) (*Service, error) {
	if cfg.Directory == nil {
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "provisioning has no directory"}
	}
	return &Service{directory: cfg.Directory}, nil
}

// Provision does what [Plan] decides, in one transaction, and returns it with the account as stored. A login that changes
// nothing writes nothing.
//
// It returns the plan's refusals; [lmssso.ErrBusy] when the accounts kept changing; [lmssso.ErrUnavailable] when the
// directory fails.
func (s *Service) Provision(ctx context.Context, a *lmssso.Assertion, p lmssso.Policy) (*lmssso.Outcome, error) {
	return s.settle(ctx, func() (Snapshot, lmssso.Outcome, error) { return s.plan(ctx, a, p) })
}

// DryRun returns what [Service.Provision] would do, and changes nothing. An account that would be made has no ID yet.
func (s *Service) DryRun(ctx context.Context, a *lmssso.Assertion, p lmssso.Policy) (*lmssso.Outcome, error) {
	_, out, err := s.plan(ctx, a, p)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// plan reads what the login is about and plans it.
func (s *Service) plan(ctx context.Context, a *lmssso.Assertion, p lmssso.Policy) (Snapshot, lmssso.Outcome, error) {
	if a == nil {
		return Snapshot{}, lmssso.Outcome{}, noAssertion()
	}
	snapshot, err := s.read(ctx, QueryFor(a, p))
	if err != nil {
		return Snapshot{}, lmssso.Outcome{}, err
	}
	out, err := Plan(snapshot, a, p)
	return snapshot, out, err
}

// settle applies what decide returns, and asks it again while the directory says that it is stale.
func (s *Service) settle(ctx context.Context, decide func() (Snapshot, lmssso.Outcome, error)) (*lmssso.Outcome, error) {
	for range 1 + replans {
		snapshot, out, err := decide()
		if err != nil {
			return nil, err
		}
		if !out.Alters() {
			return &out, nil
		}
		stored, err := s.directory.Apply(ctx, snapshot, out)
		switch {
		case err == nil:
			out.Account = stored
			return &out, nil
		case !errors.Is(err, ErrStale):
			return nil, unavailable(err)
		}
	}
	return nil, &lmssso.Error{Reason: lmssso.ErrBusy, Detail: "the account kept changing", Err: ErrStale}
}

// read asks the directory.
func (s *Service) read(ctx context.Context, q Query) (Snapshot, error) {
	snapshot, err := s.directory.Read(ctx, q)
	if err != nil {
		return Snapshot{}, unavailable(err)
	}
	return snapshot, nil
}

// unavailable is a directory that fails. What it said is kept for the log's cause, not for a text.
func unavailable(err error) error {
	return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the directory failed", Err: err}
}

func noAssertion() error {
	return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "there is no assertion to provision"}
}
