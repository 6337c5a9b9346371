// Package provision turns verified logins into accounts. It is the platform's rule book: who a login is, what it may
// change, and what it must never touch.
//
// [Plan] is the whole rule book and pure: it looks at what the [Directory] knows ([Snapshot]), what the login says
// ([lmssso.Assertion]) and what the connection may do ([lmssso.Policy]), and answers what the account would be and why
// ([lmssso.Outcome]), or which rule refuses. [Service] reads the snapshot, plans, and applies the plan in one
// transaction; when somebody else was faster it reads and plans again. [Service.DryRun] stops before applying.
//
//	assertion ──► QueryFor ──► Directory.Read ──► Plan ──► Directory.Apply ──► Outcome
//	                                 ▲                          │
//	                                 └──────── ErrStale ────────┘   at most three times
//
// Users are found by external id within the connection's realm, never by email unless the policy says so. What a login
// does not mention stays. Grants add up; only a replace flag takes something away, and one without a list is refused.
// Whatever the login sends, it ends within the policy's roles and tenants, or nothing is changed at all.
//
// [Service.Link], [Service.MakeDual] and [Service.Switch] are for administrators and for the application. No login
// reaches them.
//
// # The rules
//
// They follow the Thought Industries SSO guide (its attribute tables, "Dual Roles and Single Sign-On" and "Common
// Errors"). What was chosen because the guide is silent is marked "ours" where it is decided. Comments and tests use these
// numbers.
//
//  1. Find. The account is the one with the login's external id in the policy's realm. Nobody with it: a free email makes
//     a new account, an email that somebody has is refused. Students without external id can be found by email where the
//     policy says so.
//  2. Profile. Absent leaves, blank clears, present sets. Email and external id are never cleared.
//  3. Access adds up. Nothing is revoked by leaving it out.
//  4. Replace flags revoke what no list of their family names. A family wholly absent is refused, unless the policy takes
//     it as an order; a blank list is an order to revoke all.
//  5. A tiered subscription leaves exactly the bundle listed.
//  6. An SSO subscription is a bundle every login through the connection receives, outside the tiered set.
//  7. Tenant. Selectors and the endpoint's path must agree on one tenant the policy covers.
//  8. Role. New accounts without one are students. The policy judges the role held afterwards.
//  9. Dual role. A pair of accounts, one learner and one manager, share link and email; the login says which it is.
//  10. Clearing the cart is left to the application.
//  11. Licences give places in sublicenses of tenants the policy covers; marks and reports hang on them.
//  12. Unknown names are warnings, but refused under a replace flag; unknown licences, roles and tenants always are.
//  13. A verified email gives an account its external id where the policy says so: once, on record, and never a manager's
//     or another tenant's.
package provision
