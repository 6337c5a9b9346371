// Package ssolog keeps the single sign-on log: one [Entry] for every attempt to sign in, in the shape administrators know
// from Thought Industries ("Single Sign-On Logs"), with the trace id, the duration and the changes added.
//
// # The flow
//
//	log, err := ssolog.New(ssolog.Config{Enabled: true})
//	login, err := lmssso.NewLogin(lmssso.LoginConfig{Recorder: log, …})
//
// [Log] implements [lmssso.Recorder], so every login records itself. [Log.Query] returns entries, newest first;
// [Log.JSONHandler] and [Log.HTMLHandler] show them. [Log.View] returns what the page shows, for applications that
// render their own.
//
// The handlers do no authorisation. The application mounts them behind its own check that the visitor is an administrator.
//
// # What is kept
//
// Accepted and refused attempts are kept apart, 600 entries and seven days each, so that refused noise cannot push good
// logins out. The log is in memory and serves one process; entries end with it. An entry past its time is never shown,
// and is let go at the next call.
//
// # What is never kept
//
// Under [RedactValues], which is the default, an entry holds attribute names and the number of their values, not the
// values. A user shows as a pseudonym such as "user-3f9a2c41d07b": the same user has the same one until the process
// ends, so that an administrator can follow somebody without reading who it is. Asking for a user by external id, name
// id or email still works, by keyed digests whose random key lives as long as the process. That a value was blank stays
// visible, because blank orders the platform to clear.
//
// Tokens, secrets, keys and signatures are removed under [KeepValues] too: values of attributes named like a secret, and
// whatever looks like a compact JWS or JWE, a PEM block, a bearer credential or a long random text. That last rule also
// takes harmless random identifiers of 40 characters and more; a name id it takes shows as the pseudonym.
// Of an error only the reason and the particulars of [lmssso.Error] and [attrs.Error] are kept, never the text of a cause.
package ssolog
