package tenant

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// maxWindow is the longest a token may stay acceptable, the same as a dialect's own.
const maxWindow = time.Hour

// jwtPlug mounts JWT connections.
type jwtPlug struct{}

func (jwtPlug) dialect(c Connection) (jwtsso.Dialect, bool) {
	if c.JWT.Custom != nil {
		return *c.JWT.Custom, true
	}
	return jwtsso.Named(c.JWT.Dialect)
}

func (p jwtPlug) check(c Connection) Faults {
	var faults Faults
	d, ok := p.dialect(c)
	if !ok {
		return Faults{{Path: "dialect", Text: "must be one of " + strings.Join(dialectNames(), ", ")}}
	}
	if c.Preset != "" {
		faults = append(faults, Fault{Path: "preset", Text: "is for other protocols: a JWT connection has its dialect"})
	}
	for _, f := range []struct {
		set        bool
		path, text string
	}{
		{c.Leeway != 0, "leeway", ": its window is the whole tolerance"},
		{c.MaxAuthnAge != 0, "maxAuthnAge", ": a token does not say when the user signed in"},
		{c.AllowHTTP, "allowHTTP", ", which fetches nothing"},
		{c.AllowPrivateAddresses, "allowPrivateAddresses", ", which fetches nothing"},
	} {
		if f.set {
			faults = append(faults, Fault{Path: f.path, Text: "does not apply to a JWT connection" + f.text})
		}
	}
	if w := time.Duration(c.JWT.Window); w < 0 || w > maxWindow {
		return append(faults, Fault{Path: "window", Text: "must be at most " + maxWindow.String()})
	}
	if _, err := jwtsso.NewVerifier(verifierConfig(c, d, builder{cfg: Config{Connections: []Connection{c}}, app: &App{}}, unused{})); err != nil {
		faults = append(faults, configFaults(err)...)
	}
	return faults
}

func (p jwtPlug) paths(c Connection) []string {
	d, ok := p.dialect(c)
	if !ok {
		return nil
	}
	return []string{d.Endpoint.Path}
}

func (p jwtPlug) defaults(c Connection) lmssso.AccountPolicy {
	d, _ := p.dialect(c)
	return d.Defaults
}

func (p jwtPlug) build(c Connection, b builder) (built, error) {
	d, _ := p.dialect(c)
	v, err := jwtsso.NewVerifier(verifierConfig(c, d, b, b.app.SingleUse))
	if err != nil {
		return built{}, err
	}
	return built{endpoints: []endpoint{{path: d.Endpoint.Path, methods: []string{http.MethodGet, http.MethodPost}, action: "jwt", login: v}}}, nil
}

func dialectNames() []string {
	var out []string
	for _, d := range jwtsso.Dialects() {
		out = append(out, d.Name)
	}
	return out
}

// verifierConfig is the connection as its protocol package takes it.
func verifierConfig(c Connection, d jwtsso.Dialect, b builder, once lmssso.SingleUse) jwtsso.VerifierConfig {
	d.Claims = c.Mapping.Over(d.Claims)
	if c.JWT.Window != 0 {
		d.Time.Window = time.Duration(c.JWT.Window)
	}
	return jwtsso.VerifierConfig{
		Dialect: d, Connection: c.ID, Tenant: c.Tenant, Realm: b.cfg.realm(c), Keys: c.JWT.Keys, SingleUse: once,
		ErrorURL:             c.JWT.ErrorURL,
		Expect:               jwtsso.Expect{Issuer: c.JWT.Issuer, Audience: c.JWT.Audience},
		AllowShortKeys:       c.JWT.AllowShortKeys,
		AllowMissingIssuedAt: c.JWT.AllowMissingIssuedAt,
		AllowReplay:          c.JWT.AllowReplay,
		Now:                  b.app.Env.Now,
	}
}

// configFaults gives what a verifier refused the path of the setting it is about. The verifier's texts name positions
// and lengths, never a key.
func configFaults(err error) Faults {
	path := ""
	for reason, at := range map[*lmssso.Reason]string{
		jwtsso.ErrKeyCount: "keys", jwtsso.ErrKeyInvalid: "keys", jwtsso.ErrKeyTooShort: "keys", jwtsso.ErrDialect: "dialect",
	} {
		if errors.Is(err, reason) {
			path = at
		}
	}
	var e *lmssso.Error
	if !errors.As(err, &e) {
		return Faults{{Path: path, Text: "cannot be used"}}
	}
	text := ": " + e.Detail
	if e.Expected != "" {
		text += ", not " + e.Received + ", but " + e.Expected
	}
	return Faults{{Path: path, Text: "cannot be used" + text}}
}

// unused stands for the store while a configuration is only checked.
type unused struct{}

func (unused) Add(context.Context, string, []byte, time.Time) (bool, error) {
	return false, errors.New("tenant: a configuration being checked signs nobody in")
}

func (unused) Take(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("tenant: a configuration being checked signs nobody in")
}
