package ssolog_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/ssolog"
)

// Every login given the log as its Recorder leaves an entry; here one is recorded by hand.
func Example() {
	log, err := ssolog.New(ssolog.Config{Enabled: true})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_ = log.Record(ctx, &lmssso.Attempt{
		TraceID: "7M2K", Action: "jwt", Connection: "main-jwt", Protocol: lmssso.JWT,
		Assertion: &lmssso.Assertion{
			Link:    lmssso.Link{Realm: "main", ExternalID: "12345"},
			Profile: lmssso.Profile{Email: attrs.Text("bob@example.com")},
			Raw:     map[string][]string{"email": {"bob@example.com"}},
		},
	})
	_ = log.Record(ctx, &lmssso.Attempt{
		TraceID: "9QX4", Action: "jwt", Connection: "main-jwt", Protocol: lmssso.JWT, Err: lmssso.ErrExpired,
	})

	entries, err := log.Query(ctx, ssolog.Query{User: "bob@example.com"})
	if err != nil {
		panic(err)
	}
	fmt.Println(entries[0].TraceID, entries[0].Result.Valid, entries[0].Response.User.Attributes)

	entries, err = log.Query(ctx, ssolog.Query{Verdict: ssolog.Refused})
	if err != nil {
		panic(err)
	}
	fmt.Println(entries[0].TraceID, entries[0].Result.Error.Code)
	// Output:
	// 7M2K true map[email:[[redacted]]]
	// 9QX4 expired
}

// The handlers stand behind the application's own check, and so does the switch.
func ExampleLog_HTMLHandler() {
	log, err := ssolog.New(ssolog.Config{Page: ssolog.Page{ToggleURL: "/admin/sso-log/switch"}})
	if err != nil {
		panic(err)
	}
	adminsOnly := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer an-admin-of-the-application" {
				http.Error(w, "administrators only", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /admin/sso-log", adminsOnly(log.HTMLHandler()))
	mux.Handle("POST /admin/sso-log/switch", adminsOnly(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.SetEnabled(r.PostFormValue("enabled") == "true")
		http.Redirect(w, r, "/admin/sso-log", http.StatusSeeOther)
	})))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/admin/sso-log", nil))
	fmt.Println(w.Code)
	// Output: 403
}
