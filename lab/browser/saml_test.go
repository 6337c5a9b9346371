package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// signedIn is on every page of somebody who is signed in, and on no other.
const signedIn = `a[href="/logout"]`

// TestSignInBySAML goes from the home page to the identity provider, which asks who signs in, and back by a form that posts
// itself; then signs out on both sides.
func TestSignInBySAML(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		t.Run(size.name, func(t *testing.T) {
			academy := start(t, "academy")
			ctx := tab(t, size.width, size.height)
			open(t, ctx, academy.url+"/demo/saml")
			shot(t, ctx, "1-provider")
			open(t, ctx, academy.url+"/")
			submit(t, ctx, `main a[href="/access/saml/login"]`)
			if got := location(t, ctx); !strings.HasPrefix(got, academy.url+"/demo/saml/sso?SAMLRequest=") {
				t.Fatalf("the academy asked at %s", got)
			}
			shot(t, ctx, "2-asked")
			choose(t, ctx, "user", "newcomer")
			choose(t, ctx, "course", "welding")
			submit(t, ctx, "main button[type=submit]")
			do(t, ctx, "signing in", chromedp.WaitVisible(chromedp.CSS(signedIn)))
			if got := location(t, ctx); got != academy.url+"/dashboard" {
				t.Fatalf("landed at %s", got)
			}
			main := text(t, ctx, "main")
			for _, want := range []string{"Welcome, Nora", "Welding, first steps", "main-saml", "Trace id"} {
				if !strings.Contains(main, want) {
					t.Errorf("the dashboard does not say %q:\n%s", want, main)
				}
			}
			shot(t, ctx, "3-dashboard")
			open(t, ctx, academy.url+"/demo/saml")
			shot(t, ctx, "4-session")

			submit(t, ctx, signedIn)
			if got := location(t, ctx); got != academy.url+"/" {
				t.Fatalf("the logout ended at %s", got)
			}
			open(t, ctx, academy.url+"/demo/saml")
			if strings.Contains(text(t, ctx, "main"), "Sign out everywhere") {
				t.Error("the identity provider kept its session")
			}
		})
	}
}

// TestSAMLInChromiumByFormAndFromTheProvider asks by a form, answers unasked, and lets the provider sign the user out.
func TestSAMLInChromiumByFormAndFromTheProvider(t *testing.T) {
	academy := start(t, "academy")
	ctx := tab(t, 1280, 900)
	open(t, ctx, academy.url+"/p/initech")
	submit(t, ctx, `main a[href^="/access/saml/login/initech"]`)
	do(t, ctx, "being asked by a form", chromedp.WaitVisible(chromedp.CSS("#asked")))
	choose(t, ctx, "user", "mila@initech.example student")
	submit(t, ctx, "main button[type=submit]")
	do(t, ctx, "signing in", chromedp.WaitVisible(chromedp.CSS(signedIn)))
	if got := location(t, ctx); got != academy.url+"/p/initech" {
		t.Fatalf("landed at %s", got)
	}
	open(t, ctx, academy.url+"/demo/saml?connection=initech-saml")
	shot(t, ctx, "1-provider")
	submit(t, ctx, `form[action="/demo/saml/end"] button`)
	if got := text(t, ctx, "h1"); got != "Signed out everywhere" {
		t.Fatalf("the provider's logout says %q", got)
	}
	shot(t, ctx, "2-signed-out")
	open(t, ctx, academy.url+"/demo/saml?connection=initech-saml")
	choose(t, ctx, "user", "mila@initech.example student")
	submit(t, ctx, ".sticky button")
	do(t, ctx, "signing in unasked", chromedp.WaitVisible(chromedp.CSS(signedIn)))
	if got := location(t, ctx); got != academy.url+"/dashboard" {
		t.Fatalf("landed at %s", got)
	}

	open(t, ctx, academy.url+"/access/saml/login")
	choose(t, ctx, "fault", "xsw2")
	shot(t, ctx, "3-fault")
	submit(t, ctx, "main button[type=submit]")
	do(t, ctx, "being refused", chromedp.WaitVisible(chromedp.CSS("dl code")))
	if got := text(t, ctx, "main"); !strings.Contains(got, "This sign-in was refused") || !strings.Contains(got, "malformed") {
		t.Fatalf("the refusal says %q", got)
	}
	shot(t, ctx, "4-refused")
}
