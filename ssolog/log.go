package ssolog

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lmssso/lmssso"
)

// ValuePolicy says whether the values of attributes are kept. Its text, "redacted" or "kept", is the one configuration
// files use.
type ValuePolicy uint8

const (
	// RedactValues keeps names and counts only. It is the zero value.
	RedactValues ValuePolicy = iota
	// KeepValues keeps the values as well, save what looks like a secret. It is safe with invented users, as in a
	// demonstration; with real ones the log then holds personal data of everybody who signed in during a week.
	KeepValues
)

// String returns "redacted" or "kept".
func (p ValuePolicy) String() string {
	if p == KeepValues {
		return "kept"
	}
	return "redacted"
}

// MarshalText returns "redacted" or "kept".
func (p ValuePolicy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads "redacted" or "kept"; anything else is [lmssso.ErrConfiguration].
func (p *ValuePolicy) UnmarshalText(text []byte) error {
	for _, known := range []ValuePolicy{RedactValues, KeepValues} {
		if string(text) == known.String() {
			*p = known
			return nil
		}
	}
	return fault("the log's values are unknown", "redacted or kept")
}

// Config sets up a [Log]. The zero value records nothing, and would keep no values.
type Config struct {
	// Enabled switches recording on. The platform's log is off until an administrator shows it, and so is this one.
	Enabled bool
	// Values says whether the values of attributes are kept.
	Values ValuePolicy
	// Limits bound what is kept; the zero value is the platform's retention.
	Limits Limits
	// Page adjusts the HTML page.
	Page Page
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Limits bound the log's memory. Zero fields take the default. With the defaults the texts of a full log take about 80 MB at most.
type Limits struct {
	// Entries is how many accepted and how many refused attempts are kept; default and maximum 600 each (Thought Industries
	// SSO guide, "Single Sign-On Logs").
	Entries int
	// Age is how long an entry is shown; default and maximum seven days (the same place).
	Age time.Duration
	// Attributes is how many attributes of an entry are kept; default 100, at most 1000.
	Attributes int
	// Values is how many values of an attribute are kept; default 50, at most 1000.
	Values int
	// ValueBytes is how long a value may be before it is cut; default 1024 bytes, at most 8192.
	ValueBytes int
}

const (
	maxEntries    = 600
	maxAge        = 7 * 24 * time.Hour
	maxAttributes = 1000
	maxValues     = 1000
	maxValueBytes = 8 << 10
)

// checked fills in the defaults and refuses what is negative or beyond the maximum.
func (l Limits) checked() (Limits, error) {
	var errs []error
	for _, f := range []struct {
		name      string
		value     *int
		std, most int
	}{
		{"Entries", &l.Entries, maxEntries, maxEntries},
		{"Attributes", &l.Attributes, 100, maxAttributes},
		{"Values", &l.Values, 50, maxValues},
		{"ValueBytes", &l.ValueBytes, 1024, maxValueBytes},
	} {
		if *f.value < 0 || *f.value > f.most {
			errs = append(errs, fault("Limits."+f.name+" is out of range", fmt.Sprintf("0 to %d", f.most)))
		}
		if *f.value == 0 {
			*f.value = f.std
		}
	}
	if l.Age < 0 || l.Age > maxAge {
		errs = append(errs, fault("Limits.Age is out of range", "0 to 168h"))
	}
	if l.Age == 0 {
		l.Age = maxAge
	}
	return l, errors.Join(errs...)
}

func fault(detail, expected string) error {
	return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: detail, Expected: expected}
}

// LogValue describes the log without its entries.
func (l *Log) LogValue() slog.Value {
	return slog.GroupValue(slog.Bool("enabled", l.Enabled()), slog.String("values", l.values.String()))
}

// Log keeps the attempts of one process in memory. It is safe for concurrent use.
type Log struct {
	values  ValuePolicy
	limits  Limits
	page    pageData
	now     func() time.Time
	ids     identifier
	enabled atomic.Bool

	mu                sync.Mutex
	seq               uint64
	accepted, refused ring
}

var _ lmssso.Recorder = (*Log)(nil)

// New checks the configuration and copies it. It refuses with [lmssso.ErrConfiguration], listing every fault.
func New(cfg Config) (*Log, error) {
	limits, err := cfg.Limits.checked()
	page, pageErr := cfg.Page.checked()
	var valuesErr error
	if cfg.Values > KeepValues {
		valuesErr = fault("Values is unknown", "RedactValues or KeepValues")
	}
	if err := errors.Join(err, pageErr, valuesErr); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "no random key for the log", Err: err}
	}
	l := &Log{
		values: cfg.Values, limits: limits, page: page, now: cfg.Now, ids: newIdentifier(key),
		accepted: ring{most: limits.Entries, age: limits.Age}, refused: ring{most: limits.Entries, age: limits.Age},
	}
	if l.now == nil {
		l.now = time.Now
	}
	l.enabled.Store(cfg.Enabled)
	return l, nil
}

// SetEnabled switches recording on or off. What was recorded stays until its time is over.
func (l *Log) SetEnabled(on bool) { l.enabled.Store(on) }

// Enabled reports whether attempts are recorded.
func (l *Log) Enabled() bool { return l.enabled.Load() }

// Record keeps one attempt, unless the log is off. Attempts that neither vouched for anybody nor were refused, such as the
// beginning of a login, leave no entry. The context is not used: a visitor who leaves does not leave the log. A nil
// attempt is [lmssso.ErrUnavailable].
func (l *Log) Record(_ context.Context, t *lmssso.Attempt) error {
	if t == nil {
		return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "there is no attempt to record"}
	}
	if !l.Enabled() || !leavesEntry(t) {
		return nil
	}
	now, u := l.now(), l.ids.subject(t)
	r := &record{at: now, users: u.digests, entry: l.entry(t, u, now)}

	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	r.seq = l.seq
	if r.entry.Result.Valid {
		l.accepted.add(r)
	} else {
		l.refused.add(r)
	}
	return nil
}

// Query returns the entries that match, newest first. The caller may keep and change them. A query out of range is
// [ErrQuery]; a context that is over is its error.
func (l *Log) Query(ctx context.Context, q Query) ([]Entry, error) {
	v, err := l.View(ctx, q)
	return v.Entries, err
}

// pick copies the first entries that are not missed.
func pick(all []*record, misses func(*record) bool, limit int) []Entry {
	out := []Entry{}
	for _, r := range all {
		if limit > 0 && len(out) == limit {
			break
		}
		if !misses(r) {
			out = append(out, r.entry.clone())
		}
	}
	return out
}

// records returns what is live, newest first. Records are never changed, so they may be read without the lock.
func (l *Log) records() []*record {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	all := slices.Concat(l.accepted.live(now), l.refused.live(now))
	slices.SortFunc(all, func(a, b *record) int { return cmp.Compare(b.seq, a.seq) })
	return all
}

// misses returns what tells a record the query does not ask for.
func (l *Log) misses(q Query) func(*record) bool {
	isUser := l.ids.finder(q.User)
	connection, trace := shown(q.Connection), shown(q.TraceID)
	return func(r *record) bool {
		return connection != "" && r.entry.SSOBlock != connection ||
			trace != "" && r.entry.TraceID != trace ||
			q.Verdict == Accepted && !r.entry.Result.Valid ||
			q.Verdict == Refused && r.entry.Result.Valid ||
			q.User != "" && !isUser(r.users)
	}
}

// View is what the log's page shows, for applications that render their own.
type View struct {
	// Enabled says whether attempts are recorded.
	Enabled bool `json:"enabled"`
	// Values says whether values are kept.
	Values ValuePolicy `json:"values"`
	// Held is how many entries the log holds, whatever the query asks for; 0 is shown as "No log entries yet".
	Held int `json:"held"`
	// Entries are those the query asks for, newest first.
	Entries []Entry `json:"entries"`
}

// View answers a query together with the state of the log. Its errors are those of [Log.Query].
func (l *Log) View(ctx context.Context, q Query) (View, error) {
	if err := ctx.Err(); err != nil {
		return View{}, fmt.Errorf("ssolog: %w", err)
	}
	if err := q.check(); err != nil {
		return View{}, err
	}
	all := l.records()
	return View{Enabled: l.Enabled(), Values: l.values, Held: len(all), Entries: pick(all, l.misses(q), q.Limit)}, nil
}
