package browser

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestSignInByOpenID clicks through the demonstration's OpenID provider: by query, form post and fragment, refused, cancelled
// and signed out from either side.
func TestSignInByOpenID(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		t.Run(size.name, func(t *testing.T) {
			academy := start(t, "academy")
			ctx := tab(t, size.width, size.height)
			for name, path := range map[string]string{"0-provider": "/demo/openid", "0-home": "/", "0-tenant": "/p/hooli"} {
				open(t, ctx, academy.url+path)
				shot(t, ctx, name)
			}
			openIDLogins(t, ctx, academy)
			openIDRefusals(t, ctx, academy)
			openIDLogouts(t, ctx, academy)
			_, token, _ := strings.Cut(academy.output(), "admin token for this run: ")
			token, _, _ = strings.Cut(token, "\n")
			open(t, ctx, academy.url+"/admin/sso-log")
			do(t, ctx, "token", chromedp.SendKeys(chromedp.CSS("#token"), token))
			submit(t, ctx, "main button[type=submit]")
			if log := text(t, ctx, "main"); !strings.Contains(log, "vandelay-oidc") || !strings.Contains(log, "audience") {
				t.Errorf("the log does not tell what happened:\n%s", log)
			}
			shot(t, ctx, "7-log")
			open(t, ctx, academy.url+"/admin/connections")
			shot(t, ctx, "8-connections")
		})
	}
}

// openIDSignIn begins a login, and submits the provider's page as it stands.
func openIDSignIn(t *testing.T, ctx context.Context, login string) {
	t.Helper()
	open(t, ctx, login)
	submit(t, ctx, "main button[type=submit]")
	do(t, ctx, "signing in", chromedp.WaitVisible(chromedp.CSS(signedIn)))
}

func openIDLogins(t *testing.T, ctx context.Context, academy *server) {
	t.Helper()
	for connection, path := range map[string]string{"main-oidc": "", "hooli-oidc": "/hooli", "vandelay-oidc": "/vandelay"} {
		open(t, ctx, academy.url+"/access/openId/login"+path)
		shot(t, ctx, "1-asked-"+connection)
		choose(t, ctx, "user", "newcomer")
		submit(t, ctx, "main button[type=submit]")
		do(t, ctx, "signing in", chromedp.WaitVisible(chromedp.CSS(signedIn)))
		if got := location(t, ctx); got != academy.url+"/dashboard" {
			t.Fatalf("landed at %s", got)
		}
		main := text(t, ctx, "main")
		for _, want := range []string{"Welcome, Nora", connection, "Trace id"} {
			if !strings.Contains(main, want) {
				t.Errorf("the dashboard does not say %q:\n%s", want, main)
			}
		}
		shot(t, ctx, "2-dashboard-"+connection)
	}
}

func openIDRefusals(t *testing.T, ctx context.Context, academy *server) {
	t.Helper()
	open(t, ctx, academy.url+"/access/openId/login/hooli")
	choose(t, ctx, "fault", "wrong-audience")
	submit(t, ctx, "main button[type=submit]")
	do(t, ctx, "refused", chromedp.WaitVisible(chromedp.CSS("dl.facts")))
	if main := text(t, ctx, "main"); !strings.Contains(main, "audience") {
		t.Errorf("the refusal does not name its code:\n%s", main)
	}
	shot(t, ctx, "3-refused")
	open(t, ctx, academy.url+"/access/openId/login")
	submit(t, ctx, "main button[name=cancel]")
	if main := text(t, ctx, "main"); !strings.Contains(main, "provider-refused") {
		t.Errorf("the page does not say that the provider refused:\n%s", main)
	}
	shot(t, ctx, "3-cancelled")
}

func openIDLogouts(t *testing.T, ctx context.Context, academy *server) {
	t.Helper()
	openIDSignIn(t, ctx, academy.url+"/access/openId/login")
	submit(t, ctx, signedIn)
	if got := location(t, ctx); got != academy.url+"/" {
		t.Fatalf("the logout ended at %s", got)
	}
	openIDSignIn(t, ctx, academy.url+"/access/openId/login/vandelay")
	open(t, ctx, academy.url+"/demo/openid?connection=vandelay-oidc")
	shot(t, ctx, "4-sessions")
	submit(t, ctx, "main form[action='/demo/openid/end'] button")
	shot(t, ctx, "4-backchannel")
	open(t, ctx, academy.url+"/")
	if strings.Contains(text(t, ctx, "header"), "Sign out") {
		t.Error("still signed in after the provider signed the user out")
	}
}
