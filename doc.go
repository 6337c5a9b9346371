// Package lmssso lets a web application act as the learning platform of a single sign-on: it accepts logins vouched for
// elsewhere by a signed JWT, by SAML 2.0 or by OpenID Connect, and turns them into accounts with courses and licences.
//
// # The way of one login
//
//	request ─► protocol ─► *Assertion ─► validators ─► provisioner ─► safelist ─► the application's session
//	        jwtsso, saml,    verified       may only      plan, then     return_to
//	        oidc                            refuse        apply          or default
//
// Every protocol ends in the same [Assertion], and everything after it is written once. An Assertion exists only after
// verification. Each step is a function an application can call by itself; [Login] is the one handler that runs them
// all, in their order, and leaves exactly one entry per attempt in the SSO log, under a trace id the user can quote.
//
// The application owns its router, its sessions and its users. The library owns the protocol, the checks and the order
// of the steps.
//
// # The packages
//
//   - lmssso: Assertion, the contracts, validators, policy, errors, Login, Settings
//   - attrs: the attribute catalogue, values that keep absent, blank and present apart, and mappings of providers' names
//   - jwtsso: platform dialects, the verifier of a learning platform and the issuer of an identity provider
//   - saml: a SAML 2.0 service provider; saml/samltest is an identity provider for tests, with a menu of faults
//   - oidc: an OpenID Connect relying party; oidc/oidctest is an OpenID provider for tests, with a menu of faults
//   - safelist: where a browser may be sent
//   - provision: the rule book from assertion to account, as a pure plan; its directories are provision/memory and
//     provision/sqldir, and provision/provisiontest checks your own
//   - tenant: connections as configuration, one set-up per tenant, and their routes
//   - store, store/sqlstore: the single-use store behind replay protection; store/storetest checks your own
//   - ssolog: the SSO log with its pages
//
// # What the zero value means
//
// Forgetting a field gives the strictest behaviour. What relaxes a rule is named Allow…, and its comment says when that
// is safe. Validators and hooks can add refusals and never replace a mandatory check.
//
// # Errors
//
// A refusal is an [*Error] with a [Reason]: match it with [errors.Is], show [PublicMessage] to the user and Detail,
// Expected, Received and the reason's Remedy to the administrator. No error text holds a token, a secret or a person's
// data.
package lmssso
