package saml

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAKeyIsNeverWrittenOut(t *testing.T) {
	key := Key{Signer: keys().sp}
	text, err := json.Marshal(SP{Keys: []Key{key}})
	require.NoError(t, err)
	require.NotContains(t, string(text), keys().sp.D.String())
	require.Contains(t, string(text), "[redacted]")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("set up", "key", key, "sp", SP{Keys: []Key{key}})
	require.NotContains(t, log.String(), keys().sp.D.String())
}

func TestNamesKeptWithASessionAreBounded(t *testing.T) {
	long := strings.Repeat("x", maxNameID+1)
	for _, place := range []string{`<saml:NameID `, `<saml:AuthnStatement `} {
		for _, name := range map[string][]string{`<saml:NameID `: {"NameQualifier", "SPNameQualifier"}, `<saml:AuthnStatement `: {"SessionIndex"}}[place] {
			m := good()
			m.assertion = func(s string) string {
				require.Contains(t, s, place)
				at := strings.Index(s, place)
				end := at + strings.Index(s[at:], ">")
				tag := s[at:end]
				if i := strings.Index(tag, " "+name+`="`); i >= 0 {
					j := i + len(name) + 3
					tag = tag[:i] + tag[j+strings.Index(tag[j:], `"`)+1:]
				}
				return s[:at] + tag + " " + name + `="` + long + `"` + s[end:]
			}
			refused(t, newConfig(), m.encoded(), answer(), ErrStructure)
		}
	}
}
