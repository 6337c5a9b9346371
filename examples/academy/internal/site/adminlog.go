package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/ssolog"
)

// entriesPerPage is how many entries the page shows unless it is asked for more.
const entriesPerPage = 100

// logRow is one entry, with the whole of it as JSON.
type logRow struct {
	ssolog.Entry
	JSON string
}

// logPage shows the library's log in the site's own frame.
func (s *Site) logPage(w http.ResponseWriter, r *http.Request) {
	q, problem := ssolog.ParseQuery(r.URL.Query())
	if problem != nil {
		q = ssolog.Query{Limit: 1}
	}
	if q.Limit == 0 {
		q.Limit = entriesPerPage
	}
	view, err := s.log.View(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if problem != nil {
		view.Entries = nil
	}
	var connections []string
	for _, c := range s.registry.Connections() {
		connections = append(connections, c.ID)
	}
	status, _ := lmssso.PublicMessage(problem)
	s.show(w, r, status, "log", ui.Page{Title: "Sign-in log", Body: map[string]any{
		"View": view, "Rows": logRows(view.Entries), "Query": q, "Valid": q.Values().Get("valid"),
		"Connections": connections, "Problem": detail(problem),
	}})
}

func detail(err error) string {
	var e *lmssso.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return ""
}

func logRows(entries []ssolog.Entry) []logRow {
	out := make([]logRow, len(entries))
	for i, e := range entries {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // the template escapes
		enc.SetIndent("", "  ")
		if enc.Encode(e) != nil {
			b.Reset() // times beyond the year 9999 have no JSON
		}
		out[i] = logRow{e, b.String()}
	}
	return out
}

// recording switches the log on or off.
func (s *Site) recording(w http.ResponseWriter, r *http.Request) {
	s.log.SetEnabled(r.PostFormValue("enabled") == "true")
	seeOther(w, "/admin/sso-log")
}
