package saml

import (
	"net/url"
	"time"
)

// Start is how a login begins: exactly one of Redirect and Form is set.
type Start struct {
	// Redirect is where the browser goes, by HTTP-Redirect.
	Redirect *url.URL
	// Form is what the browser posts, by HTTP-POST.
	Form *Form
	// Pending is what must be remembered until the answer comes.
	Pending Pending

	heading  string // of the page that posts the form
	framedBy string // the origin that may show that page in a frame
}

// Form is an HTML form that posts itself.
type Form struct {
	// Action is the address it is posted to.
	Action string
	// Fields are its fields.
	Fields url.Values
}

// Pending is what is remembered of a login that began. It is stored under an opaque handle, which is its RelayState.
type Pending struct {
	// Handle is the opaque text that travels as RelayState. It is not part of the record.
	Handle string `json:"-"`
	// Connection is the connection it began with, and IdP the entity id of its provider. At another one it serves nothing: the
	// first provider knows the RequestID, and could have another answer it.
	Connection string `json:"connection,omitempty"`
	IdP        string `json:"idp,omitempty"`
	// RequestID is the AuthnRequest's ID, which the answer must name; "" for a login nobody asked for.
	RequestID string `json:"requestID"`
	// ReturnTo is where the browser asked to go, unchecked.
	ReturnTo string `json:"returnTo,omitempty"`
	// Tenant is the slug of the tenant the login was begun for, when it is not the connection's own.
	Tenant string `json:"tenant,omitempty"`
	// Begun is when the request was made; ForceAuthn whether it asked for a fresh authentication.
	Begun      time.Time `json:"begun"`
	ForceAuthn bool      `json:"forceAuthn,omitempty"`
	// Browser is the SHA-256 of the browser's binding cookie.
	Browser string `json:"browser,omitempty"`
}

// BeginOptions changes one login's beginning; nil changes nothing.
type BeginOptions struct {
	// ReturnTo is where the browser asked to go.
	ReturnTo string
	// Tenant binds the login to a tenant that inherits this connection.
	Tenant string
	// ForceAuthn asks for a fresh authentication this time.
	ForceAuthn bool
}

// Input is a message as it arrived.
type Input struct {
	// Method is the request's method.
	Method string
	// RawQuery is the query exactly as received: redirect signatures cover it byte for byte.
	RawQuery string
	// Form holds the fields of a POST.
	Form url.Values
}
