package stores

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lmssso/lmssso/saml"
)

// SAMLKeys returns this site's own SAML keys by name, and makes those that are not there yet. They are kept in the
// directory's SQLite file: identity providers pin their certificates, so new ones after every start would lock everybody
// out. With a directory in memory they end with the process.
func (s *Stores) SAMLKeys(ctx context.Context, names []string, now time.Time) (map[string]saml.Key, error) {
	keys := map[string]saml.Key{}
	if len(names) == 0 {
		return keys, nil
	}
	if s.kept == nil {
		return keys, generate(keys, names, now)
	}
	if _, err := s.kept.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS academy_saml_keys (name TEXT PRIMARY KEY, certificate BLOB NOT NULL, private_key BLOB NOT NULL)`); err != nil {
		return nil, fmt.Errorf("the data file cannot be used: %w", err)
	}
	missing, err := s.readKeys(ctx, keys, names)
	if err != nil || len(missing) == 0 {
		return keys, err
	}
	made := map[string]saml.Key{}
	if err := generate(made, missing, now); err != nil {
		return nil, err
	}
	for name, key := range made {
		if err := s.keepKey(ctx, name, key); err != nil {
			return nil, err
		}
	}
	_, err = s.readKeys(ctx, keys, missing) // another process may have been first
	return keys, err
}

// generate makes keys side by side: large primes take a second each.
func generate(into map[string]saml.Key, names []string, now time.Time) error {
	made, errs := make([]saml.Key, len(names)), make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Go(func() { made[i], errs[i] = saml.GenerateKey("Academy, "+name, now) })
	}
	wait.Wait()
	for i, name := range names {
		into[name] = made[i]
	}
	return errors.Join(errs...)
}

// readKeys reads keys and lists the names that have none.
func (s *Stores) readKeys(ctx context.Context, into map[string]saml.Key, names []string) (missing []string, err error) {
	for _, name := range names {
		var certificate, private []byte
		err := s.kept.QueryRowContext(ctx, `SELECT certificate, private_key FROM academy_saml_keys WHERE name = $1`, name).Scan(&certificate, &private)
		if errors.Is(err, sql.ErrNoRows) {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the data file cannot be read: %w", err)
		}
		if into[name], err = saml.ParseKeyPair(certificate, private); err != nil {
			return nil, fmt.Errorf("the data file's SAML key of %s: %w", name, err)
		}
	}
	return missing, nil
}

func (s *Stores) keepKey(ctx context.Context, name string, key saml.Key) error {
	certificate, private, err := key.MarshalPEM()
	if err != nil {
		return err
	}
	_, err = s.kept.ExecContext(ctx, `INSERT INTO academy_saml_keys (name, certificate, private_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, name, certificate, private)
	if err != nil {
		return fmt.Errorf("the data file cannot be written: %w", err)
	}
	return nil
}
