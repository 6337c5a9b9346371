package ssolog

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Entry is one attempt to sign in. Type, Action, SSOBlock, Response and Result are those of the Thought Industries SSO
// guide, "Single Sign-On Logs Sample"; the fields after them are ours.
type Entry struct {
	// Type is the protocol as the guide spells it: saml, openId or jwt.
	Type string `json:"type"`
	// Action names the endpoint: assertionConsumer, callback, jwt or logout.
	Action string `json:"action"`
	// SSOBlock is the id of the connection.
	SSOBlock string `json:"ssoBlock"`
	// Response is what was verified; its parts are empty when verification refused the attempt.
	Response Response `json:"response"`
	// Result is what became of it.
	Result Result `json:"result"`
	// Time is when the attempt began, in UTC.
	Time time.Time `json:"time"`
	// TraceID is what the user can quote.
	TraceID string `json:"traceID"`
	// DurationMS is how long the attempt took, in milliseconds.
	DurationMS float64 `json:"durationMS"`
	// Tenant is the slug of the tenant whose endpoint was used; "" is the main site.
	Tenant string `json:"tenant,omitempty"`
	// Changes lists what the login did to the account, and why. What was revoked is here too.
	Changes []lmssso.Change `json:"changes,omitempty"`
	// Warnings name what was tolerated but should be put right at the provider.
	Warnings []attrs.Warning `json:"warnings,omitempty"`
}

// Response is the verified message.
type Response struct {
	// Header identifies the message.
	Header Header `json:"response_header"`
	// Type is authn_response (SAML), id_token (OpenID Connect), jwt or logout.
	Type string `json:"type"`
	// User is who the message is about.
	User User `json:"user"`
}

// Header identifies a message. A field the protocol does not have is empty.
type Header struct {
	// Version is the SAML version.
	Version string `json:"version,omitempty"`
	// Destination is the endpoint a SAML response names.
	Destination string `json:"destination,omitempty"`
	// InResponseTo is the id of the request a SAML response answers.
	InResponseTo string `json:"in_response_to,omitempty"`
	// ID is the SAML assertion's id, or the token's jti.
	ID string `json:"id,omitempty"`
}

// User is the user as the provider named them.
type User struct {
	// NameID is the SAML NameID, the OpenID Connect sub, or the external id of a token; a pseudonym under [RedactValues].
	NameID string `json:"name_id"`
	// SessionIndex is the SAML SessionIndex or the OpenID Connect sid.
	SessionIndex string `json:"session_index,omitempty"`
	// Attributes holds what the provider sent, by its own names.
	Attributes map[string][]string `json:"attributes"`
}

// Result is what became of an attempt.
type Result struct {
	// Valid says that the login was accepted.
	Valid bool `json:"valid"`
	// Attrs holds the attributes after mapping, by the catalogue's JWT claim names. One not there was absent.
	Attrs map[attrs.Key]Attr `json:"attrs,omitempty"`
	// Error is why the attempt was refused; nil when it was accepted.
	Error *Failure `json:"error,omitempty"`
}

// Failure says why an attempt was refused: to the user by Code and Message, to the administrator by the rest.
type Failure struct {
	// Code is the reason's stable name.
	Code lmssso.Code `json:"code"`
	// Message is the text the user was shown.
	Message string `json:"message"`
	// Detail says what was wrong.
	Detail string `json:"detail,omitempty"`
	// Expected is what would have been accepted.
	Expected string `json:"expected,omitempty"`
	// Received is what came instead.
	Received string `json:"received,omitempty"`
	// Remedy is what an administrator should do.
	Remedy string `json:"remedy,omitempty"`
}

// Attr is one mapped attribute. At most one of its fields is set; none of them means blank, an order to clear.
type Attr struct {
	// Text is a single value.
	Text string
	// List holds the values of a list.
	List []string
	// Fields holds custom fields by name.
	Fields map[string]Attr
}

// MarshalJSON writes a text, a list, an object of custom fields, or null for blank.
func (a Attr) MarshalJSON() ([]byte, error) {
	switch {
	case a.Fields != nil:
		return json.Marshal(a.Fields)
	case a.List != nil:
		return json.Marshal(a.List)
	case a.Text != "":
		return json.Marshal(a.Text)
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Attr) UnmarshalJSON(b []byte) error {
	*a = Attr{}
	if len(b) == 0 {
		return errors.New("ssolog: an attribute without JSON")
	}
	switch b[0] {
	case '{':
		return json.Unmarshal(b, &a.Fields)
	case '[':
		return json.Unmarshal(b, &a.List)
	default:
		return json.Unmarshal(b, &a.Text)
	}
}

// LogValue describes the entry without anything the provider sent.
func (e Entry) LogValue() slog.Value {
	fields := []slog.Attr{
		slog.String("trace", e.TraceID),
		slog.String("type", e.Type),
		slog.String("action", e.Action),
		slog.String("connection", e.SSOBlock),
		slog.Bool("valid", e.Result.Valid),
		slog.Float64("durationMS", e.DurationMS),
	}
	if e.Result.Error != nil {
		fields = append(fields, slog.String("code", string(e.Result.Error.Code)))
	}
	return slog.GroupValue(fields...)
}

// clone returns a copy that shares nothing a caller could change.
func (e Entry) clone() Entry {
	e.Response.User.Attributes = maps.Clone(e.Response.User.Attributes)
	for name, values := range e.Response.User.Attributes {
		e.Response.User.Attributes[name] = slices.Clone(values)
	}
	e.Result.Attrs = maps.Clone(e.Result.Attrs)
	for key, a := range e.Result.Attrs {
		a.List, a.Fields = slices.Clone(a.List), maps.Clone(a.Fields)
		for name, f := range a.Fields {
			f.List = slices.Clone(f.List)
			a.Fields[name] = f
		}
		e.Result.Attrs[key] = a
	}
	if e.Result.Error != nil {
		failure := *e.Result.Error
		e.Result.Error = &failure
	}
	e.Changes, e.Warnings = slices.Clone(e.Changes), slices.Clone(e.Warnings)
	return e
}
