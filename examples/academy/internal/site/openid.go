package site

import (
	"slices"

	"github.com/lmssso/lmssso/examples/academy/internal/demo"
)

// adoptOP starts the demonstration's OpenID provider where a connection names it. It answers at the academy's own address, and
// is asked for the first time at the first sign-in: the academy is up by then.
func (s *Site) adoptOP() {
	if !s.cfg.File.Demo || !slices.ContainsFunc(s.cfg.File.Connections, demo.AdoptsOIDC) {
		return
	}
	keys := demo.NewOPKeys()
	if s.cfg.OpenIDKeys != nil {
		keys = *s.cfg.OpenIDKeys
	}
	s.op = demo.NewOP(s.cfg.File.BaseURL, s.cfg.Listening, keys, s.cfg.Now)
	s.cfg.File = s.op.Adopt(s.cfg.File)
}
