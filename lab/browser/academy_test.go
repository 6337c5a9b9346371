package browser

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// signIn goes to the demo portal, picks a user, a fault and courses, and sends the form.
func signIn(t *testing.T, ctx context.Context, base, connection, user, fault string, courses ...string) {
	t.Helper()
	open(t, ctx, base+"/demo/jwt?connection="+connection)
	choose(t, ctx, "user", user)
	choose(t, ctx, "fault", fault)
	for _, c := range courses {
		choose(t, ctx, "course", c)
	}
	submit(t, ctx, "main button[type=submit]")
}

// choose ticks a box or a radio button of the form.
func choose(t *testing.T, ctx context.Context, name, value string) {
	t.Helper()
	if !read(t, ctx, "choosing "+value, chromedp.Evaluate[bool](fmt.Sprintf(pick, name, value))) {
		shot(t, ctx, "failed")
		t.Fatalf("the form offers no %s %q", name, value)
	}
}

// pick chooses a radio button or a box, opening the details it may stand in.
const pick = `(() => {
  const e = [...document.getElementsByName(%q)].find(e => e.value === %q);
  if (!e) return false;
  for (let d = e.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
  e.click();
  return e.checked;
})()`

var traceForm = regexp.MustCompile(`\b[a-z2-7]{16}\b`)

func TestSignInThroughTheDemoPortal(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"desktop", 1280, 900}, {"phone", 390, 844}} {
		t.Run(size.name, func(t *testing.T) {
			academy := start(t, "academy")
			ctx := tab(t, size.width, size.height)

			open(t, ctx, academy.url+"/")
			shot(t, ctx, "1-home")
			open(t, ctx, academy.url+"/demo/jwt")
			shot(t, ctx, "2-portal")

			signIn(t, ctx, academy.url, "main-ti", "newcomer", "", "intro", "welding")
			if got := location(t, ctx); got != academy.url+"/dashboard" {
				t.Fatalf("landed at %s", got)
			}
			main := text(t, ctx, "main")
			for _, want := range []string{"Welcome, Nora", "Getting started", "Welding, first steps", "course:welding", "Trace id"} {
				if !strings.Contains(main, want) {
					t.Errorf("the dashboard does not say %q:\n%s", want, main)
				}
			}
			shot(t, ctx, "3-dashboard")
			open(t, ctx, academy.url+"/learn/course/intro")
			if got := text(t, ctx, "h1"); !strings.Contains(got, "Getting started") {
				t.Errorf("the course page says %q", got)
			}
			open(t, ctx, academy.url+"/learn/course/leadership")
			shot(t, ctx, "4-no-access")
		})
	}
}

func TestARefusedLoginIsFoundInTheLog(t *testing.T) {
	academy := start(t, "academy")
	ctx := tab(t, 1280, 900)
	signIn(t, ctx, academy.url, "main-ti", "bob@example.com student", "expired")
	main := text(t, ctx, "main")
	shot(t, ctx, "1-refused")
	trace := traceForm.FindString(main)
	if trace == "" || !strings.Contains(main, "expired") {
		t.Fatalf("the refusal shows no code or trace id:\n%s", main)
	}
	open(t, ctx, academy.url+"/dashboard")
	if got := location(t, ctx); strings.HasSuffix(got, "/dashboard") && strings.Contains(text(t, ctx, "main"), "Welcome") {
		t.Fatal("a refused login opened a session")
	}

	signIn(t, ctx, academy.url, "main-ti", "ada@example.com admin", "")
	open(t, ctx, academy.url+"/admin/sso-log")
	shot(t, ctx, "2-log")
	if got := text(t, ctx, "main"); !strings.Contains(got, trace) {
		t.Fatalf("the log does not show trace %s:\n%s", trace, got)
	}
	open(t, ctx, academy.url+"/admin/sso-log?trace="+trace)
	shot(t, ctx, "3-entry")
	if got := text(t, ctx, "main"); !strings.Contains(got, trace) || !strings.Contains(got, "expired") {
		t.Fatalf("the entry is not found by its trace id:\n%s", got)
	}
	for _, page := range []string{"/admin/accounts", "/admin/connections"} {
		open(t, ctx, academy.url+page)
		shot(t, ctx, "4"+page)
	}
}

// TestPagesAreAccessible holds every page to what assistive technology needs first.
func TestPagesAreAccessible(t *testing.T) {
	academy := start(t, "academy")
	ctx := tab(t, 390, 844)
	signIn(t, ctx, academy.url, "main-ti", "ada@example.com admin", "")
	for _, page := range []string{"/", "/demo/jwt", "/demo/saml", "/demo/saml?connection=initech-saml", "/access/saml/login", "/dashboard", "/admin", "/admin/accounts", "/admin/connections", "/admin/sso-log", "/p/acme", "/learn/course/leadership", "/nowhere"} {
		open(t, ctx, academy.url+page)
		faults := read(t, ctx, "judging "+page, chromedp.Evaluate[[]string](accessibility))
		if len(faults) > 0 {
			shot(t, ctx, "faults"+page)
			t.Errorf("%s: %s", page, strings.Join(faults, "; "))
		}
	}
}

// accessibility lists a page's faults: language, title, one h1, a main landmark, labels, names of links and buttons,
// nothing wider than the screen, and text contrast of at least 4.5 to 1 (WCAG 2.2, criteria 1.4.3, 1.4.10, 2.4.2, 3.1.1, 3.3.2).
const accessibility = `(() => {
  const out = [];
  if (!document.documentElement.lang) out.push('no language');
  if (!document.title) out.push('no title');
  const h1 = document.querySelectorAll('h1').length;
  if (h1 !== 1) out.push(h1 + ' h1');
  if (document.querySelectorAll('main').length !== 1) out.push('no main');
  for (const e of document.querySelectorAll('input:not([type=hidden]),select,textarea'))
    if (!e.labels?.length && !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')) out.push('no label: ' + e.name);
  for (const e of document.querySelectorAll('a,button'))
    if (!(e.textContent || e.getAttribute('aria-label') || '').trim() && !e.querySelector('img[alt]:not([alt=""])')) out.push('no name: ' + e.outerHTML.slice(0, 80));
  if (document.documentElement.scrollWidth > innerWidth + 1) out.push('wider than the screen by ' + (document.documentElement.scrollWidth - innerWidth));
  const rgb = c => (c.match(/[\d.]+/g) || []).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > .99) return c; } return [255, 255, 255]; };
  const seen = new Set();
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    if (e.disabled) continue;
    const c = rgb(getComputedStyle(e).color); if (c.length > 3 && c[3] < 1) continue;
    const [a, b] = [lum(c), lum(behind(e))].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    const key = e.tagName + e.className;
    if (ratio < 4.5 && !seen.has(key)) { seen.add(key); out.push('contrast ' + ratio.toFixed(2) + ': ' + e.tagName + '.' + e.className); }
  }
  return out;
})()`
