package demo

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	op "github.com/lmssso/lmssso/internal/demoidp/oidc"
	"github.com/lmssso/lmssso/oidc"
)

// opPage is what the provider's template shows.
type opPage struct {
	Problem                  string
	Tabs                     []tab
	Connection, Client, Flow string
	BeginURL, Discovery      string
	Asked                    []askedFact // what the request says; empty when nobody asked
	Request                  string
	People                   []choice
	Offer                    offer
	Hybrid, Second           bool     // two ID tokens come; the fault is in the second
	Where                    []choice // how the claims may be told; empty without a choice
	Faults                   []faultGroup
	NoFault                  bool
	Sessions                 []opSession
	LogoutFaults             []choice
}

// authorize is the authorization endpoint: it reads what the academy asks and shows the form.
func (p *OP) authorize(h *house) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		engine, err := h.engine()
		if err != nil {
			p.say(w, r, http.StatusServiceUnavailable, "Not ready", "The OpenID provider has no key: "+err.Error()+".", opPickPath)
			return
		}
		req, err := engine.ReadAuthorize(r)
		var no *op.Refusal
		if errors.As(err, &no) && no.Request != nil { // it is the academy's, and may know
			answer, err := engine.Refuse(no.Request, no.Code, no.Description, op.How{})
			if err == nil {
				deliver(w, r, answer)
				return
			}
		}
		if err != nil {
			p.unreadable(w, r, err)
			return
		}
		c, ok := p.asking(h, req.ClientID)
		if !ok {
			p.none(w, r)
			return
		}
		p.show(w, r, http.StatusOK, c, url.Values{"request": {p.remember(req)}}, "")
	}
}

// idle is the provider's own page, where nobody asked for anything.
func (p *OP) idle(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, ok := p.find(q.Get("connection"))
	if !ok {
		p.none(w, r)
		return
	}
	p.show(w, r, http.StatusOK, c, url.Values{"return_to": {q.Get("return_to")}}, "")
}

func (p *OP) none(w http.ResponseWriter, r *http.Request) {
	p.say(w, r, http.StatusNotFound, "Nothing to try here", "The configuration has no such OpenID Connect connection.", "/demo/")
}

// show renders the form with what was chosen before.
func (p *OP) show(w http.ResponseWriter, r *http.Request, status int, c *rpConnection, chosen url.Values, problem string) {
	page := opPage{
		Problem: problem, Connection: c.conn.ID, Client: c.conn.OIDC.Client.ID, Flow: c.flow(), BeginURL: c.begin(chosen.Get("return_to")),
		Discovery: p.baseURL + c.house.path + op.DefaultPaths(c.house.dialect).WellKnown,
		Offer:     offerOf(p.cfg.File, c.carries, chosen), Where: c.where(chosen), Hybrid: c.responseType() == string(oidc.CodeIDToken), Second: chosen.Has("second"), Faults: chosenOf(p.menuOf(c), chosen.Get("fault")),
		NoFault: chosen.Get("fault") == "", Sessions: p.sessionsAt(c), LogoutFaults: p.logoutFaults(), Tabs: tabs(p.cfg, c.conn.ID, chosen.Get("return_to")),
	}
	if req := p.request(chosen.Get("request")); req != nil {
		page.Asked, page.Request, page.Tabs = c.asked(req), chosen.Get("request"), nil
	}
	user := chosen.Get("user")
	for i, who := range c.people {
		page.People = append(page.People, choice{who.key, who.name, who.note, who.key == user || user == "" && i == 0})
	}
	p.cfg.Show(w, r, status, "op", ui.Page{Title: "Demo OpenID provider", Body: page, PostsElsewhere: true})
}

// begin is where a login through the connection begins.
func (c *rpConnection) begin(returnTo string) string {
	if returnTo == "" {
		return c.login
	}
	return c.login + "?" + url.Values{"returnTo": {returnTo}}.Encode()
}

// setting is a setting of the connection, with its preset's underneath.
func (c *rpConnection) setting(own, option string) string {
	preset, _ := oidc.NamedPreset(c.conn.Preset)
	return orText(own, preset.Options[option])
}

func (c *rpConnection) responseType() string {
	return orText(c.conn.OIDC.Request.ResponseType, string(oidc.Code))
}

// flow puts the connection's flow into words.
func (c *rpConnection) flow() string {
	what := map[string]string{
		string(oidc.Code):        "Code flow: the browser brings a code, which the academy exchanges for tokens.",
		string(oidc.IDToken):     "Implicit flow: the browser brings an ID token, and nothing is exchanged.",
		string(oidc.CodeIDToken): "Hybrid flow: the browser brings an ID token, and a code that the academy exchanges for more.",
	}[c.responseType()]
	how := map[string]string{"query": "in the address", "fragment": "in the address's fragment, behind the #", "form_post": "by a form that posts itself"}[c.mode()]
	if c.house.dialect == op.Thinkific {
		what = "This provider has the manners of a Thinkific school. " + what
	}
	return what + " It comes " + how + "."
}

// where offers how the claims are told, where there is a choice.
func (c *rpConnection) where(chosen url.Values) []choice {
	if c.responseType() == string(oidc.IDToken) {
		return nil
	}
	out := []choice{{Title: "the ID token, and by userinfo"}, {Value: "userinfo", Title: "userinfo alone"}, {Value: "token", Title: "the ID token alone"}}
	for i := range out {
		out[i].On = out[i].Value == chosen.Get("claims")
	}
	return out
}

// asked puts a request into words.
func (c *rpConnection) asked(req *op.Request) []askedFact {
	out := []askedFact{
		{"Asked by", req.ClientID}, {"Connection", c.conn.ID}, {"Wants", strings.ReplaceAll(req.ResponseType, " ", " and ")},
		{"Answer comes by", map[string]string{"query": "query", "fragment": "fragment", "form_post": "form (POST)"}[req.ResponseMode]},
		{"Scopes", strings.Join(req.Scope, ", ")}, {"Answer goes to", req.RedirectURI},
	}
	bound := []string{}
	for _, x := range []struct {
		name string
		has  bool
	}{{"state", req.State != ""}, {"nonce", req.Nonce != ""}, {"PKCE challenge", req.Challenge != ""}} {
		if x.has {
			bound = append(bound, x.name)
		}
	}
	out = append(out, askedFact{"Brings along", cmp.Or(strings.Join(bound, ", "), "nothing that ties the answer to it")})
	for _, x := range []askedFact{
		{"Wants a sign-in of the kind", strings.Join(req.ACRValues, ", ")}, {"Prompt", strings.Join(req.Prompt, ", ")},
		{"Offers the user", req.LoginHint}, {"Languages", strings.Join(req.UILocales, ", ")},
	} {
		if x.Value != "" {
			out = append(out, x)
		}
	}
	if req.MaxAge >= 0 {
		out = append(out, askedFact{"Wants a sign-in no older than", req.MaxAge.String()})
	}
	return out
}

// send answers the academy as the form asks.
func (p *OP) send(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.none(w, r)
		return
	}
	f := r.PostForm
	c, ok := p.find(f.Get("connection"))
	if !ok {
		p.none(w, r)
		return
	}
	req := p.request(f.Get("request"))
	if req == nil || req.ClientID != c.conn.OIDC.Client.ID {
		p.show(w, r, http.StatusBadRequest, c, url.Values{}, "The academy's request is too old. Begin there once more.")
		return
	}
	engine, err := c.house.engine()
	if err == nil && f.Has("cancel") {
		var answer *op.Answer
		if answer, err = engine.Refuse(req, "access_denied", "", op.How{}); err == nil {
			deliver(w, r, answer)
			return
		}
	}
	who, ok := c.find(f.Get("user"))
	if !ok {
		p.show(w, r, http.StatusBadRequest, c, f, "Pick a user.")
		return
	}
	var answer *op.Answer
	if err == nil {
		answer, err = p.respond(engine, c, req, who, f)
	}
	if err != nil {
		p.show(w, r, http.StatusBadRequest, c, f, "The OpenID provider cannot send this: "+err.Error()+".")
		return
	}
	deliver(w, r, answer)
}

func (p *OP) respond(engine *op.OP, c *rpConnection, req *op.Request, who person, form url.Values) (*op.Answer, error) {
	login := op.Login{User: c.says(who, form, p.cfg.Now()), SessionID: newSID(), How: op.How{Variations: c.manners(), Second: form.Has("second")}}
	switch form.Get("claims") {
	case "userinfo":
		login.How.Variations = append(login.How.Variations, op.ClaimsInUserinfo)
	case "token":
		login.How.Variations = append(login.How.Variations, op.ClaimsInIDToken)
	}
	if fault := form.Get("fault"); fault != "" {
		if !offers(p.menuOf(c), fault) {
			return nil, errNoFault
		}
		if err := suited(&login, op.Fault(fault), c.responseType() == string(oidc.CodeIDToken)); err != nil {
			return nil, err
		}
	}
	answer, err := engine.Respond(req, login)
	if err == nil && form.Get("fault") == "" {
		p.signedIn(c, who, login)
	}
	return answer, err
}

// manners are those of the house.
func (c *rpConnection) manners() []op.Variation {
	if c.house.dialect == op.Thinkific {
		return []op.Variation{op.RawAuthorization, op.KeysWithoutAlg}
	}
	return nil
}

// says is what the form asks the provider to say about a person.
func (c *rpConnection) says(who person, form url.Values, now time.Time) op.User {
	u := op.User{Subject: who.externalID, Claims: map[string]any{
		"email": who.email, "email_verified": true, "given_name": who.first, "family_name": who.last, "name": who.first + " " + who.last,
	}}
	for _, st := range statements(who, form) {
		if from := c.mapping[st.key].From; len(from) > 0 {
			put(u.Claims, from[0], st.claim())
		}
	}
	if c.house.dialect == op.Thinkific {
		asThinkific(&u, who, now)
	}
	return u
}

// claim is a statement as JSON has it: a flag is a boolean, what can be several a list.
func (s statement) claim() any {
	switch s.key {
	case attrs.CourseSlugs, attrs.LearningPathSlugs, attrs.BundleSlugs:
		return slices.DeleteFunc(slices.Clone(s.values), func(v string) bool { return v == "" })
	}
	if s.flag {
		return true
	}
	return s.values[0]
}

// put sets a claim by its name in a mapping, where a dot leads into an object.
func put(claims map[string]any, name string, value any) {
	outer, inner, nested := strings.Cut(name, ".")
	if !nested || strings.ContainsAny(name, ":/") {
		claims[name] = value
		return
	}
	within, ok := claims[outer].(map[string]any)
	if !ok {
		within = map[string]any{}
		claims[outer] = within
	}
	put(within, inner, value)
}

// asThinkific says what a Thinkific school says of its users (Thinkific, "OpenID Connect"). Its sub is not the id of the REST
// API, which has a claim of its own.
func asThinkific(u *op.User, who person, now time.Time) {
	u.Subject = "01EY1SAQY490WCG2H7SZ" + strings.ToUpper(strings.ReplaceAll(who.externalID, "-", ""))
	u.Claims["user_id_api_v1"] = who.externalID
	u.Claims["picture"] = "https://assets.thinkific.com/profile.png"
	u.Claims["updated_at"] = now.Add(-24 * time.Hour).Unix()
	u.Claims["roles"] = []string{"student"}
	u.Claims["site"] = map[string]any{
		"subdomain": "hooli", "name": "Hooli School", "currency": "usd", "domain": "hooli.thinkific.com", "support_email": "help@hooli.example",
	}
}
