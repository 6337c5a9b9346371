package demo

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	idp "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/jwtsso"
)

// idpPage is what the form's template shows.
type idpPage struct {
	Problem                   string
	Tabs                      []tab
	Connection, ACS, BeginURL string
	Asked                     []askedFact // what the request says; empty when nobody asked
	Request, ReturnTo         string
	MayStart                  bool // the connection takes logins nobody asked for
	People                    []choice
	Offer                     offer
	Signing, Encryption, Ends []choice
	Faults                    []faultGroup
	NoFault                   bool
	Sessions                  []idpSession
}

// askedFact is one line about a request.
type askedFact struct{ Name, Value string }

// sso is the sign-on address: it reads what the academy asks and shows the form.
func (p *IdP) sso(w http.ResponseWriter, r *http.Request) {
	req, err := p.engine.ReadAuthnRequest(r)
	if err != nil {
		p.unreadable(w, r, err)
		return
	}
	c, ok := p.asking(req.Issuer)
	if !ok {
		p.none(w, r)
		return
	}
	p.show(w, r, http.StatusOK, c, url.Values{"request": {p.remember(req)}}, "")
}

// idle is the provider's own page, where nobody asked for anything.
func (p *IdP) idle(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, ok := p.find(q.Get("connection"))
	if !ok {
		p.none(w, r)
		return
	}
	p.show(w, r, http.StatusOK, c, url.Values{"return_to": {q.Get("return_to")}}, "")
}

func (p *IdP) none(w http.ResponseWriter, r *http.Request) {
	p.say(w, r, http.StatusNotFound, "Nothing to try here", "The configuration has no such SAML connection.", "/demo/")
}

// show renders the form with what was chosen before.
func (p *IdP) show(w http.ResponseWriter, r *http.Request, status int, c *spConnection, chosen url.Values, problem string) {
	req := p.request(chosen.Get("request"))
	page := idpPage{
		Problem: problem, Connection: c.conn.ID, BeginURL: c.begin(chosen.Get("return_to")),
		MayStart: c.conn.SAML.Allow.IdPInitiated, ReturnTo: chosen.Get("return_to"), ACS: c.acs,
		Offer: offerOf(p.cfg.File, c.carries, chosen), Faults: chosenOf(c.menu, chosen.Get("fault")), NoFault: chosen.Get("fault") == "", Sessions: p.sessionsAt(c),
		Tabs: tabs(p.cfg, c.conn.ID, chosen.Get("return_to")),
	}
	if req != nil {
		page.Asked, page.Request, page.Tabs = asked(c, req), chosen.Get("request"), nil
	}
	user := chosen.Get("user")
	for i, who := range c.people {
		page.People = append(page.People, choice{who.key, who.name, who.note, who.key == user || user == "" && i == 0})
	}
	page.offerSending(chosen)
	p.cfg.Show(w, r, status, "idp", ui.Page{Title: "Demo identity provider", Body: page, PostsElsewhere: true})
}

// offerSending fills in how the answer may be sent.
func (page *idpPage) offerSending(chosen url.Values) {
	signing := cmp.Or(chosen.Get("signing"), string(idp.SignBoth))
	for _, x := range []choice{
		{Value: string(idp.SignBoth), Title: "response and assertion"}, {Value: string(idp.SignAssertion), Title: "assertion"},
		{Value: string(idp.SignResponse), Title: "response"},
	} {
		x.On = x.Value == signing
		page.Signing = append(page.Signing, x)
	}
	page.Encryption = []choice{{Value: "on", Title: "encrypted"}, {Value: "off", Title: "in the clear", On: chosen.Get("encryption") == "off"}}
	for _, x := range []choice{{Title: "not said"}, {Value: "5m", Title: "in five minutes"}, {Value: "1h", Title: "in an hour"}} {
		x.On = x.Value == chosen.Get("ends")
		page.Ends = append(page.Ends, x)
	}
}

// begin is where a login through the connection begins.
func (c *spConnection) begin(returnTo string) string {
	if returnTo == "" {
		return c.login
	}
	return c.login + "?" + url.Values{"returnTo": {returnTo}}.Encode()
}

// asked puts a request into words.
func asked(c *spConnection, req *idp.AuthnRequest) []askedFact {
	signed := "no"
	switch {
	case req.Signature.Verified:
		signed = "yes, by the key of the academy's metadata"
	case req.Signature.Present:
		signed = "yes, but nobody checked it"
	}
	out := []askedFact{
		{"Asked by", req.Issuer}, {"Connection", c.conn.ID}, {"Came by", map[idp.Binding]string{idp.Redirect: "redirect", idp.Post: "form (POST)"}[req.Binding]},
		{"Signed", signed}, {"Answer goes to", cmp.Or(req.ACS, "the address in the academy's metadata")},
	}
	if req.ForceAuthn {
		out = append(out, askedFact{"Wants", "a fresh sign-in, whatever session there is"})
	}
	if req.IsPassive {
		out = append(out, askedFact{"Wants", "nothing to be shown"})
	}
	if len(req.Context.Classes) > 0 {
		out = append(out, askedFact{"Wants a sign-in of the kind", strings.Join(req.Context.Classes, ", ")})
	}
	return out
}

// send answers the academy as the form asks.
func (p *IdP) send(w http.ResponseWriter, r *http.Request) {
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
	who, ok := c.find(f.Get("user"))
	if !ok {
		p.show(w, r, http.StatusBadRequest, c, f, "Pick a user.")
		return
	}
	req := p.request(f.Get("request"))
	if req == nil && f.Get("request") != "" {
		p.show(w, r, http.StatusBadRequest, c, url.Values{}, "The academy's request is too old. Begin there once more.")
		return
	}
	sent, err := p.respond(c, req, who, f)
	if err != nil {
		p.show(w, r, http.StatusBadRequest, c, f, "The identity provider cannot send this: "+err.Error()+".")
		return
	}
	if f.Get("fault") == "" {
		p.signedIn(c, who, sent)
	}
	post(w, r, &sent.Form)
}

func (p *IdP) respond(c *spConnection, req *idp.AuthnRequest, who person, form url.Values) (*idp.Sent, error) {
	how := idp.How{Signing: idp.Signing{What: idp.What(form.Get("signing"))}, Encryption: idp.Encryption{On: form.Get("encryption") != "off"}}
	if how.Signing.What == "" {
		how.Signing.What = idp.SignBoth
	}
	if fault := form.Get("fault"); fault != "" {
		if !offers(c.menu, fault) {
			return nil, errNoFault
		}
		how.Faults = []idp.Fault{idp.Fault(fault)}
		if how.Faults[0] == idp.DuplicateID {
			how.Encryption.On = false
		}
	}
	login := c.says(who, form)
	if d, err := time.ParseDuration(form.Get("ends")); err == nil {
		login.SessionEnds = p.cfg.Now().Add(d)
	}
	if req == nil {
		return p.engine.Unsolicited(c.entityID, form.Get("return_to"), login, how)
	}
	return p.engine.Respond(req, login, how)
}

// says is what the form asks the provider to say about a person.
func (c *spConnection) says(who person, form url.Values) idp.Login {
	login := idp.Login{NameID: idp.NameID{Value: who.externalID, Format: idp.FormatPersistent}}
	for _, st := range statements(who, form) {
		if from := c.mapping[st.key].From; len(from) > 0 {
			login.Attributes = append(login.Attributes, idp.Attribute{Name: from[0], NameFormat: idp.NameFormatBasic, Values: st.values})
		}
	}
	return login
}

// find returns the person with the key.
func (c *spConnection) find(key string) (person, bool) {
	i := slices.IndexFunc(c.people, func(p person) bool { return p.key == key })
	if i < 0 {
		return person{}, false
	}
	return c.people[i], true
}

// post answers with a page that posts the form by itself.
func post(w http.ResponseWriter, r *http.Request, f *idp.Form) {
	form := &jwtsso.Form{Action: f.Action}
	for _, name := range []string{"SAMLResponse", "RelayState"} {
		for _, value := range f.Fields[name] {
			form.Fields = append(form.Fields, jwtsso.FormField{Name: name, Value: lmssso.Secret(value)})
		}
	}
	form.ServeHTTP(w, r)
}
