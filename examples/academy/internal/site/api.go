package site

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/tenant"
)

// sessionJSON is the answer of /api/session.
type sessionJSON struct {
	SignedIn  bool            `json:"signedIn"`
	Account   *accountJSON    `json:"account"`
	Assertion *session.Login  `json:"assertion"`
	Changes   []lmssso.Change `json:"changes"`
	TraceID   string          `json:"traceID"`
}

// accountJSON is an account as programs see it.
type accountJSON struct {
	ID                string            `json:"id"`
	Realm             string            `json:"realm"`
	ExternalID        string            `json:"externalID"`
	Email             string            `json:"email"`
	FirstName         string            `json:"firstName"`
	LastName          string            `json:"lastName"`
	Role              string            `json:"role"`
	DualRole          *dualRoleJSON     `json:"dualRole"`
	Tenant            string            `json:"tenant"` // slug
	Language          string            `json:"language"`
	Refs              map[int]string    `json:"refs"`
	CustomFields      map[string]string `json:"customFields"`
	Courses           []string          `json:"courses"`
	LearningPaths     []string          `json:"learningPaths"`
	Bundles           []string          `json:"bundles"`
	StudentLicenses   []string          `json:"studentLicenses"`
	ManagerLicenses   []string          `json:"managerLicenses"`
	ActiveLicenses    []string          `json:"activeLicenses"`
	LicenseCourseSKUs []string          `json:"licenseCourseSKUs"`
	ParentLicenseSKU  string            `json:"parentLicenseSKU"`
	IMISID            string            `json:"imisID"`
	Salesforce        salesforceJSON    `json:"salesforce"`
}

type dualRoleJSON struct {
	Side    lmssso.Side `json:"side"`
	OtherID string      `json:"otherID"`
}

type salesforceJSON struct {
	ContactID string `json:"contactID"`
	AccountID string `json:"accountID"`
}

func (s *Site) accountJSON(a lmssso.Account, otherID string) *accountJSON {
	p, g := a.Profile, a.Grants
	out := &accountJSON{
		ID: a.ID, Realm: a.Link.Realm, ExternalID: a.Link.ExternalID, Email: a.Email, FirstName: p.FirstName, LastName: p.LastName,
		Role: a.Role, Tenant: s.catalogue.tenants[a.Tenant].Slug, Language: p.Language,
		Refs: full(p.Refs), CustomFields: full(p.CustomFields),
		Courses: some(g.Courses), LearningPaths: some(g.LearningPaths), Bundles: some(heldBundles(g)),
		StudentLicenses: some(g.StudentLicenses), ManagerLicenses: some(g.ManagerLicenses), ActiveLicenses: some(g.ActiveLicenses),
		LicenseCourseSKUs: some(g.LicenseCourseSKUs), ParentLicenseSKU: g.ParentLicenseSKU,
		IMISID: p.IMISID, Salesforce: salesforceJSON{p.SalesforceContact, p.SalesforceAccount},
	}
	if a.PairID != "" {
		out.DualRole = &dualRoleJSON{a.Side, otherID}
	}
	return out
}

// some writes an empty list as [], full an empty map as {}.
func some(list []string) []string { return append([]string{}, list...) }

func full[K comparable](m map[K]string) map[K]string {
	if m == nil {
		return map[K]string{}
	}
	return m
}

func (s *Site) apiSession(w http.ResponseWriter, r *http.Request) {
	v, err := s.visitor(r)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case v == nil:
		writeJSON(w, http.StatusOK, sessionJSON{Changes: []lmssso.Change{}})
	default:
		otherID := ""
		if v.other != nil {
			otherID = v.other.ID
		}
		writeJSON(w, http.StatusOK, sessionJSON{
			SignedIn: true, Account: s.accountJSON(v.account, otherID), Assertion: &v.session.Login,
			Changes: v.session.Changes, TraceID: v.session.TraceID,
		})
	}
}

// apiAccounts lists accounts, by email: ?search=, ?limit= (at most and by default 1000), ?after= the last one's id.
func (s *Site) apiAccounts(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(cmp.Or(q.Get("limit"), "1000"))
	if err != nil || limit < 1 || limit > 1000 {
		s.fail(w, r, lmssso.ErrMalformed)
		return
	}
	list, err := s.cfg.Stores.Directory.List(r.Context(), stores.Filter{Search: q.Get("search"), After: q.Get("after"), Limit: limit})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := make([]*accountJSON, len(list))
	for i, a := range list {
		if out[i], err = s.withOther(r, a); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"accounts": out})
}

// withOther looks up the other side of a dual-role user.
func (s *Site) withOther(r *http.Request, a lmssso.Account) (*accountJSON, error) {
	if a.PairID == "" {
		return s.accountJSON(a, ""), nil
	}
	learner, manager, err := s.cfg.Stores.Service.Sides(r.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	if a.ID == learner.ID {
		return s.accountJSON(a, manager.ID), nil
	}
	return s.accountJSON(a, learner.ID), nil
}

// errLinkBody refuses a body that is not what the endpoint takes.
var errLinkBody = lmssso.NewReason("malformed", http.StatusBadRequest,
	`Send a JSON object with "realm" and "externalID".`, "An empty externalID clears the link.")

// apiLink sets, moves or clears an account's external id: {"realm", "externalID"}; an empty realm stays in the account's.
func (s *Site) apiLink(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Realm      string  `json:"realm"`
		ExternalID *string `json:"externalID"`
	}
	doc, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.fail(w, r, lmssso.ErrTooLarge)
		return
	case err != nil, tenant.Decode(doc, &body) != nil, body.ExternalID == nil:
		s.fail(w, r, errLinkBody)
		return
	}
	a, err := s.cfg.Stores.Service.Link(r.Context(), r.PathValue("id"), lmssso.Link{Realm: body.Realm, ExternalID: *body.ExternalID})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out, err := s.withOther(r, a)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, out)
}
