package oidc

import (
	"context"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/lmssso/lmssso"
)

// keyLives: keys are asked for again after an hour, beside the logins; after two, because nobody signed in meanwhile, a
// login waits for them, so that a withdrawn key is not trusted because a site was idle. While every fetch fails the last
// good keys are used for a day.
func keyLives() lives {
	return lives{fresh: time.Hour, wait: 2 * time.Hour, keep: 24 * time.Hour}
}

// publishedKeys is the [keySource] of a connection: the provider's JWKS.
type publishedKeys struct {
	from    factSource
	network Network
	kept    kept[keySet]
}

var _ keySource = (*publishedKeys)(nil)

// newKeys returns the keys at the address the facts name. Nothing is fetched yet.
func newKeys(cfg Config, from factSource) *publishedKeys {
	k := &publishedKeys{from: from, network: cfg.OP.Network}
	k.kept.now, k.kept.load, k.kept.same, k.kept.lives = clockOf(cfg), k.load, sameKeys, keyLives()
	k.kept.start()
	return k
}

// Close ends a fetch that is under way. It always returns nil.
func (p *publishedKeys) Close() error {
	p.kept.close()
	return nil
}

// candidates returns the keys to try. When there are none it asks for the set again, unless it has only just been fetched:
// whatever number of forged key ids come, that is once a minute.
func (p *publishedKeys) candidates(ctx context.Context, alg jose.SignatureAlgorithm, kid string) ([]jose.JSONWebKey, error) {
	set, waited, err := p.kept.get(ctx)
	if err != nil {
		return nil, asReason(err, ErrKeysFetch, ErrKeysDocument)
	}
	out := set.pick(alg, kid)
	if len(out) == 0 && !waited {
		if set, _ = p.kept.again(ctx); set != nil {
			out = set.pick(alg, kid)
		}
	}
	if len(out) == 0 {
		return nil, refuse(ErrTokenKey, lmssso.Error{Detail: "the provider publishes no such key for " + string(alg), Received: "kid " + quoted(kid)})
	}
	return out, nil
}

// newer returns the candidates when the set became another within the last minute, by this call or one just before: a key
// may be replaced under its old name.
func (p *publishedKeys) newer(ctx context.Context, alg jose.SignatureAlgorithm, kid string) []jose.JSONWebKey {
	set, changed := p.kept.again(ctx)
	if !changed {
		return nil
	}
	return set.pick(alg, kid)
}

// load fetches and reads the JWKS.
func (p *publishedKeys) load(ctx context.Context) (*keySet, error) {
	f, err := p.from.facts(ctx)
	if err != nil {
		return nil, err
	}
	doc, err := p.network.get(ctx, f.endpoints.JWKS)
	if err != nil {
		return nil, refuse(ErrKeysFetch, lmssso.Error{Detail: err.Error(), Err: err})
	}
	set, err := parseKeys(string(doc))
	if err != nil {
		return nil, err
	}
	return &set, nil
}
