package tenant

import (
	"net/http"
	"time"

	"github.com/lmssso/lmssso"
)

// trail answers and records what is no login by itself. It holds no more of a connection than its name, because it lives as
// long as the site.
type trail struct {
	app        *App
	reg        *Registry
	connection string
	tenant     string
	protocol   lmssso.Protocol
}

func (b builder) trail(c Connection) trail {
	return trail{app: b.app, reg: b.reg, connection: c.ID, tenant: c.Tenant, protocol: c.Protocol}
}

// notBegun refuses a login that could not begin.
func (t trail) notBegun(w http.ResponseWriter, r *http.Request, err error) {
	t.record(r, "login", t.app.Env.Refuse(w, r, err), err)
}

// loggedOut answers the browser at the end of a logout, unless the provider's message was answered, and records it.
func (t trail) loggedOut(w http.ResponseWriter, r *http.Request, answered bool, returnTo string, err error) {
	trace := lmssso.NewTraceID()
	switch {
	case answered:
	case err != nil:
		trace = t.app.Env.Refuse(w, r, err)
	default:
		w.Header().Set("Location", t.safeReturn(returnTo))
		w.WriteHeader(http.StatusSeeOther)
	}
	t.record(r, "logout", trace, err)
}

// safeReturn judges where a logout's return goes, as every redirect is judged.
func (t trail) safeReturn(asked string) string {
	if target, err := t.reg.Safelist(t.tenant).Check(asked); err == nil {
		return target.String()
	}
	return "/"
}

// record leaves an entry in the log.
func (t trail) record(r *http.Request, action, trace string, refused error) {
	if t.app.Recorder == nil {
		return
	}
	now := time.Now
	if t.app.Env.Now != nil {
		now = t.app.Env.Now
	}
	err := t.app.Recorder.Record(r.Context(), &lmssso.Attempt{
		TraceID: trace, Action: action, Connection: t.connection, Protocol: t.protocol, Tenant: t.tenant, Started: now(), Err: refused,
	})
	if err != nil && t.app.Env.Logger != nil {
		t.app.Env.Logger.Error("sso log not written", "connection", t.connection, "code", lmssso.CodeOf(err))
	}
}
