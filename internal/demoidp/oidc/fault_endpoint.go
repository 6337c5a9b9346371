package oidc

import (
	"bytes"
	"crypto"
	"net/http"
	"strings"
)

// Faults of the token endpoint's answer.
const (
	ExchangeError         Fault = "exchange-500"             // an error of the server
	ExchangeHTML          Fault = "exchange-html"            // a page in the place of tokens
	ExchangeHuge          Fault = "exchange-huge"            // 2 MB
	ExchangeRedirect      Fault = "exchange-redirect"        // sends the client elsewhere, with its secret
	ExchangeCut           Fault = "exchange-cut"             // half of the answer
	ExchangeInvalidGrant  Fault = "exchange-invalid-grant"   // the code is refused
	ExchangeInvalidClient Fault = "exchange-invalid-client"  // the client is refused
	ExchangeNames         Fault = "exchange-id-token-twice"  // id_token stands twice
	ExchangeCase          Fault = "exchange-id-token-case"   // "ID_TOKEN" stands beside id_token
	ExchangeMAC           Fault = "exchange-mac"             // token_type is mac
	ExchangeNoIDToken     Fault = "exchange-no-id-token"     // no ID token
	ExchangeIDTokenNumber Fault = "exchange-id-token-number" // the ID token is a number
	SecondSubject         Fault = "second-subject"           // the second ID token is about somebody else
	SecondIssuer          Fault = "second-issuer"            // the second ID token is by another provider
)

// Faults of the userinfo endpoint's answer.
const (
	UserinfoUnauthorized Fault = "userinfo-401"          // the access token is not accepted
	UserinfoForbidden    Fault = "userinfo-403"          // the access token is not enough
	UserinfoError        Fault = "userinfo-500"          // an error of the server
	UserinfoHTML         Fault = "userinfo-html"         // a page in the place of claims
	UserinfoHuge         Fault = "userinfo-huge"         // 2 MB
	UserinfoRedirect     Fault = "userinfo-redirect"     // sends the client elsewhere, with the access token
	UserinfoSubject      Fault = "userinfo-sub"          // about somebody else
	UserinfoNoSubject    Fault = "userinfo-no-sub"       // does not say about whom
	UserinfoSubjectCase  Fault = "userinfo-sub-case"     // "Sub" in the place of sub
	UserinfoLetters      Fault = "userinfo-sub-letters"  // the sub in other letters
	UserinfoTwice        Fault = "userinfo-sub-twice"    // sub stands twice, the first forged
	UserinfoEmailCase    Fault = "userinfo-email-case"   // "EMAIL" stands beside email, forged
	UserinfoEmailTwice   Fault = "userinfo-email-twice"  // email stands twice, the second forged
	UserinfoSignature    Fault = "userinfo-signature"    // the JWT is signed by a stranger
	UserinfoUnsigned     Fault = "userinfo-alg-none"     // the JWT is not signed
	UserinfoIssuer       Fault = "userinfo-wrong-issuer" // the JWT is by another provider
	UserinfoAudience     Fault = "userinfo-wrong-aud"    // the JWT is for another client
)

// Faults of the discovery document.
const (
	DiscoveryIssuer     Fault = "discovery-issuer"           // another issuer
	DiscoveryNoIssuer   Fault = "discovery-no-issuer"        // no issuer
	DiscoveryHTTP       Fault = "discovery-http"             // endpoints by http
	DiscoveryScript     Fault = "discovery-javascript"       // an authorization endpoint that is a script
	DiscoveryRelative   Fault = "discovery-relative"         // a token endpoint that is no full address
	DiscoveryNoAuth     Fault = "discovery-no-authorization" // no authorization endpoint
	DiscoveryNoToken    Fault = "discovery-no-token"         // no token endpoint
	DiscoveryNoKeys     Fault = "discovery-no-jwks"          // no jwks_uri
	DiscoveryTwice      Fault = "discovery-twice"            // the token endpoint stands twice
	DiscoveryNumber     Fault = "discovery-number"           // an endpoint that is a number
	DiscoveryHuge       Fault = "discovery-huge"             // 2 MB
	DiscoveryRedirect   Fault = "discovery-redirect"         // elsewhere
	DiscoveryError      Fault = "discovery-500"              // an error of the server
	DiscoveryHTML       Fault = "discovery-html"             // a page
	DiscoveryMetadataIP Fault = "discovery-metadata-address" // endpoints at an address inside the network
)

// Faults of the keys.
const (
	KeysNone          Fault = "keys-none"           // an empty list
	KeysMissing       Fault = "keys-missing"        // no list
	KeysJunkOnly      Fault = "keys-junk-only"      // only keys nobody can use
	KeysEncryption    Fault = "keys-encryption"     // only keys for encryption
	KeysOtherAlg      Fault = "keys-other-alg"      // the key is published for another algorithm
	KeysSecretOnly    Fault = "keys-secret-only"    // only shared secrets
	KeysHuge          Fault = "keys-huge"           // 2 MB
	KeysRedirect      Fault = "keys-redirect"       // elsewhere
	KeysError         Fault = "keys-500"            // an error of the server
	KeysHTML          Fault = "keys-html"           // a page
	KeysStrangersOnly Fault = "keys-strangers-only" // the keys of another provider
)

// saying returns a change of the members of an answer.
func saying(f func(s *scene, o *object)) func(*scene, *object) error {
	return func(s *scene, o *object) error {
		f(s, o)
		return nil
	}
}

func says(name string, value any) func(*scene, *object) error {
	return saying(func(_ *scene, o *object) { o.set(name, value) })
}

func omits(name string) func(*scene, *object) error {
	return saying(func(_ *scene, o *object) { o.drop(name) })
}

func also(name string, value any) func(*scene, *object) error {
	return saying(func(_ *scene, o *object) { o.add(name, value) })
}

// fails returns a reply with an error code.
func fails(status int, code string) func(*reply) {
	return func(r *reply) { *r = *errorReply(status, code) }
}

func html(r *reply) {
	r.mime, r.body = "text/html; charset=utf-8", []byte("<!doctype html><title>Maintenance</title><p>We are back soon.</p>")
}

// hugeBody is the size of answers that are too large.
const hugeBody = 2 << 20

// huge fills an answer up with spaces, which mean nothing in JSON; it is good otherwise.
func huge(r *reply) { r.body = append(r.body, bytes.Repeat([]byte(" "), hugeBody)...) }

func redirects(r *reply) {
	*r = reply{status: http.StatusTemporaryRedirect, mime: "text/plain", location: "/elsewhere"}
}

func exchangeFaults() []change {
	hybrid := asked([]string{"code id_token", "code id_token token"})
	return []change{
		{fault: ExchangeError, text: "The token endpoint has a fault of its own.", reply: fails(http.StatusInternalServerError, "server_error")},
		{fault: ExchangeHTML, text: "The token endpoint answers with a page.", reply: html},
		{fault: ExchangeHuge, text: "The answer has 2 MB, to exhaust who reads it.", reply: huge},
		{fault: ExchangeRedirect, text: "The token endpoint sends the client elsewhere, with its secret and the code.", reply: redirects},
		{fault: ExchangeCut, text: "The answer ends in the middle.", reply: func(r *reply) { r.body = r.body[:len(r.body)/2] }},
		{fault: ExchangeInvalidGrant, text: "The token endpoint does not accept the code.", reply: fails(http.StatusBadRequest, "invalid_grant")},
		{fault: ExchangeInvalidClient, text: "The token endpoint does not accept the client's credentials.", reply: fails(http.StatusUnauthorized, "invalid_client")},
		{fault: ExchangeNames, text: "Two ID tokens: whose login is it?", said: saying(func(_ *scene, o *object) { o.add("id_token", o.get("id_token")) })},
		{fault: ExchangeCase, text: "ID_TOKEN beside id_token: decoders that do not mind the case take the last.", said: saying(func(_ *scene, o *object) { o.add("ID_TOKEN", o.get("id_token")) })},
		{fault: ExchangeMAC, text: "The access token is of a kind that is not merely shown.", said: says("token_type", "mac")},
		{fault: ExchangeNoIDToken, text: "The answer lacks the ID token.", said: omits("id_token")},
		{fault: ExchangeIDTokenNumber, text: "The ID token is a number.", said: says("id_token", 7)},
		{fault: SecondSubject, text: "The ID token from the token endpoint is about somebody else than the one that came with the code.", needs: hybrid,
			token: plainly(func(_ *scene, t *token) { forge(t) })},
		{fault: SecondIssuer, text: "The ID token from the token endpoint is by another provider than the one that came with the code.", needs: hybrid, token: is("iss", elsewhere)},
	}
}

func userinfoFaults() []change {
	email, jwt := Needs{Email: true}, Needs{SignedUserinfo: true}
	return []change{
		{fault: UserinfoUnauthorized, text: "Userinfo does not accept the access token.", reply: fails(http.StatusUnauthorized, "unauthorized")},
		{fault: UserinfoForbidden, text: "The access token does not cover userinfo.", reply: fails(http.StatusForbidden, "forbidden")},
		{fault: UserinfoError, text: "Userinfo has a fault of its own.", reply: fails(http.StatusInternalServerError, "server_error")},
		{fault: UserinfoHTML, text: "Userinfo answers with a page.", reply: html},
		{fault: UserinfoHuge, text: "The answer has 2 MB, to exhaust who reads it.", reply: huge},
		{fault: UserinfoRedirect, text: "Userinfo sends the client elsewhere, with the access token.", reply: redirects},
		{fault: UserinfoSubject, text: "Userinfo is about somebody else than the ID token: the access token was exchanged.", said: saying(forgeInfo)},
		{fault: UserinfoNoSubject, text: "Userinfo does not say about whom it is.", said: omits("sub")},
		{fault: UserinfoSubjectCase, text: "Sub in the place of sub: decoders that do not mind the case take it.", said: saying(func(_ *scene, o *object) { (*o)[indexOf(*o, "sub")].name = "Sub" })},
		{fault: UserinfoLetters, text: "The subject is written in other letters, and subjects are compared to the letter.", said: saying(func(s *scene, o *object) { o.set("sub", swapCase(s.login.User.Subject)) })},
		{fault: UserinfoTwice, text: "Two subjects: about whom is it?", said: saying(func(_ *scene, o *object) { *o = append(object{{"sub", ForgedSubject}}, *o...) })},
		{fault: UserinfoEmailCase, text: "EMAIL beside email: decoders that do not mind the case take the last.", needs: email, said: also("EMAIL", ForgedEmail)},
		{fault: UserinfoEmailTwice, text: "Two email addresses: whose account is it?", needs: email, said: also("email", ForgedEmail)},
		{fault: UserinfoSignature, text: "The claims are signed by a stranger.", needs: jwt, token: strangeInfo},
		{fault: UserinfoUnsigned, text: "The claims are not signed though the JWT's form says that they are.", needs: jwt, token: plainly(func(_ *scene, t *token) {
			t.claims.set("email", ForgedEmail)
			t.alg = "none"
			t.header.set("alg", "none")
		})},
		{fault: UserinfoIssuer, text: "The claims are signed, but another provider says them.", needs: jwt, token: is("iss", elsewhere)},
		{fault: UserinfoAudience, text: "The claims are signed, but for another client.", needs: jwt, token: is("aud", "other-client")},
	}
}

func indexOf(o object, name string) int {
	for i, m := range o {
		if m.name == name {
			return i
		}
	}
	return 0
}

func forgeInfo(_ *scene, o *object) {
	o.set("sub", ForgedSubject)
	if o.has("email") {
		o.set("email", ForgedEmail)
	}
}

// strangeInfo keeps the subject, so that nothing but the signature is wrong.
func strangeInfo(s *scene, t *token) error {
	k, err := s.strangerFor(t.alg)
	t.claims.set("email", ForgedEmail)
	t.key = k
	return err
}

func discoveryFaults() []change {
	return []change{
		{fault: DiscoveryIssuer, text: "The document is another provider's, whose tokens would then be good here.", said: says("issuer", elsewhere)},
		{fault: DiscoveryNoIssuer, text: "The document does not say whose it is.", said: omits("issuer")},
		{fault: DiscoveryHTTP, text: "The endpoints are by http, where everybody on the way reads along.", needs: Needs{TLS: true}, said: saying(func(_ *scene, o *object) {
			for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"} {
				if text, ok := o.get(name).(string); ok {
					o.set(name, strings.Replace(text, "https:", "http:", 1))
				}
			}
		})},
		{fault: DiscoveryScript, text: "The authorization endpoint is a script for the browser.", said: says("authorization_endpoint", "javascript:alert(document.domain)")},
		{fault: DiscoveryRelative, text: "The token endpoint is no full address.", needs: asked(withCode()), said: says("token_endpoint", "/token")},
		{fault: DiscoveryNoAuth, text: "The document lacks the authorization endpoint.", said: omits("authorization_endpoint")},
		{fault: DiscoveryNoToken, text: "The document lacks the token endpoint.", needs: asked(withCode()), said: omits("token_endpoint")},
		{fault: DiscoveryNoKeys, text: "The document lacks the address of the keys.", said: omits("jwks_uri")},
		{fault: DiscoveryTwice, text: "Two token endpoints: which one gets the client's secret?", said: also("token_endpoint", elsewhere+"/token")},
		{fault: DiscoveryNumber, text: "An endpoint is a number.", said: says("jwks_uri", 7)},
		{fault: DiscoveryHuge, text: "The document has 2 MB, to exhaust who reads it.", reply: huge},
		{fault: DiscoveryRedirect, text: "The document is elsewhere, where nobody chose to look.", reply: redirects},
		{fault: DiscoveryError, text: "The provider has a fault of its own.", reply: fails(http.StatusInternalServerError, "server_error")},
		{fault: DiscoveryHTML, text: "A page stands where the document belongs.", reply: html},
		{fault: DiscoveryMetadataIP, text: "The keys are at an address inside the network, to have this site ask it; refused where private addresses are.", needs: Needs{PublicOnly: true},
			said: says("jwks_uri", "http://169.254.169.254/latest/meta-data/")},
	}
}

func keyFaults() []change {
	only := func(f func(s *scene) ([]object, error)) func(*scene, []object) ([]object, error) {
		return func(s *scene, _ []object) ([]object, error) { return f(s) }
	}
	return []change{
		{fault: KeysNone, text: "There is no key.", keys: only(func(*scene) ([]object, error) { return []object{}, nil })},
		{fault: KeysMissing, text: "There is no list of keys.", said: omits("keys")},
		{fault: KeysJunkOnly, text: "There are only keys that nobody can use.", keys: only(func(*scene) ([]object, error) { return junkKeys(), nil })},
		{fault: KeysEncryption, text: "The keys are for encryption alone.", keys: each(func(o *object) { o.set("use", "enc") })},
		{fault: KeysOtherAlg, text: "The key is published for another algorithm than the tokens have.", keys: each(func(o *object) {
			if o.get("alg") == "RS512" {
				o.set("alg", "RS256")
				return
			}
			o.set("alg", "RS512")
		})},
		{fault: KeysSecretOnly, text: "There are only shared secrets, which everybody can read here.", keys: only(func(*scene) ([]object, error) {
			return []object{{{"kty", "oct"}, {"kid", "shared"}, {"k", b64([]byte(sharedSecret))}}}, nil
		})},
		{fault: KeysHuge, text: "The keys have 2 MB, to exhaust who reads them.", reply: huge},
		{fault: KeysRedirect, text: "The keys are elsewhere, where nobody chose to look.", reply: redirects},
		{fault: KeysError, text: "The provider has a fault of its own.", reply: fails(http.StatusInternalServerError, "server_error")},
		{fault: KeysHTML, text: "A page stands where the keys belong.", reply: html},
		{fault: KeysStrangersOnly, text: "The keys are another provider's.", keys: strangersKeys},
	}
}

// each returns a change of every key.
func each(f func(*object)) func(*scene, []object) ([]object, error) {
	return func(_ *scene, keys []object) ([]object, error) {
		for i := range keys {
			f(&keys[i])
		}
		return keys, nil
	}
}

// strangersKeys puts other numbers under the good names.
func strangersKeys(s *scene, keys []object) ([]object, error) {
	for i, k := range s.op.Keys() {
		if i >= len(keys) {
			break
		}
		other, err := s.strangerFor(algOf(k.Signer.Public()))
		if err != nil {
			return nil, err
		}
		signer, ok := other.(interface{ Public() crypto.PublicKey })
		if !ok {
			return nil, errSigner
		}
		o, err := jwk(signer.Public())
		if err != nil {
			return nil, err
		}
		for _, name := range []string{"kid", "alg", "use"} {
			if v := keys[i].get(name); v != nil {
				o.set(name, v)
			}
		}
		keys[i] = o
	}
	return keys, nil
}
