package tenant

// SAML holds the settings of a SAML connection.
type SAML struct {
	// IdP is the identity provider's side.
	IdP SAMLIdP `json:",inline"`
	// Request is what this side asks for.
	Request SAMLRequest `json:",inline"`
	// Allow relaxes rules.
	Allow SAMLAllow `json:",inline"`
	// RequireSignedResponse wants the response itself signed, whether or not the assertion is.
	RequireSignedResponse bool `json:"requireSignedResponse"`
	// SPKeys are this side's keys as PEM files, newest first, at most two.
	SPKeys []KeyFiles `json:"spKeys"`
	// Limits raises how much a response may hold.
	Limits SAMLLimits `json:"limits"`
}

// SAMLIdP says who the identity provider is: by exactly one of the metadata settings, or by entity id, addresses and
// certificates.
type SAMLIdP struct {
	// MetadataFile, MetadataURL and MetadataXML are where the provider's metadata comes from.
	MetadataFile string `json:"idpMetadataFile"`
	MetadataURL  string `json:"idpMetadataURL"`
	MetadataXML  string `json:"idpMetadataXML"`
	// EntityID is the provider's name; beside metadata it chooses one of several.
	EntityID string `json:"idpEntityID"`
	// SSOURL and SLOURL are its addresses for sign-on and logout, for every binding.
	SSOURL string `json:"idpSSOURL"`
	SLOURL string `json:"idpSLOURL"`
	// Certificates are its signing certificates: PEM, bare base64, or PEM with \n for line breaks.
	Certificates []string `json:"idpCertificates"`
}

// SAMLRequest says what AuthnRequests ask for; see the saml package's Request.
type SAMLRequest struct {
	// SignRequests signs them.
	SignRequests bool `json:"signRequests"`
	// Binding is "redirect" (also when empty) or "post".
	Binding string `json:"requestBinding"`
	// ForceAuthn asks for a fresh authentication every time.
	ForceAuthn bool `json:"forceAuthn"`
	// NameIDFormat is the NameIDPolicy's Format; "" sends none.
	NameIDFormat string `json:"nameIDFormat"`
	// AuthnContext lists the AuthnContextClassRef URIs to request.
	AuthnContext []string `json:"requestedAuthnContext"`
}

// SAMLAllow relaxes rules; the saml package's Allow says when each is safe.
type SAMLAllow struct {
	UnencryptedAssertions bool `json:"allowUnencryptedAssertions"` // assertions in the clear
	SHA1                  bool `json:"allowSHA1"`                  // SHA-1 in signatures
	CBCInUnsignedResponse bool `json:"allowCBCInUnsignedResponse"` // AES-CBC that no outer signature covers
	UnspecifiedNameID     bool `json:"allowUnspecifiedNameID"`     // a NameID of no promised kind as external id
	IdPInitiated          bool `json:"allowIdPInitiated"`          // logins nobody asked for
	ExpiredCertificates   bool `json:"allowExpiredCertificates"`   // signing certificates outside their dates
}

// KeyFiles names a key of this side and its certificate.
type KeyFiles struct {
	// Key and Certificate are PEM files.
	Key         string `json:"key"`
	Certificate string `json:"certificate"`
}

// SAMLLimits raises how much a response may hold; zero keeps the saml package's limits.
type SAMLLimits struct {
	// Elements is the number of XML elements, FormValue the encoded response's length in bytes.
	Elements  int `json:"elements"`
	FormValue int `json:"formValue"`
}
