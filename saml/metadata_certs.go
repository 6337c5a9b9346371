package saml

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strconv"
	"strings"

	"github.com/lmssso/lmssso"
)

const (
	maxPasted    = 256 << 10 // bytes of text ParseCertificates reads
	minRSA       = 2048      // bits of a key of this side
	maxEachPaste = 16        // certificates in one text, and in one provider's metadata
)

// pemBlock finds what stands between the marks of a PEM block, whatever became of its line breaks.
var pemBlock = regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END ([A-Z0-9 ]{1,40})-----`)

// ParseCertificates reads certificates the way administrators paste them: PEM, one or several, also with its line breaks
// lost or written as \n; bare base64, as it stands in metadata; or DER. Repeated ones are left out. It refuses with
// [ErrCertificate] anything else, more than 16, and a private key, which has no business in such a field.
func ParseCertificates(text string) ([]*x509.Certificate, error) {
	if len(text) > maxPasted {
		return nil, certificateFault("the text is too long", "at most "+strconv.Itoa(maxPasted)+" bytes")
	}
	if strings.HasPrefix(text, "\x30\x82") { // an ASN.1 sequence, as every certificate is
		return parseDER([]byte(text))
	}
	text = strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\t`, "\t").Replace(strings.TrimPrefix(text, "\ufeff"))
	if strings.Contains(text, "PRIVATE KEY") {
		return nil, certificateFault("the text holds a private key", "a certificate; treat that key as given away")
	}
	blocks := pemBlock.FindAllStringSubmatch(text, -1)
	if len(blocks) == 0 {
		return parseBase64(text)
	}
	var out []*x509.Certificate
	for _, b := range blocks {
		if b[1] != b[3] || b[1] != "CERTIFICATE" && b[1] != "X509 CERTIFICATE" && b[1] != "TRUSTED CERTIFICATE" {
			return nil, certificateFault("the text holds another kind of PEM block", "CERTIFICATE")
		}
		certs, err := parseBase64(b[2])
		if err != nil {
			return nil, err
		}
		out = append(out, certs...)
	}
	return distinct(out)
}

// parseBase64 reads DER that is written as base64, with white space anywhere and with or without padding.
func parseBase64(text string) ([]*x509.Certificate, error) {
	der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(dropSpace(text), "="))
	if err != nil || len(der) == 0 {
		return nil, certificateFault("the text is not a certificate", "PEM, base64 or DER")
	}
	return parseDER(der)
}

func parseDER(der []byte) ([]*x509.Certificate, error) {
	certs, err := x509.ParseCertificates(der)
	if err != nil || len(certs) == 0 {
		return nil, certificateFault("the certificate cannot be read", "an X.509 certificate")
	}
	return distinct(certs)
}

// distinct leaves repeated certificates out and bounds their number.
func distinct(certs []*x509.Certificate) ([]*x509.Certificate, error) {
	out := addDistinct(nil, certs...)
	if len(out) > maxEachPaste {
		return nil, certificateFault("too many certificates", "at most "+strconv.Itoa(maxEachPaste))
	}
	return out, nil
}

func certificateFault(detail, expected string) error {
	return refuse(ErrCertificate, lmssso.Error{Detail: detail, Expected: expected})
}

// ParseKeyPair reads a key of this side from PEM: its certificate, and the private key in PKCS #8, PKCS #1 or SEC 1 form.
// A certificate file with a chain gives its first. It refuses with [ErrKeyPair] what does not belong together, encrypted
// keys, RSA below 2048 bits and kinds that SAML does not use. What is wrong is said without repeating the file.
func ParseKeyPair(certificate, privateKey []byte) (Key, error) {
	block := firstBlock(certificate, "CERTIFICATE")
	if block == nil {
		return Key{}, keyFault("the certificate file holds no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return Key{}, keyFault("the certificate cannot be read")
	}
	signer, err := parsePrivateKey(privateKey)
	if err != nil {
		return Key{}, err
	}
	if pub, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(cert.PublicKey) {
		return Key{}, keyFault("the certificate was made for another key")
	}
	return Key{Signer: signer, Certificate: cert}, nil
}

func parsePrivateKey(file []byte) (crypto.Signer, error) {
	block := firstBlock(file, "PRIVATE KEY")
	switch {
	case block == nil:
		return nil, keyFault("the key file holds no private key")
	case strings.Contains(block.Type, "ENCRYPTED") || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, keyFault("the private key is encrypted")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, keyFault("the private key cannot be read")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSA {
			return nil, keyFault("the RSA key has fewer than " + strconv.Itoa(minRSA) + " bits")
		}
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	default:
		return nil, keyFault("the key is of a kind SAML does not use")
	}
}

// firstBlock returns the first PEM block whose type ends so; other blocks, such as EC PARAMETERS, are passed over.
func firstBlock(file []byte, kind string) *pem.Block {
	for rest := bytes.TrimPrefix(file, []byte("\ufeff")); ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil || strings.HasSuffix(block.Type, kind) {
			return block
		}
	}
}

func keyFault(detail string) error { return refuse(ErrKeyPair, lmssso.Error{Detail: detail}) }
