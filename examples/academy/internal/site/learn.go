package site

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
)

// dashboardPage is a learner's own page.
type dashboardPage struct {
	FirstName, Role, Tenant string
	SwitchTo                string
	ClearCart               bool
	Groups                  []group
	Changes                 []change
	Connection, TraceID     string
	Ends                    time.Time
	LogURL                  string
}

// group is one kind of what an account holds.
type group struct {
	ID, Title, Empty string
	Items            []card
}

// change is one change of a login, as a person reads it.
type change struct{ Label, Tone, Subject, Why string }

func (s *Site) dashboard(w http.ResponseWriter, r *http.Request) {
	v := s.signedIn(w, r)
	if v == nil {
		return
	}
	g := v.account.Grants
	groups := []group{
		{"courses", "Courses", "No courses yet.", linked(g.Courses, s.catalogue.courses, "/learn/course/")},
		{"paths", "Learning paths", "No learning paths yet.", linked(g.LearningPaths, s.catalogue.paths, "/learn/learning-path/")},
		{"bundles", "Bundles", "No bundles yet.", linked(heldBundles(g), s.catalogue.bundles, "/bundle/")},
	}
	if held := s.licences(g); len(held) > 0 {
		groups = append(groups, group{"licences", "Licences", "", held})
	}
	s.show(w, r, http.StatusOK, "dashboard", ui.Page{Title: "Dashboard", Body: dashboardPage{
		FirstName: v.account.Profile.FirstName, Role: roleName(v.account.Role), Tenant: s.catalogue.tenants[v.account.Tenant].Title,
		SwitchTo: switchTo(v), ClearCart: hasEvent(v.session.Changes), Groups: groups, Changes: shownChanges(v.session.Changes),
		Connection: v.session.Key.Connection, TraceID: v.session.TraceID, Ends: v.session.Ends,
		LogURL: s.logURL(r, v.session.TraceID),
	}})
}

// linked lists slugs with their titles; what the catalogue no longer has leads nowhere.
func linked(slugs []string, titles map[string]string, prefix string) []card {
	var out []card
	for _, slug := range slugs {
		if title, ok := titles[slug]; ok {
			out = append(out, card{Title: title, URL: prefix + slug})
		} else {
			out = append(out, card{Title: slug, Text: "No longer offered."})
		}
	}
	return out
}

func (s *Site) licences(g lmssso.Grants) []card {
	var out []card
	for _, held := range []struct {
		ids []string
		as  string
	}{{g.StudentLicenses, "as a learner"}, {g.ManagerLicenses, "as a manager"}} {
		for _, id := range held.ids {
			l := s.catalogue.licenses[id]
			text := "Held " + held.as
			if slices.Contains(g.ActiveLicenses, id) {
				text += ", active"
			}
			if t, ok := s.catalogue.tenants[l.Tenant]; ok {
				text += ", " + t.Title
			}
			out = append(out, card{Title: cmp.Or(l.Title, l.SKU, id), Text: text})
		}
	}
	return out
}

// roleName writes a role's slug as words.
func roleName(slug string) string {
	words := strings.ReplaceAll(slug, "-", " ")
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func switchTo(v *visitor) string {
	if v.other == nil {
		return ""
	}
	return strings.ToLower(roleName(v.other.Role))
}

func hasEvent(changes []lmssso.Change) bool {
	return slices.ContainsFunc(changes, func(c lmssso.Change) bool { return c.Kind == lmssso.ChangeEvent })
}

func shownChanges(changes []lmssso.Change) []change {
	var out []change
	for _, c := range changes {
		label, tone := "Changed", ""
		switch c.Kind {
		case lmssso.ChangeCreate:
			label, tone = "Created", "good"
		case lmssso.ChangeGrant:
			label, tone = "Granted", "good"
		case lmssso.ChangeRevoke:
			label, tone = "Revoked", "bad"
		case lmssso.ChangeWarning:
			label, tone = "Warning", "note"
		case lmssso.ChangeLink:
			label = "Linked"
		case lmssso.ChangeEvent:
			label = "Event"
		}
		out = append(out, change{label, tone, c.Subject, c.Why})
	}
	return out
}

// content shows one course, learning path or bundle to those who hold it.
func (s *Site) content(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := s.signedIn(w, r)
		if v == nil {
			return
		}
		titles, held := s.catalogue.courses, v.account.Grants.Courses
		switch kind {
		case "learning path":
			titles, held = s.catalogue.paths, v.account.Grants.LearningPaths
		case "bundle":
			titles, held = s.catalogue.bundles, heldBundles(v.account.Grants)
		}
		slug := r.PathValue("slug")
		title, known := titles[slug]
		switch {
		case !known:
			s.unknownPage(w, r)
		case !slices.Contains(held, slug):
			s.message(w, r, http.StatusForbidden, message{
				Heading: "You do not have access to this " + kind, Code: "no-access",
				Text:  "Your account does not hold “" + title + "”. Access comes from your organisation when it signs you in.",
				Links: []link{{defaultPage(v.account), "Back to your page"}},
			})
		default:
			s.show(w, r, http.StatusOK, "content", ui.Page{Title: title, Body: map[string]string{
				"Kind": kind, "Title": title, "Slug": slug, "Text": "Welcome back, " + v.name() + ".",
			}})
		}
	}
}

type fact struct{ Name, Value string }

// accountFacts lists what is known of the visitor.
func (s *Site) accountFacts(v *visitor) []fact {
	a := v.account
	all := []fact{
		{"Name", v.name()}, {"Email", a.Email}, {"Role", roleName(a.Role)}, {"Learning site", s.catalogue.tenants[a.Tenant].Title},
		{"External id", a.Link.ExternalID}, {"Language", a.Profile.Language}, {"Company", a.Profile.Company},
		{"Time zone", a.Profile.Timezone}, {"About", a.Profile.Bio},
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}
