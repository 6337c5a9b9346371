package site

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/demo"
	"github.com/lmssso/lmssso/saml"
)

// SAMLKeyNames lists the keys a site of this configuration needs: one for each SAML connection without key files, by its
// id, and the demonstration's identity provider's where one of them names it.
func SAMLKeyNames(f config.File) []string {
	var names []string
	for _, c := range f.Connections {
		if c.Protocol == lmssso.SAML && len(c.SAML.SPKeys) == 0 {
			names = append(names, c.ID)
		}
	}
	if wantsIdP(f) {
		names = append(names, demo.IdPKey)
	}
	return names
}

// wantsIdP reports whether there is a demonstration with a connection to its identity provider.
func wantsIdP(f config.File) bool { return f.Demo && slices.ContainsFunc(f.Connections, demo.Adopts) }

// samlKeys returns a connection's keys.
func (s *Site) samlKeys(connection string) ([]saml.Key, error) {
	key, ok := s.cfg.SAMLKeys[connection]
	if !ok {
		return nil, fmt.Errorf("the site was given no key for the connection %s", connection)
	}
	return []saml.Key{key}, nil
}

// adoptIdP starts the demonstration's identity provider, and tells the connections of it that name it.
func (s *Site) adoptIdP() error {
	if !wantsIdP(s.cfg.File) {
		return nil
	}
	key, ok := s.cfg.SAMLKeys[demo.IdPKey]
	if !ok {
		return errors.New("the site was given no key for the demonstration's identity provider")
	}
	var err error
	if s.idp, err = demo.NewIdP(s.cfg.File.BaseURL, key, s.cfg.Now); err != nil {
		return err
	}
	s.cfg.File = s.idp.Adopt(s.cfg.File)
	return nil
}
