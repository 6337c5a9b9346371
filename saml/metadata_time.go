package saml

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// lifetime is how long a piece of metadata may be used (Metadata section 2.3): until, a hard end, and fresh, how long it
// may be kept before it is asked for again. Zero values say nothing.
type lifetime struct {
	until time.Time
	fresh time.Duration
}

// within narrows a lifetime by what an element inside it says.
func (l lifetime) within(e *etree.Element) (lifetime, error) {
	if text, ok := strictxml.Attr(e, "validUntil"); ok {
		at, err := parseDateTime(text)
		if err != nil {
			return l, refuse(ErrMetadataXML, lmssso.Error{Detail: "validUntil of " + e.Tag + " is not a date and time", Received: quoted(text)})
		}
		if l.until.IsZero() || at.Before(l.until) {
			l.until = at
		}
	}
	// A cacheDuration nobody can read is no reason to refuse: it is a wish about how often to ask.
	if d, ok := parseDuration(attr(e, "cacheDuration")); ok && d > 0 && (l.fresh == 0 || d < l.fresh) {
		l.fresh = d
	}
	return l, nil
}

// over reports whether the hard end has come. There is no leeway: publishers leave days.
func (l lifetime) over(now time.Time) bool { return !l.until.IsZero() && !now.Before(l.until) }

// parseDateTime reads an xs:dateTime. SAML's times are in UTC (Core section 1.3.3), also where a zone was left out.
func parseDateTime(text string) (time.Time, error) {
	text = strings.Trim(text, " \t\r\n")
	if at, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// duration is the form of an xs:duration (XML Schema part 2 section 3.2.6); negative ones are not matched.
var duration = regexp.MustCompile(`^P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.\d{1,9})?S)?)?$`)

// maxDuration is what longer durations count as.
const maxDuration = 10 * 365 * 24 * time.Hour

// parseDuration reads an xs:duration, with years of 365 days and months of 30, to the second.
func parseDuration(text string) (time.Duration, bool) {
	text = strings.Trim(text, " \t\r\n")
	m := duration.FindStringSubmatch(text)
	if m == nil || strings.HasSuffix(text, "P") || strings.HasSuffix(text, "T") {
		return 0, false
	}
	var total time.Duration
	for i, unit := range map[int]time.Duration{
		1: 365 * 24 * time.Hour, 2: 30 * 24 * time.Hour, 3: 24 * time.Hour, 5: time.Hour, 6: time.Minute, 7: time.Second,
	} {
		n, _ := strconv.ParseInt("0"+m[i], 10, 64) // at most nine digits
		if n > int64(maxDuration/unit) {
			return maxDuration, true
		}
		total += time.Duration(n) * unit
	}
	return min(total, maxDuration), true
}
