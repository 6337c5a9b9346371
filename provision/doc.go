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
// The rules follow the Thought Industries SSO guide (its attribute tables, "Dual Roles and Single Sign-On" and "Common
// Errors"). Where the guide is silent, the comment at the rule says what was chosen.
package provision
