package ssolog_test

import (
	"context"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/ssolog"
)

func BenchmarkRecord(b *testing.B) {
	for name, tc := range map[string]struct {
		values  ssolog.ValuePolicy
		attempt *lmssso.Attempt
	}{
		"redacted": {ssolog.RedactValues, samlAttempt()},
		"kept":     {ssolog.KeepValues, samlAttempt()},
		"refused":  {ssolog.RedactValues, refusedAttempt("T-1")},
	} {
		b.Run(name, func(b *testing.B) {
			l := newLog(b, ssolog.Config{Values: tc.values})
			b.ReportAllocs()
			for b.Loop() {
				if err := l.Record(context.Background(), tc.attempt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
