package main

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/safelist"
)

// maxBody bounds a sign-in form: an address, a password and a return target.
const maxBody = 16 << 10

// errInvented keeps a page that shows passwords on this machine.
var errInvented = errors.New("the invented users' passwords stand on the sign-in page: name your own by -users, or serve them on a loopback address")

// config sets up a site.
type config struct {
	base      string // this backend's own URL as browsers see it
	lms       string // the learning site's URL, or its endpoint's
	dialect   jwtsso.Dialect
	keys      []lmssso.Secret
	users     *users
	demo      []person // shown on the sign-in page; nil with users of a file
	post      bool     // send tokens by a form
	allowHTTP bool
	now       func() time.Time
	log       *slog.Logger
}

// site is the backend's pages.
type site struct {
	cfg      config
	issuer   *jwtsso.Issuer
	lms      string // the learning site's origin
	host     string // its host, for people
	targets  *safelist.List
	sessions *sessions
	attempts *throttle // at passwords
	passages *throttle // to the learning site without a password
	pages    *template.Template
	http.Handler
}

// newSite checks the configuration. A user the learning site would refuse is a fault found here, not when they sign in.
func newSite(cfg config) (*site, error) {
	base, err := siteURL("-base-url", cfg.base, cfg.allowHTTP)
	if err != nil {
		return nil, err
	}
	lms, err := siteURL("-lms", cfg.lms, cfg.allowHTTP)
	if err != nil {
		return nil, err
	}
	if len(cfg.demo) > 0 && !loopbackHost(base.Hostname()) {
		return nil, errInvented
	}
	s := &site{
		cfg: cfg, lms: lms.Scheme + "://" + lms.Host, host: lms.Host,
		sessions: newSessions(base.Scheme == "https", cfg.now),
		attempts: newThrottle(cfg.now,
			rule{5, time.Minute},       // at one user's password, from one address
			rule{30, time.Minute},      // at one user's password, from anywhere
			rule{50, 10 * time.Second}, // at anybody's, from one address
		),
		passages: newThrottle(cfg.now, rule{6, 10 * time.Second}),
	}
	if s.issuer, err = jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect: cfg.dialect, Endpoint: cfg.lms, Keys: cfg.keys, AllowHTTP: cfg.allowHTTP, Now: cfg.now,
	}); err != nil {
		return nil, err
	}
	// Only the learning site itself is listed: this backend sends nobody anywhere else.
	if s.targets, err = safelist.New(safelist.Config{BaseURL: s.lms, AllowHTTP: cfg.allowHTTP}); err != nil {
		return nil, err
	}
	if s.pages, err = template.ParseFS(files, "pages.html"); err != nil {
		return nil, err
	}
	if err := s.rehearse(); err != nil {
		return nil, err
	}
	s.Handler = s.routes()
	return s, nil
}

// rehearse makes, and throws away, what every user will be sent with.
func (s *site) rehearse() error {
	for i, u := range s.cfg.users.list {
		if _, err := s.ticket(u, ""); err != nil {
			return fmt.Errorf("user %d cannot be signed in at the learning site: %w", i+1, err)
		}
	}
	return nil
}

func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /sign_in", s.signInPage)
	mux.HandleFunc("POST /sign_in", s.signIn)
	mux.HandleFunc("GET /logout", s.logout)
	mux.HandleFunc("GET /style.css", style)
	sameOrigin := http.NewCrossOriginProtection() // another site's page must not sign its visitor in as somebody else
	return s.guard(sameOrigin.Handler(mux))
}

// guard sets the headers of every answer. HEAD is refused: a link checker must neither make a token nor end a session.
func (s *site) guard(next http.Handler) http.Handler {
	// Browsers hold the redirects that follow a form to form-action, so the learning site must be in it.
	csp := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' " + s.lms
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", csp)
		h.Set("Referrer-Policy", "same-origin") // with none at all a browser hides the form's own origin as well
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodHead {
			h.Set("Allow", "GET, POST")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	u, _ := s.sessions.user(r)
	s.show(w, http.StatusOK, "home", page{Title: "Your account", User: u})
}

// signInPage asks for the password, unless the user has shown it already: then it goes straight through.
func (s *site) signInPage(w http.ResponseWriter, r *http.Request) {
	returnTo := s.returnTo(r.URL.Query().Get("return_to"))
	u, ok := s.sessions.user(r)
	if !ok {
		s.ask(w, http.StatusOK, form{ReturnTo: returnTo})
		return
	}
	// A learning site that refuses the token may send the browser back here at once, and so on without end.
	if s.passages.take(u.ID) > 0 {
		s.show(w, http.StatusTooManyRequests, "message", page{
			Title:   "Something is wrong",
			Message: "You are signed in here, but " + s.host + " keeps sending you back. Wait a minute and try again, or ask for help there.",
		})
		return
	}
	s.send(w, r, u, returnTo)
}

// signIn checks what the form says, begins a session and sends the browser on.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.show(w, http.StatusBadRequest, "message", page{Title: "Not understood", Message: "The form could not be read. Go back and try again."})
		return
	}
	f := form{Email: r.PostForm.Get("email"), ReturnTo: s.returnTo(r.PostForm.Get("return_to"))}
	u, refused := s.authenticate(r, &f)
	if refused != 0 {
		s.cfg.log.Info("sign-in refused", "status", refused)
		if f.Wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		}
		s.ask(w, refused, f)
		return
	}
	if !s.sessions.start(w, r, u) {
		s.show(w, http.StatusServiceUnavailable, "message", page{Title: "Too busy", Message: "Too many people are signed in. Try again later."})
		return
	}
	s.cfg.log.Info("signed in")
	s.send(w, r, u, f.ReturnTo)
}

// authenticate returns the user whose form this is, or the status to ask again with, and puts what was wrong into the
// form. There is no session before it returns a user, so whatever must be proved besides the password is proved here.
func (s *site) authenticate(r *http.Request, f *form) (u user, refused int) {
	password := r.PostForm.Get("password")
	f.NoEmail, f.NoPassword = fold(f.Email) == "", password == ""
	if f.NoEmail || f.NoPassword {
		return user{}, http.StatusUnprocessableEntity
	}
	who, from := fold(f.Email), address(r.RemoteAddr)
	counted := []string{who + "\n" + from, who, from}
	if wait := s.attempts.take(counted...); wait > 0 {
		f.Wait = wait.Truncate(time.Second) + time.Second
		return user{}, http.StatusTooManyRequests
	}
	u, ok := s.cfg.users.check(who, password)
	if !ok {
		f.Wrong = true
		return user{}, http.StatusForbidden
	}
	s.attempts.giveBack(counted...)
	return u, 0
}

// logout ends the session here, and goes to the page asked for if that is the learning site's.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	s.sessions.end(w, r)
	target, err := s.targets.Check(r.URL.Query().Get("return_to"))
	if err != nil {
		s.show(w, http.StatusOK, "message", page{Title: "You are signed out", Message: "You are signed out here.", Link: "/sign_in", LinkText: "Sign in again"})
		return
	}
	to := target.String()
	if target.IsRelative() {
		to = s.lms + to
	}
	redirect(w, to)
}

// returnTo returns the target when it is a page of the learning site, and otherwise none: then that site chooses.
func (s *site) returnTo(asked string) string {
	target, err := s.targets.Check(asked)
	if err != nil {
		return ""
	}
	return target.String()
}

// ticket makes the answer that takes a user to the learning site, with a token that is good for one sign-in.
func (s *site) ticket(u user, returnTo string) (http.HandlerFunc, error) {
	to := jwtsso.RedirectOptions{ReturnTo: returnTo}
	if s.cfg.dialect.Endpoint.ErrorURL != "" {
		// A refusal must not go to the page asked for: that page wants a user, and would send the browser here again.
		to.ErrorURL = s.lms + "/"
	}
	if s.cfg.post {
		f, err := s.issuer.Form(u.learner(), to)
		if err != nil {
			return nil, err
		}
		return f.ServeHTTP, nil
	}
	location, err := s.issuer.RedirectURL(u.learner(), to)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) { redirect(w, location) }, nil
}

// send takes the user to the learning site, signed in.
func (s *site) send(w http.ResponseWriter, r *http.Request, u user, returnTo string) {
	answer, err := s.ticket(u, returnTo)
	if err != nil {
		s.cfg.log.Error("no token made", "code", lmssso.CodeOf(err))
		status, text := lmssso.PublicMessage(err)
		s.show(w, status, "message", page{Title: "Not signed in there", Message: text})
		return
	}
	answer(w, r)
}

// redirect answers 303. The URL may hold a token, so the next site must not learn it from a Referer header either.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
