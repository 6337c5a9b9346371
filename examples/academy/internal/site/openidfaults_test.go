package site_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// opCodes is what each fault must be refused with, whatever the provider's form says of it.
func opCodes() map[string]string { return map[string]string{} }

// TestEveryFaultOfTheOpenIDProviderIsRefused sends each fault that a connection can meet, for somebody who has an account
// and for somebody who has none.
func TestEveryFaultOfTheOpenIDProviderIsRefused(t *testing.T) {
	want, seen := opCodes(), map[string]bool{}
	for i, way := range opWays() {
		a := start(t, setup{})
		path := way.at("/access/openId/login")
		page, _ := a.browser().opPicker(path)
		menu := offered(page.body, "fault")
		require.NotEmpty(t, menu)
		user := way.user
		if i == 1 {
			user = nora
		}
		for _, fault := range menu {
			seen[fault] = true
			t.Run(way.connection+" "+fault, func(t *testing.T) {
				a.t = t
				if fault == "code-replayed" || fault == "id-token-replayed" { // needs something to repeat
					require.Equal(t, "/dashboard", a.browser().opLogin(path, way.connection, user).location())
				}
				before, held := a.accounts(), a.log("?limit=1").Held
				b := a.browser()
				_, request := b.opPicker(path)
				got := b.opDeliver(b.opRespond(way.connection, request, user, "fault", fault), "Accept", "application/json")
				refused := a.refused(got)
				t.Logf("CODE %s %s %s", way.connection, fault, refused.Code)
				require.Equal(t, want[fault], refused.Code)
				require.False(t, b.session().SignedIn)
				require.Equal(t, before, a.accounts(), "no account and no grant")
				log := a.log("?limit=1")
				require.Equal(t, held+1, log.Held, "one entry")
				require.Equal(t, refused.TraceID, log.Entries[0].TraceID)
				require.Equal(t, way.connection, log.Entries[0].SSOBlock)
				require.False(t, log.Entries[0].Result.Valid)
			})
		}
	}
	require.Len(t, seen, len(want), "every fault somewhere")
	_ = http.StatusOK
}
