package lmssso

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Feature is a part of an application's own sign-in pages that single sign-on may replace.
type Feature string

// The features [Settings.Offers] answers for.
const (
	LoginFields    Feature = "login"          // the form with email and password
	Registration   Feature = "register"       // the registration form
	AccountPage    Feature = "account"        // the page to change name, email and password
	PasswordReset  Feature = "password-reset" // the "forgot password" link and form
	LocalLogoutURL Feature = "logout"         // a logout that ends at this site
)

// SettingsConfig holds the standard single sign-on settings of a site, as URL templates (Thought Industries SSO guide,
// "Standard Single Sign-On Settings"). {{returnTo}} stands for the absolute URL to come back to, and is percent-encoded
// when it is filled in. An empty template leaves that page to the application.
type SettingsConfig struct {
	// BaseURL is the site's own address, which relative return targets are made absolute with. Required.
	BaseURL string
	// ExternalLoginURL is where the login page redirects.
	ExternalLoginURL string
	// AccountLogoutURL is where the browser goes after the local session ended.
	AccountLogoutURL string
	// ExternalRegisterURL is where the registration page, and the checkout of a signed-out visitor, redirect.
	ExternalRegisterURL string
	// AccountSettingsURL is where the account page redirects.
	AccountSettingsURL string
	// SSOOnly withdraws the application's own login fields, registration, account page and password reset; a page without
	// a template of its own then redirects to ExternalLoginURL, which must be set.
	SSOOnly bool
}

// Settings answers where the pages of a site redirect. It is immutable; nil has no external pages.
type Settings struct {
	base                             *url.URL
	login, logout, register, account template
	ssoOnly                          bool
}

// NewSettings checks the templates and lists every fault: a placeholder other than {{returnTo}}, an address that is not
// absolute http or https, a placeholder outside the query, or SSOOnly without a login URL to send visitors to.
func NewSettings(cfg SettingsConfig) (*Settings, error) {
	s := &Settings{ssoOnly: cfg.SSOOnly}
	var errs []error
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || !webURL(base) {
		errs = append(errs, settingFault("baseURL", "an absolute http or https URL"))
	}
	s.base = base
	for _, t := range []struct {
		name, text string
		to         *template
	}{
		{"externalLoginURL", cfg.ExternalLoginURL, &s.login},
		{"accountLogoutURL", cfg.AccountLogoutURL, &s.logout},
		{"externalRegisterURL", cfg.ExternalRegisterURL, &s.register},
		{"accountSettingsURL", cfg.AccountSettingsURL, &s.account},
	} {
		parsed, err := parseTemplate(t.name, t.text)
		errs = append(errs, err)
		*t.to = parsed
	}
	if cfg.SSOOnly && cfg.ExternalLoginURL == "" {
		errs = append(errs, settingFault("externalLoginURL", "a URL, because ssoOnly withdraws the login fields"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if s.ssoOnly {
		s.register, s.account = s.register.or(s.login), s.account.or(s.login)
	}
	return s, nil
}

// LoginURL returns where the login page redirects, and whether it does.
func (s *Settings) LoginURL(returnTo string) (string, bool) {
	if s == nil {
		return "", false
	}
	return s.login.fill(s.absolute(returnTo))
}

// LogoutURL returns where the browser goes after the local session ended, and whether it leaves the site.
func (s *Settings) LogoutURL(returnTo string) (string, bool) {
	if s == nil {
		return "", false
	}
	return s.logout.fill(s.absolute(returnTo))
}

// RegisterURL returns where the registration page redirects, and whether it does. The checkout of a signed-out visitor
// passes the URL that resumes it.
func (s *Settings) RegisterURL(returnTo string) (string, bool) {
	if s == nil {
		return "", false
	}
	return s.register.fill(s.absolute(returnTo))
}

// AccountURL returns where the account page redirects, and whether it does.
func (s *Settings) AccountURL(returnTo string) (string, bool) {
	if s == nil {
		return "", false
	}
	return s.account.fill(s.absolute(returnTo))
}

// Offers reports whether the application should show the feature itself: not when an external page replaces it, and,
// with SSOOnly, none of the login fields, registration, account page and password reset.
func (s *Settings) Offers(f Feature) bool {
	if s == nil {
		return true
	}
	switch f {
	case LoginFields, PasswordReset:
		return !s.ssoOnly && s.login.isZero()
	case Registration:
		return !s.ssoOnly && s.register.isZero()
	case AccountPage:
		return !s.ssoOnly && s.account.isZero()
	case LocalLogoutURL:
		return s.logout.isZero()
	default:
		return false
	}
}

// absolute resolves a same-site path on the base URL. Anything else, such as another site's URL, becomes the base URL:
// what comes back from the external page must land here.
func (s *Settings) absolute(returnTo string) string {
	home := s.base.JoinPath("/").String()
	if returnTo == "" {
		return home
	}
	u, err := s.base.Parse(returnTo)
	if err != nil || u.Scheme != s.base.Scheme || u.Host != s.base.Host || u.User != nil || strings.Contains(returnTo, `\`) {
		return home
	}
	return u.String()
}

const returnToPlaceholder = "{{returnTo}}"

// template is a URL with at most some {{returnTo}} in its query.
type template struct{ text string }

func parseTemplate(name, text string) (template, error) {
	if text == "" {
		return template{}, nil
	}
	plain := strings.ReplaceAll(text, returnToPlaceholder, "x")
	if strings.Contains(plain, "{{") || strings.Contains(plain, "}}") {
		return template{}, settingFault(name, "no placeholder but {{returnTo}}")
	}
	u, err := url.Parse(plain)
	if err != nil || !webURL(u) {
		return template{}, settingFault(name, "an absolute http or https URL")
	}
	path, query, _ := strings.Cut(text, "?")
	_, fragment, _ := strings.Cut(query, "#")
	if strings.Contains(path+fragment, returnToPlaceholder) {
		return template{}, settingFault(name, "{{returnTo}} only in the query")
	}
	return template{text: text}, nil
}

func (t template) isZero() bool { return t.text == "" }

func (t template) or(other template) template {
	if t.isZero() {
		return other
	}
	return t
}

func (t template) fill(returnTo string) (string, bool) {
	escaped := strings.ReplaceAll(url.QueryEscape(returnTo), "+", "%20")
	return strings.ReplaceAll(t.text, returnToPlaceholder, escaped), !t.isZero()
}

func webURL(u *url.URL) bool {
	return u != nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Opaque == ""
}

func settingFault(name, expected string) error {
	return &Error{Reason: ErrConfiguration, Detail: fmt.Sprintf("settings.%s", name), Expected: expected}
}
