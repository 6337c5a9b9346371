package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/tenant"
)

// Override is what the command line says over the file. Empty fields say nothing.
type Override struct {
	// BaseURL is the site's own address; Fallback is used when neither it nor the file names one.
	BaseURL, Fallback string
	// Data is a SQLite file that holds the accounts and the replay records.
	Data string
}

// Read reads and checks a configuration file. The error is tenant.Faults when the file is readable but wrong.
func Read(path string, o Override) (File, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(doc, o)
}

// Parse reads and checks a configuration. Faults of form and of meaning come together, as far as the form allows.
func Parse(doc []byte, o Override) (File, error) {
	var f File
	var form tenant.Faults
	if err := tenant.Decode(doc, &f); err != nil && !errors.As(err, &form) {
		return File{}, err
	}
	f.apply(o)
	if faults := merge(form, f.Check()); len(faults) > 0 {
		return File{}, faults
	}
	return f, nil
}

// merge drops what is said about a value, or about its parts, that could not be read anyway.
func merge(form, meaning tenant.Faults) tenant.Faults {
	out := slices.Clone(form)
	for _, f := range meaning {
		unread := slices.ContainsFunc(form, func(said tenant.Fault) bool {
			rest, within := strings.CutPrefix(f.Path, said.Path)
			return within && (said.Path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
		})
		if !unread {
			out = append(out, f)
		}
	}
	return out
}

func (f *File) apply(o Override) {
	switch {
	case o.BaseURL != "":
		f.BaseURL = o.BaseURL
	case f.BaseURL == "":
		f.BaseURL = o.Fallback
	}
	if o.Data != "" {
		f.Directory, f.SingleUse = "sqlite:"+o.Data, "sqlite:"+o.Data
	}
	if f.Directory == "" {
		f.Directory = "memory:"
	}
	if f.SingleUse == "" {
		f.SingleUse = "memory:"
	}
	for i := range f.Accounts {
		if f.Accounts[i].Realm == "" {
			f.Accounts[i].Realm = "main"
		}
		if f.Accounts[i].Role == "" {
			f.Accounts[i].Role = lmssso.StudentRole
		}
	}
}

// Loopback reports whether a host name or address reaches only this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// onLoopback reports whether the base URL reaches only this machine.
func (f File) onLoopback() bool {
	u, err := url.Parse(f.BaseURL)
	return err == nil && Loopback(u.Hostname())
}
