package oidc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Param is one parameter of an answer.
type Param struct{ Name, Value string }

// Answer is an answer on its way to the redirect URI.
type Answer struct {
	// RedirectURI is where it goes.
	RedirectURI string
	// Mode is how: query, fragment or form_post.
	Mode string
	// Params are what it says, in this order; one may stand twice.
	Params []Param
}

// Get returns the first parameter of a name.
func (a *Answer) Get(name string) string {
	for _, p := range a.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (a *Answer) add(name, value string) { a.Params = append(a.Params, Param{name, value}) }

func (a *Answer) set(name, value string) {
	for i := range a.Params {
		if a.Params[i].Name == name {
			a.Params[i].Value = value
			return
		}
	}
	a.add(name, value)
}

func (a *Answer) drop(name string) {
	a.Params = slices.DeleteFunc(a.Params, func(p Param) bool { return p.Name == name })
}

// scene is one answer in the making.
type scene struct {
	op      *OP
	client  Client
	req     *Request
	login   Login
	now     time.Time
	changes map[Side][]change
	// code and access are what a token is made beside; front says that it comes through the browser.
	code, access string
	front        bool
}

func (p *OP) scene(client Client, req *Request, login Login) (*scene, error) {
	changes, err := changesOf(login.How.Faults)
	if err != nil {
		return nil, err
	}
	return &scene{op: p, client: client, req: req, login: login, now: p.cfg.Now(), changes: changes}, nil
}

// Respond answers a request for a login.
func (p *OP) Respond(req *Request, login Login) (*Answer, error) {
	if req == nil || login.User.Subject == "" {
		return nil, errors.New("responding: a request and a user are needed")
	}
	if req.HintSubject != "" && req.HintSubject != login.User.Subject {
		return p.Refuse(req, "login_required", "somebody else is signed in", login.How)
	}
	client, err := p.Client(req.ClientID)
	if err != nil {
		return nil, err
	}
	if login, err = p.complete(req, login); err != nil {
		return nil, err
	}
	s, err := p.scene(client, req, login)
	if err != nil {
		return nil, err
	}
	a := &Answer{RedirectURI: req.RedirectURI, Mode: req.ResponseMode}
	if err := s.fill(a); err != nil {
		return nil, fmt.Errorf("responding: %w", err)
	}
	return a, s.finish(a)
}

// complete fills in what the login does not say.
func (p *OP) complete(req *Request, login Login) (Login, error) {
	now := p.cfg.Now()
	fresh := slices.Contains(req.Prompt, "login") || req.MaxAge >= 0 && now.Sub(login.AuthTime) > req.MaxAge
	if login.AuthTime.IsZero() || fresh {
		login.AuthTime = now
	}
	if login.ACR == "" && len(req.ACRValues) > 0 {
		login.ACR = req.ACRValues[0]
	}
	if len(login.AMR) == 0 {
		login.AMR = []string{"pwd"}
	}
	var err error
	if login.SessionID == "" {
		login.SessionID, err = p.newID("sid-")
	}
	return login, err
}

// fill says what the response type asks for.
func (s *scene) fill(a *Answer) error {
	g := &grant{client: s.client, req: s.req, login: s.login, at: s.now, challenge: s.req.Challenge}
	var err error
	if s.req.Wants("code") {
		if g.code, err = s.op.newID("code-"); err != nil {
			return err
		}
		a.add("code", g.code)
	}
	if s.req.Wants("token") {
		if g.access, err = s.op.newID("access-"); err != nil {
			return err
		}
		a.add("access_token", g.access)
		a.add("token_type", "Bearer")
		a.add("expires_in", strconv.Itoa(int(accessLife/time.Second)))
	}
	if s.req.Wants("id_token") {
		s.code, s.access, s.front = g.code, g.access, true
		text, err := s.idToken()
		if err != nil {
			return err
		}
		a.add("id_token", text)
	}
	for _, c := range s.changes[AnswerSide] {
		if c.grant != nil {
			c.grant(s, g)
		}
	}
	s.op.remember(g)
	return nil
}

// finish adds what every answer has, and makes the answer's own faults.
func (s *scene) finish(a *Answer) error {
	if s.req.State != "" {
		a.add("state", s.req.State)
	}
	how := s.login.How
	if s.op.cfg.Dialect != Thinkific && !how.does(NoResponseIssuer) && !(how.does(ISSWithCodeOnly) && a.Get("id_token") != "") {
		a.add("iss", s.op.issuerFor(s.login.TenantID))
	}
	for _, c := range s.changes[AnswerSide] {
		if c.answer == nil {
			continue
		}
		if err := c.answer(s, a); err != nil {
			return fmt.Errorf("%s: %w", c.fault, err)
		}
	}
	s.op.keep(s.client.ID, a)
	return nil
}

// before is what was sent to the client before.
func (s *scene) before() last {
	s.op.mu.Lock()
	defer s.op.mu.Unlock()
	return s.op.last[s.client.ID]
}

// keep remembers what was sent.
func (p *OP) keep(clientID string, a *Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.last[clientID]
	l.idToken, l.code = orText(a.Get("id_token"), l.idToken), orText(a.Get("code"), l.code)
	p.last[clientID] = l
}

// Refuse answers a request by an error code, with a description unless it is "".
func (p *OP) Refuse(req *Request, code, description string, how How) (*Answer, error) {
	client, err := p.Client(req.ClientID)
	if err != nil {
		return nil, err
	}
	s, err := p.scene(client, req, Login{How: how})
	if err != nil {
		return nil, err
	}
	a := &Answer{RedirectURI: req.RedirectURI, Mode: req.ResponseMode, Params: []Param{{"error", code}}}
	if description != "" {
		a.add("error_description", description)
	}
	return a, s.finish(a)
}
