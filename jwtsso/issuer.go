package jwtsso

import (
	"crypto/rand"
	"encoding/base64"
	"io"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/safelist"
)

// IssuerConfig sets up the minting side: a backend that has users and signs them in at one learning platform. Dialect,
// Endpoint and Keys are required.
type IssuerConfig struct {
	// Dialect is the platform's way.
	Dialect Dialect
	// Endpoint is the URL tokens are sent to, such as https://learn.example.com/access/jwt. A site without a path gets the
	// dialect's.
	Endpoint string
	// Keys are the live keys, newest first. The newest signs; the others are checked and otherwise unused, so that both
	// ends can share one list during a rotation. RS256 takes private keys.
	Keys []lmssso.Secret
	// Expect is sent as iss and aud; empty fields are left out.
	Expect Expect
	// Lifetime sets exp this long after the time of issue, at most an hour; 0 sends none. A dialect that demands an expiry
	// gets half its window.
	Lifetime time.Duration
	// DropUncarried leaves out attributes for which the dialect has no claim. Otherwise they are refused, so that nobody
	// believes a platform was told what it was not.
	DropUncarried bool
	// AllowShortKeys signs with secrets shorter than the algorithm's hash; see [VerifierConfig.AllowShortKeys].
	AllowShortKeys bool
	// AllowHTTP accepts an http Endpoint that is not on this machine. The token then crosses the network for everybody to
	// read and use; safe only on a closed test network.
	AllowHTTP bool
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Random gives the bits of token ids; nil is crypto/rand.
	Random io.Reader
}

// Issuer mints tokens for one platform. It is immutable and safe for concurrent use, if its Random is.
type Issuer struct {
	cfg      IssuerConfig
	endpoint string
	maker    maker
	header   string // encoded, with the dot
	claims   []outClaim
	place    map[attrs.Key]int // of an attribute's claim in claims
	mapper   *attrs.Mapper
	targets  *safelist.List // judges the form of targets; the platform judges the rest
}

// NewIssuer checks the configuration and copies it. It refuses, under the code "configuration", with [ErrDialect],
// [ErrKeyCount], [ErrKeyTooShort], [ErrKeyInvalid] or [lmssso.ErrConfiguration].
func NewIssuer(cfg IssuerConfig) (*Issuer, error) {
	if err := cfg.Dialect.Check(); err != nil {
		return nil, err
	}
	cfg.Dialect = cfg.Dialect.clone()
	i := &Issuer{cfg: cfg}
	for _, step := range []func() error{i.initTimes, i.initKey, i.initClaims, i.initEndpoint} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	i.cfg.Keys = nil // decoded above; not kept twice
	return i, nil
}

func (i *Issuer) initTimes() error {
	rules := i.cfg.Dialect.Time
	if i.cfg.Lifetime == 0 && (rules.EndsAt || rules.RequireExpiry) {
		i.cfg.Lifetime = rules.Window / 2 // room for clocks that differ
	}
	most := maxWindow
	if rules.EndsAt {
		most = rules.Window
	}
	if i.cfg.Lifetime < 0 || i.cfg.Lifetime > most {
		return refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Lifetime", Expected: "at most " + inSeconds(most)})
	}
	if i.cfg.Now == nil {
		i.cfg.Now = time.Now
	}
	if i.cfg.Random == nil {
		i.cfg.Random = rand.Reader
	}
	return nil
}

func (i *Issuer) initKey() error {
	signing := i.cfg.Dialect.Signing
	keys, err := readKeys(signing, i.cfg.Keys, true, i.cfg.AllowShortKeys)
	if err != nil {
		return err
	}
	if i.maker, err = newMaker(signing.Algorithm, keys[0]); err != nil {
		return refuse(ErrKeyInvalid, lmssso.Error{Detail: "the signature library refused the key", Err: err})
	}
	header := `{"alg":"` + string(signing.Algorithm) + `","typ":"JWT"}`
	i.header = base64.RawURLEncoding.EncodeToString([]byte(header)) + "."
	return nil
}

// Mint signs a token for the learner, to be sent as a bearer token or by means of your own. [Issuer.RedirectURL] and
// [Issuer.Form] are the usual ways. Every call makes a new token: each is accepted once.
//
// It refuses what the platform would refuse: [ErrLearnerIncomplete], [ErrRoleName], [ErrNotCarried],
// [lmssso.ErrDualRoleIncomplete], [lmssso.ErrAttributeMissing], [lmssso.ErrAttributeInvalid], [ErrTarget] for a return
// target, [ErrTokenTooLarge].
func (i *Issuer) Mint(l Learner) (lmssso.Secret, error) {
	text, err := i.mint(l.says())
	return lmssso.Secret(text), err
}

func (i *Issuer) mint(set *said) (string, error) {
	if err := i.checkLearner(set); err != nil {
		return "", err
	}
	payload, err := i.payload(set)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	token := make([]byte, 0, len(i.header)+enc.EncodedLen(len(payload))+1+enc.EncodedLen(64))
	token = append(token, i.header...)
	token = enc.AppendEncode(token, payload)
	signature, err := i.maker.make(token)
	if err != nil {
		return "", refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "the token could not be signed", Err: err})
	}
	token = append(token, '.')
	token = enc.AppendEncode(token, signature)
	text := string(token)
	if err := checkSize(text); err != nil {
		return "", err
	}
	return text, nil
}
