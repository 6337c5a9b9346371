package tenant

import (
	"errors"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/safelist"
)

// site is what a main site or a tenant decides about its pages.
type site struct {
	safelist *safelist.List
	settings *lmssso.Settings
}

// buildSite makes a site from its configuration; nil configurations are the strictest safelist and no external pages.
func buildSite(baseURL string, s *SafelistConfig, t *SettingsConfig) (site, error) {
	if s == nil {
		s = &SafelistConfig{}
	}
	if t == nil {
		t = &SettingsConfig{}
	}
	build := safelist.New
	if s.AllowAny {
		build = safelist.AllowAny
	}
	list, listErr := build(safelist.Config{BaseURL: baseURL, Domains: s.Domains, AllowHTTP: s.AllowHTTP})
	settings, err := lmssso.NewSettings(lmssso.SettingsConfig{
		BaseURL: baseURL, ExternalLoginURL: t.ExternalLoginURL, AccountLogoutURL: t.AccountLogoutURL,
		ExternalRegisterURL: t.ExternalRegisterURL, AccountSettingsURL: t.AccountSettingsURL, SSOOnly: t.SSOOnly,
	})
	return site{safelist: list, settings: settings}, errors.Join(listErr, err)
}

// siteFaults turns what the builders refused into faults with the paths of a configuration file. prefix is the tenant's
// path; "" is the main site.
func siteFaults(prefix string, err error) Faults {
	var out Faults
	var list *safelist.ConfigError
	if errors.As(err, &list) {
		for _, f := range list.Faults {
			path := join(join(prefix, "safelist"), f.Path)
			if f.Path == "baseURL" {
				path = f.Path
			}
			out = append(out, Fault{Path: path, Text: f.Detail})
		}
	}
	for _, e := range settingErrors(err) {
		path := join(prefix, e.Detail)
		if e.Detail == "settings.baseURL" {
			if list != nil {
				continue // said already
			}
			path = "baseURL"
		}
		out = append(out, Fault{Path: path, Text: "must be " + e.Expected})
	}
	return out
}

// settingErrors finds every [lmssso.Error] in a joined error.
func settingErrors(err error) []*lmssso.Error {
	if e, ok := err.(*lmssso.Error); ok {
		return []*lmssso.Error{e}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var out []*lmssso.Error
	for _, e := range joined.Unwrap() {
		out = append(out, settingErrors(e)...)
	}
	return out
}
