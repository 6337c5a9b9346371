package saml

// XML namespaces.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsEncrypt   = "http://www.w3.org/2001/04/xmlenc#"
	nsEncrypt11 = "http://www.w3.org/2009/xmlenc11#"
	nsSchema    = "http://www.w3.org/2001/XMLSchema"
	nsInstance  = "http://www.w3.org/2001/XMLSchema-instance"
)

// NameID formats (SAML Core section 8.3).
const (
	FormatEmail       = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	FormatUnspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	FormatPersistent  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	FormatTransient   = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// Attribute name formats (SAML Core section 8.2).
const (
	NameFormatBasic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
	NameFormatURI   = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
)

// Status codes (SAML Core section 3.2.2.2).
const (
	StatusSuccess       = "urn:oasis:names:tc:SAML:2.0:status:Success"
	StatusRequester     = "urn:oasis:names:tc:SAML:2.0:status:Requester"
	StatusResponder     = "urn:oasis:names:tc:SAML:2.0:status:Responder"
	StatusAuthnFailed   = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
	StatusNoPassive     = "urn:oasis:names:tc:SAML:2.0:status:NoPassive"
	StatusPartialLogout = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
)

// MethodBearer is the subject confirmation of web sign-on (SAML Profiles section 3.3).
const MethodBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

const methodHolderOfKey = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"

// ContextPassword is the authentication context class of a password over TLS (SAML Authentication Context section 3.4.8).
const ContextPassword = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

// Bindings as URIs (SAML Bindings section 3).
const (
	uriRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	uriPost     = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// Binding is how a message travels through the browser.
type Binding string

// The two bindings supported.
const (
	Redirect Binding = "redirect" // HTTP-Redirect: deflated, with a detached signature over the query
	Post     Binding = "post"     // HTTP-POST: base64, with an enveloped signature
)

func (b Binding) uri() string {
	if b == Post {
		return uriPost
	}
	return uriRedirect
}

func bindingOf(uri string) Binding {
	switch uri {
	case uriRedirect:
		return Redirect
	case uriPost:
		return Post
	}
	return ""
}
