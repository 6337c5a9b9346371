package lmssso

import (
	"strings"
	"time"
)

// clock returns the time of an injected clock, or the machine's when there is none.
func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now()
	}
	return now()
}

// listed names the items for an error text, or what stands for an empty list.
func listed(items []string, empty string) string {
	if len(items) == 0 {
		return empty
	}
	return "one of " + strings.Join(items, ", ")
}
