package lmssso_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func TestSecretNeverShows(t *testing.T) {
	const planted = "correct-horse-battery"
	s := lmssso.Secret(planted)
	type holder struct{ Key lmssso.Secret }
	marshalled, err := json.Marshal(holder{s})
	require.NoError(t, err)
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", "key", s, "holder", holder{s}, "group", slog.GroupValue(slog.Any("k", s)))
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", s, "holder", holder{s})
	for _, shown := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s),
		fmt.Sprintf("%v %+v %#v", holder{s}, holder{s}, &holder{s}), string(marshalled), log.String(),
	} {
		require.NotContains(t, shown, planted)
		require.Contains(t, shown, "[redacted]")
	}
	require.Equal(t, planted, string(s))
	var back holder
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"abc"}`), &back))
	require.Equal(t, "abc", string(back.Key))
}

func TestAssertionLogsNoPersonalData(t *testing.T) {
	a := sample()
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "assertion", a)
	require.Contains(t, log.String(), `"connection":"main-jwt"`)
	for _, personal := range []string{"bob@example.com", "Bob", "Jones", "12345"} {
		require.NotContains(t, log.String(), personal)
	}
	require.Equal(t, "none", (*lmssso.Assertion)(nil).LogValue().String())
}
