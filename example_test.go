package lmssso_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/safelist"
	"github.com/lmssso/lmssso/store"
)

// must keeps the examples short; a real program returns the error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// exampleToken is what a customer's backend sends: signed with the shared key, issued at epoch.
func exampleToken() string {
	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc([]byte(fmt.Sprintf(
		`{"externalCustomerId":"12345","email":"bob@example.com","firstName":"Bob","iat":%d,"returnTo":"/learn/"}`, epoch.Unix())))
	mac := hmac.New(sha256.New, []byte("a-shared-secret-of-32-bytes-here"))
	mac.Write([]byte(signed))
	return signed + "." + enc(mac.Sum(nil))
}

// A sign-in endpoint in an application that has its own router and sessions.
func ExampleLogin() {
	verifier := must(jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys:      []lmssso.Secret{"a-shared-secret-of-32-bytes-here"},
		SingleUse: store.NewMemory(store.MemoryConfig{Now: at(epoch)}),
		Now:       at(epoch),
	}))
	directory := must(memory.New(memory.Config{Facts: provision.Facts{
		Roles: []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
	}}))
	list := must(safelist.New(safelist.Config{BaseURL: "https://learn.example.com", Domains: []string{"thinkific.com"}}))
	pages := must(safelist.NewPages("/dashboard", map[string]string{"admin": "/admin"}))
	login := must(lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "main-jwt", Protocol: lmssso.JWT,
		Authenticator: verifier,
		Policy:        lmssso.Policy{Realm: "main"},
		Provisioner:   must(provision.New(provision.Config{Directory: directory})),
		Site: lmssso.Site{
			Safelist:    func() *safelist.List { return list },
			DefaultPage: func(a lmssso.Account) string { return pages.For(a.Role) },
		},
		Done: func(w http.ResponseWriter, r *http.Request, t *lmssso.Attempt) error {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "of account " + t.Outcome.Account.ID})
			return nil
		},
		Env: lmssso.Env{Now: at(epoch), Logger: quiet()},
	}))
	mux := http.NewServeMux()
	mux.Handle("GET /access/jwt", login)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/access/jwt?jwt="+exampleToken(), nil))
	fmt.Println(w.Code, w.Header().Get("Location"))

	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/access/jwt?jwt="+exampleToken(), nil))
	fmt.Println(w.Code, "the same token again")
	// Output:
	// 303 /learn/
	// 403 the same token again
}

// The steps one by one, in the application's own handler, for those who do not want [lmssso.Login].
func Example_withoutLogin() {
	verifier := must(jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys:      []lmssso.Secret{"a-shared-secret-of-32-bytes-here"},
		SingleUse: store.NewMemory(store.MemoryConfig{Now: at(epoch)}),
		Now:       at(epoch),
	}))
	validators := lmssso.All(
		lmssso.IssuedAt{Window: time.Minute, Now: at(epoch)}, // narrower than the dialect's 500 seconds
		lmssso.DualRole{},
		lmssso.ExternalID{},
		lmssso.PolicyCheck{}, // only students
	)
	list := must(safelist.New(safelist.Config{BaseURL: base, Domains: []string{"thinkific.com"}}))

	handler := func(w http.ResponseWriter, r *http.Request) {
		a, err := verifier.Verify(r.Context(), r.URL.Query().Get("jwt"))
		if err == nil {
			err = validators.Validate(r.Context(), a)
		}
		if err != nil {
			status, text := lmssso.PublicMessage(err)
			http.Error(w, text, status)
			return
		}
		// a.Link is who it is; find your user by it, and start your session here.
		to := "/dashboard"
		if target, err := list.Check(a.ReturnTo); err == nil {
			to = target.String()
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		fmt.Println("signed in", a.Link.Realm, a.Link.ExternalID)
	}

	w := httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodGet, "/sso?jwt="+exampleToken(), nil))
	fmt.Println(w.Code, w.Header().Get("Location"))

	w = httptest.NewRecorder()
	handler(w, httptest.NewRequest(http.MethodGet, "/sso?jwt="+exampleToken(), nil))
	fmt.Println(w.Code, lmssso.ErrReplayed.Code())
	// Output:
	// signed in main 12345
	// 303 /learn/
	// 403 replayed
}

// Settings decide where the login page of a site with external sign-in goes.
func ExampleSettings() {
	s := must(lmssso.NewSettings(lmssso.SettingsConfig{
		BaseURL:          "https://learn.example.com",
		ExternalLoginURL: "https://www.example.org/sign_in?return_to={{returnTo}}&from=lms",
	}))
	to, external := s.LoginURL("/learn/course/intro")
	fmt.Println(external, to)
	fmt.Println("login fields:", s.Offers(lmssso.LoginFields))
	// Output:
	// true https://www.example.org/sign_in?return_to=https%3A%2F%2Flearn.example.com%2Flearn%2Fcourse%2Fintro&from=lms
	// login fields: false
}

// A refusal speaks twice: to the user, and to the administrator.
func ExamplePublicMessage() {
	err := error(&lmssso.Error{
		Reason: lmssso.ErrExpired, Detail: "issued too long ago",
		Expected: "at most 8m20s of difference", Received: "issued 8m32s ago",
	})
	status, text := lmssso.PublicMessage(err)
	fmt.Println(status, text)
	fmt.Println(err)
	fmt.Println(lmssso.ReasonOf(err).Remedy())
	// Output:
	// 403 The sign-in took too long and is no longer valid. Start again.
	// expired: issued too long ago; expected at most 8m20s of difference; received issued 8m32s ago
	// If the measured skew in the log is large, set both machines' clocks by NTP.
}
