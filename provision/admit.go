package provision

import "github.com/lmssso/lmssso"

// Admit judges whether a session that a connection opened may act as the account, by the account as it is now. A login is
// judged when it happens, but an account goes on to change: it gets another role or another tenant, from an administrator
// or from another connection. A session kept from a connection for students must not become an administrator's by that, so
// an application asks Admit whenever it takes a session for an account, or ends the sessions of accounts that change.
//
// f knows every role and the account's tenant, as any answer of [Directory.Read] with the account does; p is the policy of
// the connection. It refuses with [lmssso.ErrRoleNotAllowed], [lmssso.ErrRoleUnknown] or [lmssso.ErrTenantNotAllowed], by
// the rules of [Plan], and with [lmssso.ErrConfiguration] a policy of another realm.
func Admit(f Facts, a lmssso.Account, p lmssso.Policy) error {
	if p.Realm == "" || a.Link.Realm != p.Realm {
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the account is of another realm than the policy"}
	}
	pl := planner{snapshot: &Snapshot{Facts: f}, policy: &p, account: a}
	if err := pl.checkReach(); err != nil {
		return err
	}
	role, err := pl.lookUpRole(a.Role)
	if err != nil {
		return err
	}
	return pl.judgeRole(role)
}
