package saml_test

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
)

// byRedirect lets everything travel by HTTP-Redirect.
func byRedirect(c *saml.Config) {
	idp := *c.IdP.(*saml.StaticIdP)
	idp.SLO = []saml.Endpoint{{Binding: saml.Redirect, URL: benchSLO + "?tenant=1"}}
	c.IdP, c.Request.Binding = &idp, saml.Redirect
}

// redirected returns the text a redirect's signature covers, as it stands in the address, and the signature.
func redirected(t *testing.T, u *url.URL) (text string, signature []byte) {
	t.Helper()
	query := strings.TrimPrefix(u.RawQuery, "tenant=1&")
	text, encoded, ok := strings.Cut(query, "&Signature=")
	if !ok || strings.Contains(encoded, "&") {
		t.Fatalf("the signature is not the last parameter: %s", query)
	}
	plain, err := url.QueryUnescape(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if signature, err = base64.StdEncoding.DecodeString(plain); err != nil {
		t.Fatal(err)
	}
	return text, signature
}

// opensslVerifies asks openssl whether the site's key signed a text.
func (b *bench) opensslVerifies(text string, signature []byte, public string) bool {
	b.t.Helper()
	b.write("text", text)
	b.write("signature", string(signature))
	_, err := b.run("openssl", "dgst", "-sha256", "-verify", filepath.Base(public), "-signature", "signature", "text")
	return err == nil
}

// inASN1 turns the two numbers of XML Signature's ECDSA (RFC 9231 section 2.3.6) into what openssl reads.
func inASN1(t *testing.T, raw []byte) []byte {
	t.Helper()
	half := len(raw) / 2
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestOpensslVerifiesOurRedirects: every message we send by redirect, over the query exactly as it is sent.
func TestOpensslVerifiesOurRedirects(t *testing.T) {
	for _, k := range []struct {
		name string
		key  saml.Key
		size int // of a raw ECDSA signature; 0 for RSA
	}{{"RSA", siteKey(), 0}, {"P-256", siteEC(), 64}, {"P-384", ec384(), 96}, {"P-521", ec521(), 132}} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, idpKey(), k.key, byRedirect)
			stranger := writeKey(t, b.dir, "stranger", otherKey())
			for name, u := range b.oursRedirected() {
				text, signature := redirected(t, u)
				if k.size != 0 {
					if len(signature) != k.size {
						t.Fatalf("the signature of the %s has %d bytes", name, len(signature))
					}
					signature = inASN1(t, signature)
				}
				if !b.opensslVerifies(text, signature, b.site.public) {
					t.Errorf("openssl refuses the %s: %s", name, u)
				}
				if b.opensslVerifies(text+"x", signature, b.site.public) || b.opensslVerifies(text, signature, stranger.public) {
					t.Errorf("openssl takes another text or key for the %s", name)
				}
			}
		})
	}
}

// oursRedirected returns one signed address of every kind this side redirects to.
func (b *bench) oursRedirected() map[string]*url.URL {
	b.t.Helper()
	request, err := b.provider.Begin(b.t.Context(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	logout, err := b.provider.BeginLogout(b.t.Context(), lmssso.SessionKey{Connection: connection, Subject: lmssso.Subject{Value: "anna & söhne"}}, "/")
	if err != nil {
		b.t.Fatal(err)
	}
	answer, _, err := b.provider.AnswerLogout(b.t.Context(), b.redirectLogout(rsaSHA256, "relay & state/ä"))
	if err != nil {
		b.t.Fatal(err)
	}
	return map[string]*url.URL{"AuthnRequest": request.Redirect, "LogoutRequest": logout.Redirect, "LogoutResponse": answer.Redirect}
}

// redirectLogout returns a provider's logout request by redirect, signed by openssl. Escapes are in lower case, as .NET and
// others write them: the signature covers the query as it travels, whatever its spelling.
func (b *bench) redirectLogout(method, relay string) saml.Input {
	b.t.Helper()
	doc := fmt.Sprintf(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_%s" Version="2.0" IssueInstant="%s" Destination="%s/slo"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">%s</saml:Issuer><saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="%s">anna-7</saml:NameID></samlp:LogoutRequest>`,
		strings.ToLower(rand.Text()), instant(0), benchSite, benchIdP, persistent)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := w.Write([]byte(doc)); err != nil {
		b.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	text := "SAMLRequest=" + lowerEscapes(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relay != "" {
		text += "&RelayState=" + lowerEscapes(relay)
	}
	text += "&SigAlg=" + lowerEscapes(method)
	b.write("text", text)
	hash := "-sha256"
	if strings.HasSuffix(method, "-sha1") {
		hash = "-sha1"
	}
	b.must("openssl", "dgst", hash, "-sign", filepath.Base(b.idp.key), "-out", "signature", "text")
	return saml.Input{Method: http.MethodGet, RawQuery: text + "&Signature=" + lowerEscapes(base64.StdEncoding.EncodeToString([]byte(b.read("signature"))))}
}

func lowerEscapes(s string) string {
	parts := strings.Split(url.QueryEscape(s), "%")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToLower(parts[i][:2]) + parts[i][2:]
	}
	return strings.Join(parts, "%")
}

// TestLogoutRedirectSignedByOpenssl: a provider's redirect is judged by its bytes as they arrived. openssl writes ECDSA in
// ASN.1, XML Signature as two numbers; both are taken.
func TestLogoutRedirectSignedByOpenssl(t *testing.T) {
	for _, c := range []struct {
		name    string
		key     saml.Key
		method  string
		change  func(query string) string
		refused error
	}{
		{"RSA", idpKey(), rsaSHA256, nil, nil},
		{"P-256 in ASN.1", siteEC(), ecdsaSHA256, nil, nil},
		{"P-256 as two numbers", siteEC(), ecdsaSHA256, asTwoNumbers, nil},
		{"RSA SHA-1", idpKey(), xmldsig + "rsa-sha1", nil, saml.ErrSHA1},
		{"escapes spelt anew", idpKey(), rsaSHA256, func(q string) string { return strings.ReplaceAll(q, "%2b", "%2B") + "&x=%2B" }, lmssso.ErrSignature},
		{"another relay state", idpKey(), rsaSHA256, func(q string) string { return strings.Replace(q, "RelayState=relay", "RelayState=other", 1) }, lmssso.ErrSignature},
		{"no relay state", idpKey(), rsaSHA256, func(q string) string { return strings.Replace(q, "&RelayState=relay", "", 1) }, lmssso.ErrSignature},
		{"no signature", idpKey(), rsaSHA256, func(q string) string { text, _, _ := strings.Cut(q, "&SigAlg="); return text }, saml.ErrUnsignedLogout},
		{"the key's other algorithm named", siteEC(), rsaSHA256, nil, lmssso.ErrSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.key, siteKey(), byRedirect)
			in := b.redirectLogout(c.method, "relay")
			for c.name == "escapes spelt anew" && !strings.Contains(in.RawQuery, "%2b") { // base64 without a plus, once in a while
				in = b.redirectLogout(c.method, "relay")
			}
			if c.change != nil {
				in.RawQuery = c.change(in.RawQuery)
			}
			start, ended, err := b.provider.AnswerLogout(t.Context(), in)
			if c.refused != nil {
				if !errors.Is(err, c.refused) || start != nil || len(b.sessions.keys) != 0 {
					t.Fatalf("refused for another reason than %v: %v", c.refused, err)
				}
				return
			}
			if err != nil || ended != 1 || start.Redirect.Query().Get("RelayState") != "relay" {
				t.Fatalf("ended %d: %v", ended, err)
			}
		})
	}
}

// asTwoNumbers turns a query's ASN.1 signature into the form of XML Signature.
func asTwoNumbers(query string) string {
	text, encoded, _ := strings.Cut(query, "&Signature=")
	plain, err := url.QueryUnescape(encoded)
	if err != nil {
		return ""
	}
	der, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		return ""
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return ""
	}
	raw := append(pair.R.FillBytes(make([]byte, 32)), pair.S.FillBytes(make([]byte, 32))...)
	return text + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(raw))
}

// TestEncryptedByOpenssl: the parameters of RSA-OAEP that this xmlsec1 does not know are openssl's work: other digests,
// other masks. openssl encrypts the content as well, in CBC; xmlsec1 signs.
func TestEncryptedByOpenssl(t *testing.T) {
	const mgf1p, oaep = xmlenc + "rsa-oaep-mgf1p", xmlenc11 + "rsa-oaep"
	digest := func(algorithm string) string {
		return `<ds:DigestMethod xmlns:ds="` + xmldsig + `" Algorithm="` + algorithm + `"/>`
	}
	mask := func(algorithm string) string {
		return `<xenc11:MGF xmlns:xenc11="` + xmlenc11 + `" Algorithm="` + xmlenc11 + algorithm + `"/>`
	}
	for _, c := range []struct {
		name, algorithm, parameters string
		md, mgf                     string
		refused                     error
	}{
		{"mgf1p without parameters", mgf1p, "", "sha1", "sha1", nil},
		{"mgf1p with SHA-1", mgf1p, digest(xmldsig + "sha1"), "sha1", "sha1", nil},
		{"mgf1p with SHA-256, its mask still SHA-1", mgf1p, digest(xmlenc + "sha256"), "sha256", "sha1", nil},
		{"mgf1p with SHA-512", mgf1p, digest(xmlenc + "sha512"), "sha512", "sha1", nil},
		{"oaep without parameters", oaep, "", "sha1", "sha1", nil},
		{"oaep with SHA-256 twice", oaep, digest(xmlenc+"sha256") + mask("mgf1sha256"), "sha256", "sha256", nil},
		{"oaep with SHA-256 and a mask of SHA-1", oaep, digest(xmlenc+"sha256") + mask("mgf1sha1"), "sha256", "sha1", nil},
		{"oaep with SHA-384 twice", oaep, digest(more+"sha384") + mask("mgf1sha384"), "sha384", "sha384", nil},
		{"oaep with SHA-512 twice", oaep, digest(xmlenc+"sha512") + mask("mgf1sha512"), "sha512", "sha512", nil},
		{"another mask than it says", oaep, digest(xmlenc+"sha256") + mask("mgf1sha256"), "sha256", "sha1", saml.ErrDecryption},
		{"a mask that does not exist for mgf1p", mgf1p, digest(xmlenc+"sha256") + mask("mgf1sha256"), "sha256", "sha256", saml.ErrEncryptionAlgorithm},
		{"a digest of nobody", oaep, digest(more + "md5"), "sha1", "sha1", saml.ErrEncryptionAlgorithm},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, idpKey(), siteKey(), func(cfg *saml.Config) { cfg.Allow = saml.Allow{} })
			signed := signWith(rsaSHA256)
			b.make(response{assertion: &signed})
			before, rest, _ := strings.Cut(b.read("response.xml"), "<saml:Assertion ")
			assertion, after, _ := strings.Cut(rest, "</saml:Assertion>")
			content, key := b.opensslCBC("<saml:Assertion " + assertion + "</saml:Assertion>")
			wrapped := b.opensslOAEP(key, c.md, c.mgf)
			before = strings.Replace(before, "</saml:Issuer>", "</saml:Issuer>"+signed.template("_response"), 1)
			b.write("response.xml", before+`<saml:EncryptedAssertion><xenc:EncryptedData xmlns:xenc="`+xmlenc+`" Type="`+xmlenc+`Element"><xenc:EncryptionMethod Algorithm="`+xmlenc+`aes256-cbc"/>`+
				`<ds:KeyInfo xmlns:ds="`+xmldsig+`"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="`+c.algorithm+`">`+c.parameters+`</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>`+wrapped+`</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>`+
				`<xenc:CipherData><xenc:CipherValue>`+content+`</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>`+after)
			b.sign("response.xml", "/*[local-name()='Response']", signed)
			b.judge(input(b.read("response.xml")), c.refused)
		})
	}
}

// opensslCBC encrypts a text with a fresh key of 256 bits and returns both.
func (b *bench) opensslCBC(text string) (encoded string, key []byte) {
	b.t.Helper()
	key, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	_, _ = rand.Read(key)
	_, _ = rand.Read(iv)
	b.write("plain", text)
	b.must("openssl", "enc", "-aes-256-cbc", "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(iv), "-in", "plain", "-out", "sealed")
	return base64.StdEncoding.EncodeToString(append(iv, b.read("sealed")...)), key
}

// opensslOAEP encrypts a key for the site.
func (b *bench) opensslOAEP(key []byte, md, mgf string) string {
	b.t.Helper()
	b.write("key", string(key))
	b.must("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", filepath.Base(b.site.public), "-in", "key", "-out", "wrapped",
		"-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:"+md, "-pkeyopt", "rsa_mgf1_md:"+mgf)
	return base64.StdEncoding.EncodeToString([]byte(b.read("wrapped")))
}
