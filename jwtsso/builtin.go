package jwtsso

import (
	"maps"
	"slices"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// ThoughtIndustries returns the dialect of Thought Industries (SSO guide, "JSON Web Token Settings"): HS256 with the API
// key, iat within 500 seconds of the server's time, at most two API keys at a time. The guide says that a token travels
// in the URL, in a POST parameter or in a header, so all three are accepted. learner, which the developer documentation's
// sample sends, is read as student.
func ThoughtIndustries() Dialect {
	claims := attrs.ClaimNames()
	delete(claims, attrs.IssuedAt) // judged by Time, not an attribute of the user
	return Dialect{
		Name: "thoughtindustries",
		Endpoint: Endpoint{
			Path: "/access/jwt", Deliveries: []Delivery{InQuery, InForm, InHeader},
			Token: "jwt", ReturnTo: "returnTo",
		},
		Signing:  Signing{Algorithm: HS256, Key: RawKey, MaxKeys: 2},
		Time:     TimeRules{Claim: "iat", Unit: time.Second, Window: 500 * time.Second},
		TokenID:  TokenIDRule{Claim: "jti"},
		Claims:   claims,
		Roles:    map[string]string{"learner": lmssso.StudentRole},
		Required: []attrs.Key{attrs.ExternalID, attrs.Email},
	}
}

// Thinkific returns the dialect of Thinkific's Custom SSO (developers.thinkific.com, "SSO"): HS256 with the API key's own
// bytes, never base64-decoded; return_to and error_url beside the token; refusals reported there with Zendesk's kind and
// message. Thinkific publishes no window: 120 seconds is this library's choice. So is finding users by email, on by
// default because the platform makes external_id optional.
func Thinkific() Dialect {
	return Dialect{
		Name: "thinkific",
		Endpoint: Endpoint{
			Path: "/api/sso/v2/sso/jwt", Deliveries: []Delivery{InQuery},
			Token: "jwt", ReturnTo: "return_to", ErrorURL: "error_url",
		},
		Signing: Signing{Algorithm: HS256, Key: RawKey, MaxKeys: 2},
		Time:    TimeRules{Claim: "iat", Unit: time.Second, Window: 120 * time.Second},
		TokenID: TokenIDRule{Claim: "jti"},
		Claims: attrs.Mapping{
			attrs.FirstName:  attrs.From("first_name"),
			attrs.LastName:   attrs.From("last_name"),
			attrs.Email:      attrs.From("email"),
			attrs.ExternalID: attrs.From("external_id"),
			attrs.Bio:        attrs.From("bio"),
			attrs.Company:    attrs.From("company"),
			attrs.Timezone:   attrs.From("timezone"),
		},
		Required:     []attrs.Key{attrs.Email, attrs.FirstName, attrs.LastName},
		ReportErrors: true,
		Defaults:     lmssso.AccountPolicy{IdentityByEmail: true},
	}
}

// Zendesk returns the dialect of Zendesk (support.zendesk.com, "Enabling JWT single sign-on"), whose URL scheme many
// platforms copied: POST preferred, iat within three minutes, a jti in every token, the name in one claim. Refusals go to
// the "remote logout URL" the account configures: [VerifierConfig.ErrorURL].
func Zendesk() Dialect {
	return Dialect{
		Name: "zendesk",
		Endpoint: Endpoint{
			Path: "/access/jwt", Deliveries: []Delivery{InForm, InQuery},
			Token: "jwt", ReturnTo: "return_to",
		},
		Signing: Signing{Algorithm: HS256, Key: RawKey, MaxKeys: 2},
		Time:    TimeRules{Claim: "iat", Unit: time.Second, Window: 3 * time.Minute},
		TokenID: TokenIDRule{Claim: "jti", Required: true},
		Claims: attrs.Mapping{
			attrs.ExternalID:   attrs.From("external_id"),
			attrs.Email:        attrs.From("email"),
			attrs.FullName:     attrs.From("name"),
			attrs.Company:      attrs.From("organization"),
			attrs.Picture:      attrs.From("remote_photo_url"),
			attrs.CustomFields: attrs.From("user_fields"),
		},
		Required:     []attrs.Key{attrs.Email, attrs.FullName},
		ReportErrors: true,
		Defaults:     lmssso.AccountPolicy{IdentityByEmail: true},
	}
}

// Dialects returns the built-in dialects.
func Dialects() []Dialect { return []Dialect{ThoughtIndustries(), Thinkific(), Zendesk()} }

// Named returns the built-in dialect with this name, and whether there is one.
func Named(name string) (Dialect, bool) {
	all := Dialects()
	if i := slices.IndexFunc(all, func(d Dialect) bool { return d.Name == name }); i >= 0 {
		return all[i], true
	}
	return Dialect{}, false
}

// clone copies what a caller could still change.
func (d Dialect) clone() Dialect {
	d.Endpoint.Deliveries = slices.Clone(d.Endpoint.Deliveries)
	d.Claims = maps.Clone(d.Claims)
	d.Roles = maps.Clone(d.Roles)
	d.Required = slices.Clone(d.Required)
	return d
}
