package lmssso

import "log/slog"

const redacted = "[redacted]"

// Secret is a text that must never be shown: a key, a token, a logout hint. However it is printed, logged or
// marshalled, it shows as "[redacted]"; only a conversion to string, which a reader can search for, reveals it.
type Secret string

// String hides the secret from fmt.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the secret from encoders such as encoding/json.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
