package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// samlCodes is what each fault must be refused with, whatever the provider's form says of it. clear tells those of
// assertions in the clear; inside an encrypted one some faults only show as a decryption that gave nothing trustworthy.
func samlCodes(clear bool) map[string]string {
	out := map[string]string{}
	for code, faults := range map[string]string{
		"signature": `unsigned wrong-key wrong-key-shown-as-real wrong-key-value tampered-attribute tampered-name-id
			empty-signature-value two-signed-infos two-digest-values signature-elsewhere two-references empty-reference
			reference-without-hash signature-of-other xslt-transform xpath-transform no-enveloped-transform
			no-canonical-transform many-transforms empty-id`,
		"malformed": `comment-in-digest two-signatures prefixed-id xsw1 xsw2 xsw3 xsw4 xsw5 xsw6 xsw7 xsw8
			assertion-in-extensions response-in-extensions assertion-in-status-detail assertion-in-object assertion-in-advice
			assertion-in-attribute-value no-assertion doctype entity-expansion comment-in-name-id processing-instruction
			element-in-name-id duplicate-xml-attribute second-root trailing-text unknown-encoding two-assertions two-name-ids
			two-subjects two-issuers two-conditions missing-issuer unknown-condition empty-name-id blank-name-id no-name-id
			no-authn-statement no-authn-context version-1-1 response-version-1-1 another-message deflated not-base64 not-xml
			repeated-parameter duplicate-id`,
		"algorithm":           "sha1-signature sha1-digest hmac-signature unknown-method",
		"attribute-invalid":   "two-email-values two-email-attributes",
		"issuer":              "wrong-issuer wrong-response-issuer",
		"audience":            "missing-audience wrong-audience second-audience-wrong no-conditions",
		"recipient":           "wrong-recipient missing-recipient wrong-destination missing-destination confirmation-endless no-bearer no-confirmation",
		"expired":             "expired ends-at-leeway confirmation-expired old-issue-instant century-long session-ended",
		"not-yet-valid":       "not-yet-valid confirmation-not-yet-valid future-issue-instant",
		"external-id-missing": "transient-name-id unspecified-name-id name-id-without-format",
		"encryption": `encrypted-id encrypted-attribute unencrypted rsa-1-5 cbc-unsigned triple-des encrypted-unsigned
			wrong-encryption-key truncated-ciphertext altered-ciphertext doctype-in-plaintext extra-in-plaintext`,
		"unsolicited": `wrong-in-response-to confirmation-of-another missing-in-response-to confirmation-of-none
			unsolicited-in-reply-to replay no-relay-state foreign-relay-state`,
		"provider-refused": "status-not-success status-no-passive failure-with-user spoofed-status",
		"too-large":        "huge-attributes huge-namespaces huge-depth huge-elements huge-text huge-message",
		"replayed":         "reused-assertion-id",
	} {
		for _, fault := range strings.Fields(faults) {
			out[fault] = code
		}
	}
	if clear {
		delete(out, "unencrypted") // allowed
		return out
	}
	delete(out, "duplicate-id")
	out["comment-in-name-id"] = "signature"
	for _, fault := range strings.Fields(`unsigned xsw4 xsw6 xsw8 assertion-in-object assertion-in-advice
		assertion-in-attribute-value processing-instruction`) {
		out[fault] = "encryption"
	}
	return out
}

// TestEveryFaultOfTheIdentityProviderIsRefused sends each fault for somebody who has an account and for somebody who has
// none, encrypted and in the clear.
func TestEveryFaultOfTheIdentityProviderIsRefused(t *testing.T) {
	for _, at := range []struct {
		connection, path, user, encryption string
	}{
		{"main-saml", "/access/saml/login", bobKey, "on"},
		{"initech-saml", "/access/saml/login/initech", nora, "off"},
	} {
		a := start(t, setup{})
		want := samlCodes(at.encryption == "off")
		page, _ := a.browser().picker(at.path)
		menu := offered(page.body, "fault")
		require.Len(t, menu, len(want), "the menu has every fault once")
		for _, fault := range menu {
			t.Run(at.connection+" "+fault, func(t *testing.T) {
				a.t = t
				if fault == "replay" || fault == "reused-assertion-id" { // needs something to repeat
					require.Equal(t, http.StatusSeeOther, a.browser().samlLogin(at.path, at.connection, at.user).StatusCode)
				}
				before, held := a.accounts(), a.log("?limit=1").Held
				b := a.browser()
				_, request := b.picker(at.path)
				f := b.response(at.connection, request, at.user, "fault", fault, "encryption", at.encryption)
				got := a.refused(b.post(f.action, f.fields, "Accept", "application/json"))
				require.Equal(t, want[fault], got.Code)
				require.False(t, b.session().SignedIn)
				require.Equal(t, before, a.accounts(), "no account and no grant")
				log := a.log("?limit=1")
				require.Equal(t, held+1, log.Held, "one entry")
				require.Equal(t, got.TraceID, log.Entries[0].TraceID)
				require.Equal(t, at.connection, log.Entries[0].SSOBlock)
				require.False(t, log.Entries[0].Result.Valid)
			})
		}
	}
}

func TestAFaultThatIsNotOnTheMenuIsNotSent(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	for _, fault := range []string{"nothing-like-it", "stale-authn-instant"} {
		_, request := b.picker("/access/saml/login")
		got := b.do(http.MethodPost, "/demo/saml", map[string][]string{
			"connection": {"main-saml"}, "request": {request}, "user": {bobKey}, "fault": {fault}, "course": {"safety"},
		})
		require.Equal(t, http.StatusBadRequest, got.StatusCode)
		require.Contains(t, got.body, "there is no such fault here")
		require.Contains(t, got.body, `value="safety" checked`, "what was chosen stays")
		require.Contains(t, got.body, request)
	}
}
