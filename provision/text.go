package provision

import (
	"strconv"
	"strings"
)

// Limits on names in changes and errors. Names come from identity providers; a wrong mapping or an attacker must not
// fill the log.
const (
	maxShown = 200 // bytes of one name
	maxNamed = 20  // names in one text
)

// show returns a name for an administrator: as it is when it is plain, else quoted and cut.
func show(name string) string {
	if plain(name) {
		return name
	}
	if len(name) > maxShown {
		name = name[:maxShown]
	}
	return strconv.Quote(name)
}

// plain reports whether the name is short and made of the characters slugs, SKUs and ids have.
func plain(name string) bool {
	if name == "" || len(name) > maxShown {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// showAll returns several names in one text, the first twenty by name.
func showAll(names []string) string {
	rest := 0
	if len(names) > maxNamed {
		rest = len(names) - maxNamed
		names = names[:maxNamed]
	}
	shown := make([]string, len(names))
	for i, n := range names {
		shown[i] = show(n)
	}
	text := strings.Join(shown, ", ")
	if rest > 0 {
		text += " and " + strconv.Itoa(rest) + " more"
	}
	return text
}
