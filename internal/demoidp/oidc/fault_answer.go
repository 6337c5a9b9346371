package oidc

import (
	"crypto/rand"
	"errors"
	"slices"
)

// Faults of the answer at the redirect URI.
const (
	StateMissing       Fault = "state-missing"        // no state
	StateWrong         Fault = "state-wrong"          // a state nobody sent
	StateTwice         Fault = "state-twice"          // state stands twice, the second is another
	CodeTwice          Fault = "code-twice"           // code stands twice, the second is another
	CodeMissing        Fault = "code-missing"         // no code where one was asked for
	CodeEmpty          Fault = "code-empty"           // an empty code
	CodeControl        Fault = "code-control"         // a line end in the code
	CodeReplayed       Fault = "code-replayed"        // an earlier login's code, which was used
	CodeOfOther        Fault = "code-of-other"        // a code another request asked for, with another PKCE challenge
	CodeUnasked        Fault = "code-unasked"         // a code where none was asked for
	IDTokenTwice       Fault = "id-token-twice"       // id_token stands twice
	IDTokenMissing     Fault = "id-token-missing"     // no ID token where one was asked for
	IDTokenUnasked     Fault = "id-token-unasked"     // an ID token where none was asked for
	IDTokenReplayed    Fault = "id-token-replayed"    // an earlier login's ID token
	AccessTokenUnasked Fault = "access-token-unasked" // an access token where none was asked for
	ErrorBeside        Fault = "error-beside"         // an error beside the good answer
	ResponseISSMissing Fault = "iss-missing"          // no iss parameter though it is announced
	ResponseISSWrong   Fault = "iss-wrong"            // the iss parameter is another provider
	ResponseISSTwice   Fault = "iss-twice"            // the iss parameter stands twice
	OtherMode          Fault = "other-mode"           // the answer comes another way than was asked for
	TokensInQuery      Fault = "tokens-in-query"      // the ID token comes in the query
	EmptyAnswer        Fault = "empty-answer"         // the state and nothing else
)

var errNoEarlier = errors.New("needs an earlier login at the client")

// The response types by what they hold.
func withCode() []string {
	return []string{"code", "code id_token", "code token", "code id_token token"}
}
func withIDToken() []string {
	return []string{"id_token", "code id_token", "id_token token", "code id_token token"}
}
func withoutID() []string   { return []string{"code", "code token"} }
func withoutCode() []string { return []string{"id_token", "id_token token"} }

func asked(types []string) Needs { return Needs{ResponseTypes: types} }

// answering returns a change that cannot fail.
func answering(f func(s *scene, a *Answer)) func(*scene, *Answer) error {
	return func(s *scene, a *Answer) error {
		f(s, a)
		return nil
	}
}

func stateFaults() []change {
	return []change{
		{fault: StateMissing, text: "The answer does not say which request it is for, so anybody's would do.", answer: answering(func(_ *scene, a *Answer) { a.drop("state") })},
		{fault: StateWrong, text: "The answer is for a request that this browser did not make.", answer: answering(func(_ *scene, a *Answer) { a.set("state", rand.Text()) })},
		{fault: StateTwice, text: "Two states: which request is it for?", answer: answering(func(_ *scene, a *Answer) { a.add("state", rand.Text()) })},
		{fault: ResponseISSMissing, text: "The provider announces that it names itself in answers, and does not.", needs: asked(withoutID()),
			answer: answering(func(_ *scene, a *Answer) { a.drop("iss") })},
		{fault: ResponseISSWrong, text: "Another provider answers: somebody mixes two providers up to get at the code.", answer: answering(func(_ *scene, a *Answer) { a.set("iss", elsewhere) })},
		{fault: ResponseISSTwice, text: "Two providers answer, of which the second is another.", answer: answering(func(_ *scene, a *Answer) { a.add("iss", elsewhere) })},
		{fault: OtherMode, text: "The answer comes another way than was asked for.", answer: answering(func(s *scene, a *Answer) {
			switch {
			case a.Mode != "form_post":
				a.Mode = "form_post"
			case s.req.Wants("id_token") || s.req.Wants("token"):
				a.Mode = "fragment"
			default:
				a.Mode = "query"
			}
		})},
		{fault: TokensInQuery, text: "The ID token stands in the address, which histories, logs and Referer headers keep.", needs: asked(withIDToken()),
			answer: answering(func(_ *scene, a *Answer) { a.Mode = "query" })},
	}
}

func partFaults() []change {
	return []change{
		{fault: CodeTwice, text: "Two codes: whose login is it?", needs: asked(withCode()), answer: answering(func(_ *scene, a *Answer) { a.add("code", rand.Text()) })},
		{fault: CodeMissing, text: "The answer lacks the code that was asked for.", needs: asked(withCode()), answer: answering(func(_ *scene, a *Answer) { a.drop("code") })},
		{fault: CodeEmpty, text: "The code is empty.", needs: asked(withCode()), answer: answering(func(_ *scene, a *Answer) { a.set("code", "") })},
		{fault: CodeControl, text: "The code holds a line end.", needs: asked(withCode()), answer: answering(func(_ *scene, a *Answer) { a.set("code", a.Get("code")+"\r\n") })},
		{fault: CodeReplayed, text: "The code is an earlier login's, which was used.", needs: Needs{ResponseTypes: withoutID(), Earlier: true},
			answer: earlier(func(l last) string { return l.code }, "code")},
		{fault: CodeOfOther, text: "Somebody put a code of his own login in the place of the user's; PKCE finds it.", needs: asked(withCode()), grant: func(_ *scene, g *grant) {
			g.challenge = b64([]byte("the challenge of somebody else.."))
		}},
		{fault: CodeUnasked, text: "A code comes that nobody asked for.", needs: asked(withoutCode()), answer: answering(func(_ *scene, a *Answer) { a.add("code", rand.Text()) })},
		{fault: IDTokenTwice, text: "Two ID tokens: whose login is it?", needs: asked(withIDToken()), answer: answering(func(_ *scene, a *Answer) { a.add("id_token", a.Get("id_token")) })},
		{fault: IDTokenMissing, text: "The answer lacks the ID token that was asked for.", needs: asked(withIDToken()), answer: answering(func(_ *scene, a *Answer) { a.drop("id_token") })},
		{fault: IDTokenUnasked, text: "An ID token comes that nobody asked for.", needs: asked(withoutID()), answer: unasked},
		{fault: IDTokenReplayed, text: "The ID token is an earlier login's.", needs: Needs{ResponseTypes: withIDToken(), Earlier: true},
			answer: earlier(func(l last) string { return l.idToken }, "id_token")},
		{fault: AccessTokenUnasked, text: "An access token comes through the browser that nobody asked for.", needs: asked([]string{"code", "id_token", "code id_token"}), answer: answering(func(_ *scene, a *Answer) {
			a.add("access_token", "access-"+rand.Text())
			a.add("token_type", "Bearer")
		})},
		{fault: ErrorBeside, text: "An error stands beside the good answer: which of the two holds?", answer: answering(func(_ *scene, a *Answer) { a.add("error", "access_denied") })},
		{fault: EmptyAnswer, text: "The answer says neither yes nor no.", answer: answering(func(_ *scene, a *Answer) {
			a.Params = slices.DeleteFunc(a.Params, func(p Param) bool { return p.Name != "state" && p.Name != "iss" })
		})},
	}
}

// earlier returns a change that puts what was sent before in the place of what is sent now.
func earlier(pick func(last) string, name string) func(*scene, *Answer) error {
	return func(s *scene, a *Answer) error {
		old := pick(s.before())
		if old == "" {
			return errNoEarlier
		}
		a.set(name, old)
		return nil
	}
}

func unasked(s *scene, a *Answer) error {
	s.code, s.front = a.Get("code"), true
	text, err := s.idToken()
	a.add("id_token", text)
	return err
}
