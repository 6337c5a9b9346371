package ssolog

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/page"
)

// JSONHandler answers GET with a [View] as JSON; [ParseQuery] reads the parameters. A query that cannot be understood is
// answered 400 with {"code", "message", "detail"}, any other method 405, HEAD included.
//
// The handler does no authorisation: mount it behind the application's own check for administrators.
func (l *Log) JSONHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		if r.Method != http.MethodGet {
			refuse(w, lmssso.ErrMethod)
			return
		}
		view, err := l.ask(r, 0)
		if err != nil {
			refuse(w, err)
			return
		}
		writeJSON(w, http.StatusOK, view)
	})
}

// HTMLHandler answers GET with a page: the filters, the state of the switch, and the entries, each with its JSON. Without a
// limit it shows the latest 100. It answers faults as JSONHandler does, save that a query it cannot understand gets
// the page again, with what is wrong.
//
// The handler does no authorisation: mount it behind the application's own check for administrators.
func (l *Log) HTMLHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), l.page.policy)
		if r.Method != http.MethodGet {
			refuse(w, lmssso.ErrMethod)
			return
		}
		view, err := l.ask(r, pageLimit)
		if err != nil && !errors.Is(err, ErrQuery) {
			refuse(w, err)
			return
		}
		var body bytes.Buffer
		if pageTemplate.Execute(&body, l.page.data(r, view, err)) != nil {
			refuse(w, lmssso.ErrUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		status, _ := lmssso.PublicMessage(err)
		w.WriteHeader(status)
		_, _ = body.WriteTo(w) // the client went away: nobody is left to tell
	})
}

// asked is a view and the query it answers.
type asked struct {
	View
	Query Query `json:"-"`
}

// ask answers the request's query. The state of the log is there even when the query is not understood.
func (l *Log) ask(r *http.Request, limit int) (asked, error) {
	if err := r.ParseForm(); err != nil { // a parameter that is badly escaped must not be dropped in silence
		return asked{View: View{Enabled: l.Enabled(), Values: l.values}}, wrong("the query is badly escaped")
	}
	q, err := ParseQuery(r.Form)
	if err != nil {
		return asked{View: View{Enabled: l.Enabled(), Values: l.values}}, err
	}
	if q.Limit == 0 {
		q.Limit = limit
	}
	view, err := l.View(r.Context(), q)
	return asked{View: view, Query: q}, err
}

// refuse answers with the reason of a fault.
func refuse(w http.ResponseWriter, err error) {
	reason := lmssso.ReasonOf(err)
	if errors.Is(err, lmssso.ErrMethod) {
		w.Header().Set("Allow", http.MethodGet)
	}
	var e *lmssso.Error
	answer := map[string]string{"code": string(reason.Code()), "message": reason.Public()}
	if errors.As(err, &e) && e.Detail != "" {
		answer["detail"] = e.Detail
	}
	writeJSON(w, reason.Status(), answer)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, lmssso.ErrUnavailable.Public(), lmssso.ErrUnavailable.Status())
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client went away: nobody is left to tell
}
