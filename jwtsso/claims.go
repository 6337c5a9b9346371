package jwtsso

import (
	"encoding/json"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// assertion makes the login of claims that passed every check.
func (v *Verifier) assertion(payload string, f facts) (*lmssso.Assertion, error) {
	sent, err := attrs.FromChecked(payload) // strictjson read the whole of it
	if err != nil {
		return nil, lmssso.AttributeError(err)
	}
	in, err := v.decoded(sent, payload)
	if err != nil {
		return nil, err
	}
	set, err := v.mapper.Apply(in)
	if err != nil {
		return nil, lmssso.AttributeError(err)
	}
	v.translateRole(&set)
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{
			Protocol: lmssso.JWT, Connection: v.cfg.Connection, Tenant: v.cfg.Tenant, Issuer: f.issuer, ID: f.id,
		},
		Link:   lmssso.Link{Realm: v.cfg.Realm},
		Access: lmssso.Access{Target: lmssso.Target{Path: v.cfg.Tenant}},
		Times:  lmssso.Times{IssuedAt: f.issued, NotOnOrAfter: f.expires},
	}
	if err := a.Fill(set); err != nil {
		return nil, err
	}
	a.Subject.Value = a.Link.ExternalID
	a.Raw = sent.Raw()
	return a, nil
}

// decoded hands the claims to the dialect's codec, if it has one.
func (v *Verifier) decoded(sent attrs.Incoming, payload string) (attrs.Incoming, error) {
	codec := v.cfg.Dialect.Codec
	if codec == nil {
		return sent, nil
	}
	dec := json.NewDecoder(strings.NewReader(payload))
	dec.UseNumber()
	var c Claims
	if err := dec.Decode(&c); err != nil {
		return attrs.Incoming{}, refuse(ErrCodec, lmssso.Error{Detail: "the claims cannot be decoded", Err: err})
	}
	c, err := codec.Decode(c)
	if err != nil {
		return attrs.Incoming{}, refuse(ErrCodec, lmssso.Error{Detail: "the dialect's codec refused the claims", Err: err})
	}
	in, err := attrs.FromClaims(c)
	if err != nil {
		return attrs.Incoming{}, lmssso.AttributeError(err)
	}
	return in, nil
}

// translateRole reads the role names of the dialect's clients.
func (v *Verifier) translateRole(set *attrs.Set) {
	role, ok := set.Get(attrs.Role).First()
	if our, known := v.cfg.Dialect.Roles[role]; ok && known {
		set.Put(attrs.Role, attrs.Text(our))
	}
}
