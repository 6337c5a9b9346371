package site

import "net/http"

// healthz says that the process runs.
func (s *Site) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"ok": true})
}

// readyz says whether logins can work, and else which store is down.
func (s *Site) readyz(w http.ResponseWriter, r *http.Request) {
	if down := s.cfg.Stores.Down(r.Context()); len(down) > 0 {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"ok": false, "down": down})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ok": true})
}
