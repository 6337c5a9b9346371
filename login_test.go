package lmssso_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/safelist"
)

// fakeProtocol stands for a protocol package: it returns what the test says was verified.
type fakeProtocol struct {
	assertion *lmssso.Assertion
	err       error
	targets   lmssso.Targets
	panics    bool
	calls     int
}

func (f *fakeProtocol) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	f.calls++
	if f.panics {
		panic("parser bug")
	}
	if errors.Is(f.err, lmssso.ErrAnswered) {
		w.WriteHeader(http.StatusTeapot)
	}
	return f.assertion, f.err
}

func (f *fakeProtocol) Targets(*http.Request) lmssso.Targets { return f.targets }

type provisionFunc func(ctx context.Context, a *lmssso.Assertion, p lmssso.Policy) (*lmssso.Outcome, error)

func (f provisionFunc) Provision(ctx context.Context, a *lmssso.Assertion, p lmssso.Policy) (*lmssso.Outcome, error) {
	return f(ctx, a, p)
}

type recorder struct {
	attempts []*lmssso.Attempt
	err      error
}

func (r *recorder) Record(_ context.Context, t *lmssso.Attempt) error {
	r.attempts = append(r.attempts, t)
	return r.err
}

// bench is a login with every part replaceable.
type bench struct {
	cfg         lmssso.LoginConfig
	protocol    *fakeProtocol
	log         *recorder
	slog        bytes.Buffer
	provisioned int
	sessions    int
}

func newBench(t *testing.T) *bench {
	list, err := safelist.New(safelist.Config{BaseURL: base, Domains: []string{"thinkific.com"}})
	require.NoError(t, err)
	b := &bench{protocol: &fakeProtocol{assertion: sample()}, log: &recorder{}}
	b.cfg = lmssso.LoginConfig{
		Connection: "main-jwt", Protocol: lmssso.JWT, Authenticator: b.protocol,
		Provisioner: provisionFunc(func(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
			b.provisioned++
			return &lmssso.Outcome{Account: lmssso.Account{ID: "a1", Role: "student"}}, nil
		}),
		Site: lmssso.Site{
			Safelist:    func() *safelist.List { return list },
			DefaultPage: func(a lmssso.Account) string { return "/dashboard" },
		},
		Recorder: b.log,
		Done: func(w http.ResponseWriter, _ *http.Request, _ *lmssso.Attempt) error {
			b.sessions++
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "s"})
			return nil
		},
		Env: lmssso.Env{Now: at(epoch), Logger: slog.New(slog.NewTextHandler(&b.slog, nil))},
	}
	return b
}

func (b *bench) do(t *testing.T, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	l, err := lmssso.NewLogin(b.cfg)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

func (b *bench) get(t *testing.T) *httptest.ResponseRecorder {
	t.Helper()
	return b.do(t, httptest.NewRequest(http.MethodGet, "/access/jwt?jwt=x", nil))
}

func TestGoodLogin(t *testing.T) {
	b := newBench(t)
	w := b.get(t)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/dashboard", w.Header().Get("Location"))
	require.Contains(t, w.Header().Get("Set-Cookie"), "session=s")
	require.Empty(t, w.Body.String())
	require.Len(t, b.log.attempts, 1)
	got := b.log.attempts[0]
	require.NoError(t, got.Err)
	require.Equal(t, "jwt", got.Action)
	require.Equal(t, "a1", got.Outcome.Account.ID)
	require.Regexp(t, `^[a-z2-7]{16}$`, got.TraceID)
}

func TestEveryAnswerHasTheStrictHeaders(t *testing.T) {
	good, refused := newBench(t), newBench(t)
	refused.protocol.err = lmssso.ErrSignature
	for _, w := range []*httptest.ResponseRecorder{good.get(t), refused.get(t)} {
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'")
	}
}

// requireRefused checks the outcome every refusal has: its status and code, one entry, no session.
func (b *bench) requireRefused(t *testing.T, w *httptest.ResponseRecorder, reason *lmssso.Reason) {
	t.Helper()
	require.Equal(t, reason.Status(), w.Code)
	require.Contains(t, w.Body.String(), string(reason.Code()))
	require.Empty(t, w.Header().Values("Set-Cookie"))
	require.Zero(t, b.sessions)
	require.Len(t, b.log.attempts, 1)
	require.ErrorIs(t, b.log.attempts[0].Err, reason)
	require.Contains(t, w.Body.String(), b.log.attempts[0].TraceID)
}

func TestRefusedByProtocol(t *testing.T) {
	b := newBench(t)
	b.protocol.assertion, b.protocol.err = nil, &lmssso.Error{Reason: lmssso.ErrSignature, Detail: "internal detail"}
	w := b.get(t)
	b.requireRefused(t, w, lmssso.ErrSignature)
	require.Nil(t, b.log.attempts[0].Assertion)
	require.Zero(t, b.provisioned)
	require.NotContains(t, w.Body.String(), "internal detail")
}

func TestAnAssertionBesideAnErrorIsNotUsed(t *testing.T) {
	b := newBench(t)
	b.protocol.err = lmssso.ErrSignature
	b.requireRefused(t, b.get(t), lmssso.ErrSignature)
	require.Nil(t, b.log.attempts[0].Assertion)
	require.Zero(t, b.provisioned)
}

func TestRefusedByValidatorBeforeProvisioning(t *testing.T) {
	b := newBench(t)
	b.cfg.Validators = []lmssso.Validator{lmssso.ValidatorFunc(func(context.Context, *lmssso.Assertion) error { return lmssso.ErrAuthnContext })}
	b.requireRefused(t, b.get(t), lmssso.ErrAuthnContext)
	require.Zero(t, b.provisioned)
	require.NotNil(t, b.log.attempts[0].Assertion, "what was verified is logged")
}

func TestThePolicyIsAlwaysAsked(t *testing.T) {
	b := newBench(t)
	role("admin")(b.protocol.assertion)
	b.requireRefused(t, b.get(t), lmssso.ErrRoleNotAllowed)
	require.Zero(t, b.provisioned)
}

// judge is a provisioner that judges roles and tenants itself.
type judge struct{ provisionFunc }

func (judge) JudgesPolicy() {}

func TestAJudgeIsLeftRolesAndTenantsAlone(t *testing.T) {
	b := newBench(t)
	b.cfg.Provisioner = judge{b.cfg.Provisioner.(provisionFunc)}
	role("admin")(b.protocol.assertion)
	slug("globex")(b.protocol.assertion)
	require.Equal(t, http.StatusSeeOther, b.get(t).Code)
	for name, policy := range map[*lmssso.Reason]lmssso.Policy{
		lmssso.ErrEmailDomain:  {EmailDomains: []string{"example.org"}},
		lmssso.ErrAuthnContext: {RequireAuthnContext: []string{"mfa"}},
	} {
		b := newBench(t)
		b.cfg.Provisioner, b.cfg.Policy = judge{b.cfg.Provisioner.(provisionFunc)}, policy
		b.requireRefused(t, b.get(t), name)
		require.Zero(t, b.provisioned)
	}
}

// A type that embeds a judge has its promise, and may not keep it.
func TestAJudgeThatBreaksItsPromiseStartsNoSession(t *testing.T) {
	for role, want := range map[string]int{"admin": http.StatusForbidden, "student": http.StatusSeeOther, "": http.StatusSeeOther} {
		b := newBench(t)
		b.cfg.Provisioner = judge{func(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
			return &lmssso.Outcome{Account: lmssso.Account{ID: "a1", Role: role}}, nil
		}}
		if want == http.StatusForbidden {
			b.requireRefused(t, b.get(t), lmssso.ErrRoleNotAllowed)
			require.Zero(t, b.sessions)
			continue
		}
		require.Equal(t, want, b.get(t).Code, role)
		require.Equal(t, 1, b.sessions, role)
	}
}

func TestRefusedByProvisioner(t *testing.T) {
	b := newBench(t)
	b.cfg.Provisioner = provisionFunc(func(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
		return nil, lmssso.ErrEmailExists
	})
	b.requireRefused(t, b.get(t), lmssso.ErrEmailExists)
}

func TestFailsClosedWhenAPartIsDown(t *testing.T) {
	down := errors.New("dial tcp 10.0.0.5: secret-host refused")
	for name, breakIt := range map[string]func(*bench){
		"directory":                      func(b *bench) { b.cfg.Provisioner = provisionFunc(failing(down)) },
		"provisioner without an outcome": func(b *bench) { b.cfg.Provisioner = provisionFunc(failing(nil)) },
		"replay store":                   func(b *bench) { b.protocol.err = down },
		"protocol without an answer":     func(b *bench) { b.protocol.assertion = nil },
		"panic":                          func(b *bench) { b.protocol.panics = true },
		"session": func(b *bench) {
			b.cfg.Done = func(w http.ResponseWriter, _ *http.Request, _ *lmssso.Attempt) error {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "half"})
				return down
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.protocol.targets = lmssso.Targets{ErrorURL: "https://www.thinkific.com/", ReportErrors: true}
			breakIt(b)
			w := b.get(t)
			b.requireRefused(t, w, lmssso.ErrUnavailable)
			require.Empty(t, w.Header().Get("Location"), "a fault of this site is not sent elsewhere")
			require.NotContains(t, w.Body.String(), "secret-host")
			require.NotContains(t, b.slog.String(), "secret-host")
			require.Equal(t, name == "panic", strings.Contains(b.slog.String(), "panicked"))
		})
	}
}

func failing(err error) func(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
	return func(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) { return nil, err }
}

func TestDoneWritesNoBody(t *testing.T) {
	b := newBench(t)
	b.cfg.Done = func(w http.ResponseWriter, _ *http.Request, _ *lmssso.Attempt) error {
		w.WriteHeader(http.StatusTeapot)
		_, err := w.Write([]byte("hello"))
		return err
	}
	b.requireRefused(t, b.get(t), lmssso.ErrUnavailable)
}

func TestAnotherConnectionsAssertionIsRefused(t *testing.T) {
	for name, change := range map[string]func(*lmssso.Assertion){
		"connection": func(a *lmssso.Assertion) { a.Origin.Connection = "other" },
		"protocol":   func(a *lmssso.Assertion) { a.Origin.Protocol = lmssso.SAML },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			change(b.protocol.assertion)
			b.requireRefused(t, b.get(t), lmssso.ErrConfiguration)
			require.Zero(t, b.provisioned)
		})
	}
}

func TestAnsweredByTheProtocolLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.protocol.assertion, b.protocol.err = nil, lmssso.ErrAnswered
	require.Equal(t, http.StatusTeapot, b.get(t).Code)
	require.Empty(t, b.log.attempts)
	require.Zero(t, b.sessions)
}

func TestOtherMethodsConsumeNothing(t *testing.T) {
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		b := newBench(t)
		w := b.do(t, httptest.NewRequest(method, "/access/jwt?jwt=x", nil))
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Equal(t, "GET, POST", w.Header().Get("Allow"))
		require.Zero(t, b.protocol.calls)
		require.Empty(t, b.log.attempts)
	}
}

func TestOversizedRequests(t *testing.T) {
	b := newBench(t)
	w := b.do(t, httptest.NewRequest(http.MethodGet, "/access/jwt?jwt="+strings.Repeat("a", 33<<10), nil))
	b.requireRefused(t, w, lmssso.ErrTooLarge)
	require.Zero(t, b.protocol.calls)

	b = newBench(t)
	b.cfg.Authenticator = authenticateFunc(func(_ http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
		var tooLarge *http.MaxBytesError
		if err := r.ParseForm(); errors.As(err, &tooLarge) {
			return nil, lmssso.ErrTooLarge
		}
		return sample(), nil
	})
	r := httptest.NewRequest(http.MethodPost, "/access/jwt", strings.NewReader("jwt="+strings.Repeat("a", 2<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.requireRefused(t, b.do(t, r), lmssso.ErrTooLarge)
}

type authenticateFunc func(http.ResponseWriter, *http.Request) (*lmssso.Assertion, error)

func (f authenticateFunc) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	return f(w, r)
}

func TestAFailingLogStopsNoLogin(t *testing.T) {
	b := newBench(t)
	b.log.err = errors.New("disk full at secret-path")
	require.Equal(t, http.StatusSeeOther, b.get(t).Code)
	require.Contains(t, b.slog.String(), "sso log not written")
	require.NotContains(t, b.slog.String(), "secret-path")
}

func TestTheOperationalLogNamesNobody(t *testing.T) {
	b := newBench(t)
	b.get(t)
	require.Contains(t, b.slog.String(), "sso login accepted")
	for _, personal := range []string{"bob", "Jones", "12345", "jwt=x"} {
		require.NotContains(t, b.slog.String(), personal)
	}
}

func TestWhereAGoodLoginGoes(t *testing.T) {
	for _, tc := range []struct {
		name, returnTo, errorURL, want string
	}{
		{"nowhere asked", "", "", "/dashboard"},
		{"own path", "/learn/course/intro", "", "/learn/course/intro"},
		{"listed", "https://www.thinkific.com/x?a=1", "", "https://www.thinkific.com/x?a=1"},
		{"unlisted", "https://evil.example/", "", "/dashboard"},
		{"both listed", "https://www.thinkific.com/", "https://thinkific.com/e", "https://www.thinkific.com/"},
		{"an unlisted error URL takes the other along", "https://www.thinkific.com/", "https://www.example.com", "/dashboard"},
		{"look-alike", "https://evilthinkific.com/", "", "/dashboard"},
		{"backslash", `/\evil.example`, "", "/dashboard"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.protocol.assertion.ReturnTo = tc.returnTo
			b.protocol.targets = lmssso.Targets{ReturnTo: "https://www.thinkific.com/ignored", ErrorURL: tc.errorURL, ReportErrors: true}
			require.Equal(t, tc.want, b.get(t).Header().Get("Location"))
		})
	}
}

func TestWithoutASafelistOnlyOwnPaths(t *testing.T) {
	b := newBench(t)
	b.cfg.Site = lmssso.Site{}
	b.protocol.assertion.ReturnTo = "https://www.thinkific.com/"
	require.Equal(t, "/", b.get(t).Header().Get("Location"))
	b.protocol.assertion.ReturnTo = "/own"
	require.Equal(t, "/own", b.get(t).Header().Get("Location"))
}

func TestADefaultPageElsewhereIsNotUsed(t *testing.T) {
	b := newBench(t)
	b.cfg.Site.DefaultPage = func(lmssso.Account) string { return "https://evil.example/" }
	require.Equal(t, "/", b.get(t).Header().Get("Location"))
}

func TestWhereARefusedLoginGoes(t *testing.T) {
	page := ""
	for _, tc := range []struct {
		name    string
		targets lmssso.Targets
		want    string
	}{
		{"nothing given", lmssso.Targets{ReportErrors: true}, page},
		{"error URL", lmssso.Targets{ErrorURL: "https://www.thinkific.com/e?x=1", ReportErrors: true}, "https://www.thinkific.com/e"},
		{"return URL for want of one", lmssso.Targets{ReturnTo: "/back", ReportErrors: true}, "/back"},
		{"error URL before return URL", lmssso.Targets{ReturnTo: "/back", ErrorURL: "/e", ReportErrors: true}, "/e"},
		{"unlisted goes home", lmssso.Targets{ErrorURL: "https://www.example.com", ReportErrors: true}, "/"},
		{"one unlisted spoils both", lmssso.Targets{ReturnTo: "https://www.example.com", ErrorURL: "/e", ReportErrors: true}, "/"},
		{"a dialect without error reports", lmssso.Targets{ReturnTo: "/back", ErrorURL: "/e"}, page},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.protocol.err, b.protocol.targets = lmssso.ErrReplayed, tc.targets
			w := b.get(t)
			if tc.want == page {
				b.requireRefused(t, w, lmssso.ErrReplayed)
				return
			}
			require.Equal(t, http.StatusSeeOther, w.Code)
			require.Empty(t, w.Header().Values("Set-Cookie"))
			u, err := url.Parse(w.Header().Get("Location"))
			require.NoError(t, err)
			q := u.Query()
			require.Equal(t, b.log.attempts[0].TraceID, q.Get("trace"))
			if tc.want != "/" {
				require.Equal(t, "error", q.Get("kind"))
				require.Equal(t, lmssso.ErrReplayed.Public(), q.Get("message"))
			} else {
				require.Len(t, q, 1)
			}
			u.RawQuery = ""
			require.Equal(t, tc.want, u.String())
		})
	}
}

func TestScriptsGetJSON(t *testing.T) {
	b := newBench(t)
	b.protocol.err = lmssso.ErrExpired
	b.protocol.targets = lmssso.Targets{ErrorURL: "/e", ReportErrors: true}
	r := httptest.NewRequest(http.MethodGet, "/access/jwt?jwt=x", nil)
	r.Header.Set("Accept", "application/json")
	w := b.do(t, r)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var body map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Equal(t, map[string]string{
		"code": "expired", "message": lmssso.ErrExpired.Public(), "traceID": b.log.attempts[0].TraceID,
	}, body)
	require.Equal(t, http.StatusForbidden, w.Code)
}

func TestTheApplicationsOwnRefusalPage(t *testing.T) {
	b := newBench(t)
	b.protocol.err = lmssso.ErrExpired
	b.cfg.Env.RefusalPage = func(w http.ResponseWriter, _ *http.Request, f lmssso.Refusal) {
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte("ours: " + string(f.Code) + " " + f.TraceID))
	}
	b.requireRefused(t, b.get(t), lmssso.ErrExpired)
}

func TestNewLoginListsWhatIsMissing(t *testing.T) {
	l, err := lmssso.NewLogin(lmssso.LoginConfig{})
	require.Nil(t, l)
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	for _, field := range []string{"Connection", "Protocol", "Authenticator", "Provisioner", "Done"} {
		require.ErrorContains(t, err, "LoginConfig."+field)
	}
}

func TestEveryAttemptHasItsOwnTrace(t *testing.T) {
	b := newBench(t)
	b.get(t)
	b.get(t)
	require.NotEqual(t, b.log.attempts[0].TraceID, b.log.attempts[1].TraceID)
}
