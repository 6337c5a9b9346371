package site

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
)

// accountsPerPage is how many accounts the page lists.
const accountsPerPage = 50

// accountRow is one account as the page shows it.
type accountRow struct {
	ID, Name, Email, Role, Tenant string
	Realm, ExternalID             string
	Dual                          bool
	Holds, OtherRoles             []string
}

// notes are what the page may say was done; a URL chooses one and cannot bring a text of its own.
func notes() map[string]string {
	return map[string]string{"linked": "The link is saved.", "cleared": "The link is cleared.", "paired": "The account has two roles now."}
}

func (s *Site) accounts(w http.ResponseWriter, r *http.Request) {
	s.showAccounts(w, r, http.StatusOK, "")
}

func (s *Site) showAccounts(w http.ResponseWriter, r *http.Request, status int, problem string) {
	q := r.URL.Query()
	search := strings.TrimSpace(q.Get("search"))
	list, err := s.cfg.Stores.Directory.List(r.Context(), stores.Filter{Search: search, After: q.Get("after"), Limit: accountsPerPage})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	rows := make([]accountRow, len(list))
	for i, a := range list {
		rows[i] = s.accountRow(a)
	}
	next := ""
	if len(list) == accountsPerPage {
		next = "/admin/accounts?" + url.Values{"search": {search}, "after": {list[len(list)-1].ID}}.Encode()
	}
	s.show(w, r, status, "accounts", ui.Page{Title: "Accounts", Body: map[string]any{
		"Accounts": rows, "Search": search, "Next": next, "Problem": problem, "Done": notes()[q.Get("done")],
	}})
}

func (s *Site) accountRow(a lmssso.Account) accountRow {
	v := visitor{account: a}
	row := accountRow{
		ID: a.ID, Name: v.name(), Email: a.Email, Role: roleName(a.Role), Tenant: s.catalogue.tenants[a.Tenant].Title,
		Realm: a.Link.Realm, ExternalID: a.Link.ExternalID, Dual: a.PairID != "", OtherRoles: s.catalogue.otherRoles(a.Side),
	}
	row.Holds = slices.Concat(a.Grants.Courses, a.Grants.LearningPaths, heldBundles(a.Grants))
	for _, id := range slices.Concat(a.Grants.StudentLicenses, a.Grants.ManagerLicenses) {
		row.Holds = append(row.Holds, s.catalogue.licenses[id].SKU)
	}
	return row
}

// linkForm sets, moves or clears an account's external id.
func (s *Site) linkForm(w http.ResponseWriter, r *http.Request) {
	l := lmssso.Link{Realm: strings.TrimSpace(r.PostFormValue("realm")), ExternalID: strings.TrimSpace(r.PostFormValue("externalID"))}
	if _, err := s.cfg.Stores.Service.Link(r.Context(), r.PathValue("id"), l); err != nil {
		s.accountProblem(w, r, err)
		return
	}
	done := "linked"
	if l.IsZero() {
		done = "cleared"
	}
	back(w, "/admin/accounts", url.Values{"done": {done}})
}

// dualForm gives an account a second side.
func (s *Site) dualForm(w http.ResponseWriter, r *http.Request) {
	if _, _, err := s.cfg.Stores.Service.MakeDual(r.Context(), r.PathValue("id"), r.PostFormValue("role")); err != nil {
		s.accountProblem(w, r, err)
		return
	}
	back(w, "/admin/accounts", url.Values{"done": {"paired"}})
}

func (s *Site) accountProblem(w http.ResponseWriter, r *http.Request, err error) {
	reason := lmssso.ReasonOf(err)
	s.showAccounts(w, r, reason.Status(), reason.Public()+" "+reason.Remedy())
}
