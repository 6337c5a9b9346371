package lmssso_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

const base = "https://learn.example.com"

func settings(t *testing.T, cfg lmssso.SettingsConfig) *lmssso.Settings {
	t.Helper()
	if cfg.BaseURL == "" {
		cfg.BaseURL = base
	}
	s, err := lmssso.NewSettings(cfg)
	require.NoError(t, err)
	return s
}

func TestSettingsFillTheReturnTarget(t *testing.T) {
	s := settings(t, lmssso.SettingsConfig{
		ExternalLoginURL:    "https://www.example.org/sign_in?return_to={{returnTo}}&from=TI",
		AccountLogoutURL:    "https://www.example.org/logout?return_to={{returnTo}}",
		ExternalRegisterURL: "https://www.example.org/register?return_to={{returnTo}}",
		AccountSettingsURL:  "https://www.example.org/update_profile",
	})
	for _, tc := range []struct {
		name, returnTo, want string
	}{
		{"path with query", "/learn/course/a b?x=1&y=2", base + "/learn/course/a%20b?x=1&y=2"},
		{"absolute on the site", base + "/bundle/one", base + "/bundle/one"},
		{"nothing is the home page", "", base + "/"},
		{"another site is the home page", "https://evil.example/", base + "/"},
		{"scheme-relative is the home page", "//evil.example/", base + "/"},
		{"backslash is the home page", `/\evil.example`, base + "/"},
		{"user info is the home page", "https://learn.example.com@evil.example/", base + "/"},
		{"script is the home page", "javascript:alert(1)", base + "/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := s.LoginURL(tc.returnTo)
			require.True(t, ok)
			u, err := url.Parse(got)
			require.NoError(t, err)
			require.Equal(t, "www.example.org", u.Host)
			require.Equal(t, tc.want, u.Query().Get("return_to"))
			require.Equal(t, "TI", u.Query().Get("from"), "what follows the placeholder survives")
			require.NotContains(t, got, " ")
			require.NotContains(t, got, "+")
		})
	}
	logout, ok := s.LogoutURL("/bye")
	require.True(t, ok)
	require.Equal(t, "https://www.example.org/logout?return_to=https%3A%2F%2Flearn.example.com%2Fbye", logout)
	register, ok := s.RegisterURL("/checkout")
	require.True(t, ok)
	require.Equal(t, "https://www.example.org/register?return_to=https%3A%2F%2Flearn.example.com%2Fcheckout", register)
	account, ok := s.AccountURL("/account")
	require.True(t, ok)
	require.Equal(t, "https://www.example.org/update_profile", account)
}

func TestSettingsFaults(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  lmssso.SettingsConfig
		path string
	}{
		{"no base URL", lmssso.SettingsConfig{BaseURL: "/"}, "settings.baseURL"},
		{"base URL of another scheme", lmssso.SettingsConfig{BaseURL: "ftp://x.example"}, "settings.baseURL"},
		{"unknown placeholder", lmssso.SettingsConfig{ExternalLoginURL: "https://x.example/?a={{user}}"}, "settings.externalLoginURL"},
		{"the cart is not the login's", lmssso.SettingsConfig{ExternalLoginURL: "https://x.example/?a={{cart}}"}, "settings.externalLoginURL"},
		{"misspelt placeholder", lmssso.SettingsConfig{AccountLogoutURL: "https://x.example/?a={{returnto}}"}, "settings.accountLogoutURL"},
		{"unclosed placeholder", lmssso.SettingsConfig{AccountLogoutURL: "https://x.example/?a={{returnTo"}, "settings.accountLogoutURL"},
		{"script", lmssso.SettingsConfig{ExternalRegisterURL: "javascript:alert('{{returnTo}}')"}, "settings.externalRegisterURL"},
		{"relative", lmssso.SettingsConfig{AccountSettingsURL: "/elsewhere"}, "settings.accountSettingsURL"},
		{"placeholder as host", lmssso.SettingsConfig{ExternalLoginURL: "https://{{returnTo}}/"}, "settings.externalLoginURL"},
		{"placeholder in the fragment", lmssso.SettingsConfig{ExternalLoginURL: "https://x.example/?a=1#{{returnTo}}"}, "settings.externalLoginURL"},
		{"user info", lmssso.SettingsConfig{ExternalLoginURL: "https://a:b@x.example/"}, "settings.externalLoginURL"},
		{"sso only without a login page", lmssso.SettingsConfig{SSOOnly: true}, "settings.externalLoginURL"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.cfg.BaseURL == "" {
				tc.cfg.BaseURL = base
			}
			s, err := lmssso.NewSettings(tc.cfg)
			require.Nil(t, s)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			require.ErrorContains(t, err, tc.path)
		})
	}
}

func TestSettingsOffers(t *testing.T) {
	all := []lmssso.Feature{lmssso.LoginFields, lmssso.Registration, lmssso.AccountPage, lmssso.PasswordReset, lmssso.LocalLogoutURL}
	none := settings(t, lmssso.SettingsConfig{})
	only := settings(t, lmssso.SettingsConfig{SSOOnly: true, ExternalLoginURL: "https://x.example/"})
	login := settings(t, lmssso.SettingsConfig{ExternalLoginURL: "https://x.example/"})
	for _, f := range all {
		require.True(t, none.Offers(f), f)
		require.True(t, (*lmssso.Settings)(nil).Offers(f), f)
		require.Equal(t, f == lmssso.LocalLogoutURL, only.Offers(f), f)
		require.Equal(t, f != lmssso.LoginFields && f != lmssso.PasswordReset, login.Offers(f), f)
	}
	require.False(t, none.Offers("something-new"))
}

func TestSSOOnlySendsEveryPageToTheLoginURL(t *testing.T) {
	s := settings(t, lmssso.SettingsConfig{SSOOnly: true, ExternalLoginURL: "https://x.example/?r={{returnTo}}"})
	for _, page := range []func(string) (string, bool){s.LoginURL, s.RegisterURL, s.AccountURL} {
		got, ok := page("/x")
		require.True(t, ok)
		require.Equal(t, "https://x.example/?r=https%3A%2F%2Flearn.example.com%2Fx", got)
	}
	_, ok := s.LogoutURL("/")
	require.False(t, ok)
}

func TestNilSettingsRedirectNowhere(t *testing.T) {
	var s *lmssso.Settings
	for _, page := range []func(string) (string, bool){s.LoginURL, s.RegisterURL, s.AccountURL, s.LogoutURL} {
		_, ok := page("/x")
		require.False(t, ok)
	}
}
