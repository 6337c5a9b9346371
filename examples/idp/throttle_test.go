package main

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// guess tries a password from an address.
func (b *backend) guess(who, password, from string) int {
	return b.do(request{target: "/sign_in", form: credentials(who, password, ""), from: from}).Code
}

const (
	here  = "192.0.2.1:40000"
	there = "198.51.100.7:40000"
)

// fixedKey makes the cells of a throttle the same in every run.
func fixedKey(b *backend) *backend {
	b.attempts.key = [32]byte{1}
	return b
}

func TestGuessingFromOneAddressEndsAfterFive(t *testing.T) {
	for name, who := range map[string]string{"a user": email, "nobody": "nobody@example.com"} {
		t.Run(name, func(t *testing.T) {
			b := fixedKey(start(t))
			for range 5 {
				require.Equal(t, http.StatusForbidden, b.guess(who, "wrong", here))
			}
			w := b.do(request{target: "/sign_in", form: credentials(who, password, ""), from: here})
			require.Equal(t, http.StatusTooManyRequests, w.Code, "not even the right password is looked at")
			require.Contains(t, w.Body.String(), "Wait")
			require.Empty(t, w.Result().Cookies())
			wait, err := strconv.Atoi(w.Header().Get("Retry-After"))
			require.NoError(t, err)

			b.clock.advance(time.Duration(wait) * time.Second)
			require.NotEqual(t, http.StatusTooManyRequests, b.guess(who, "wrong", here), "one more is earned by waiting")
			require.Equal(t, http.StatusTooManyRequests, b.guess(who, "wrong", here), "and only one")
		})
	}
}

func TestAStrangersGuessesDoNotLockTheUserOut(t *testing.T) {
	b := fixedKey(start(t))
	for range 10 {
		b.guess(email, "wrong", here)
	}
	require.Equal(t, http.StatusSeeOther, b.guess(email, password, there))
}

func TestGuessingOneUserFromManyAddressesEnds(t *testing.T) {
	b := fixedKey(start(t))
	tries := 0
	for i := range 40 {
		if b.guess(email, "wrong", fmt.Sprintf("203.0.113.%d:1", i+1)) == http.StatusForbidden {
			tries++
		}
	}
	require.Equal(t, 30, tries)
}

func TestTryingManyUsersFromOneAddressEnds(t *testing.T) {
	b := fixedKey(start(t))
	tries := 0
	for i := range 55 {
		if b.guess(fmt.Sprintf("user%d@example.com", i), "wrong", here) == http.StatusForbidden {
			tries++
		}
	}
	require.Equal(t, 50, tries)
	require.Equal(t, http.StatusForbidden, b.guess("user99@example.com", "wrong", there))
}

func TestAnotherCaseOfTheAddressIsTheSameUser(t *testing.T) {
	b := fixedKey(start(t))
	for _, who := range []string{email, "INES@example.com", " ines@EXAMPLE.com", "Ines@example.com", "iNes@example.com"} {
		require.Equal(t, http.StatusForbidden, b.guess(who, "wrong", here))
	}
	require.Equal(t, http.StatusTooManyRequests, b.guess("inEs@example.com", "wrong", here))
}

func TestAGoodPasswordCostsNothingAndBuysNothing(t *testing.T) {
	b := fixedKey(start(t))
	for range 4 {
		require.Equal(t, http.StatusForbidden, b.guess(email, "wrong", here))
	}
	for range 6 {
		require.Equal(t, http.StatusSeeOther, b.guess(email, password, here))
	}
	require.Equal(t, http.StatusForbidden, b.guess(email, "wrong", here), "the fifth")
	require.Equal(t, http.StatusTooManyRequests, b.guess(email, "wrong", here))
}

func TestWhatIsGivenBackCountsForNoRule(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now, rule{2, time.Minute}, rule{3, time.Minute})
	for range 10 {
		require.Zero(t, th.take("ines", "office"))
		th.giveBack("ines", "office")
	}
	require.Zero(t, th.take("ines", "office"))
	require.Zero(t, th.take("ines", "office"))
	require.Equal(t, time.Minute, th.take("ines", "office"))
}

func TestARefusedAttemptIsNotCounted(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now, rule{1, time.Minute})
	require.Zero(t, th.take("ines"))
	for range 10 {
		require.Equal(t, time.Minute, th.take("ines"))
	}
	c.advance(time.Minute)
	require.Zero(t, th.take("ines"), "the wait was the one announced")
}

func TestTheMemoryOfAttemptsDoesNotGrow(t *testing.T) {
	c := newClock()
	th := newThrottle(c.now, rule{1, time.Minute})
	for i := range 1000 {
		th.take(strconv.Itoa(i))
	}
	require.Len(t, th.cells, 1)
	require.Len(t, th.cells[0], cellsPerRule)
}

func TestAnAddressIsWhomOneCustomerIsKnownBy(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:5":              "192.0.2.1",
		"[::ffff:192.0.2.1]:5":     "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:5": "2001:db8:1:2::/64",
		"[2001:db8:1:2:9:9:9:9]:5": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:5":         "fe80::/64",
		"@":                        "unknown",
		"":                         "unknown",
	} {
		require.Equal(t, want, address(remote), remote)
	}
}
