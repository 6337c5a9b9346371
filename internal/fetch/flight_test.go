package fetch_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

func TestAFlightIsSharedAndOutlivesItsWaiters(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	var runs atomic.Int32
	f := fetch.NewFlight(func(ctx context.Context) error {
		if runs.Add(1) == 1 {
			close(started)
		}
		<-release
		return ctx.Err()
	})
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- f.Wait(ctx) }()
	<-started
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Add(1)
		go func() { defer wg.Done(); results[i] = f.Wait(t.Context()) }()
	}
	cancel()
	require.ErrorIs(t, <-left, context.Canceled, "who gave up leaves at once")
	close(release)
	wg.Wait()
	for _, err := range results {
		require.NoError(t, err, "nobody else fails for that")
	}
}

func TestAFlightStartsAgainAfterItsEnd(t *testing.T) {
	var runs atomic.Int32
	fail := errors.New("down")
	f := fetch.NewFlight(func(context.Context) error {
		if runs.Add(1) == 1 {
			return fail
		}
		return nil
	})
	defer f.Close()
	require.ErrorIs(t, f.Wait(t.Context()), fail)
	require.NoError(t, f.Wait(t.Context()))
}

func TestAPanicInAFlightIsAFailure(t *testing.T) {
	f := fetch.NewFlight(func(context.Context) error { panic("SECRET") })
	defer f.Close()
	err := f.Wait(t.Context())
	require.ErrorIs(t, err, fetch.ErrPanic)
	require.NotContains(t, err.Error(), "SECRET")
}

func TestClosingEndsTheRunningJobAndStartsNoOther(t *testing.T) {
	started := make(chan struct{})
	ended := false
	f := fetch.NewFlight(func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	})
	f.Start()
	<-started
	f.Close()
	require.True(t, ended, "Close waits")
	require.ErrorIs(t, f.Wait(t.Context()), fetch.ErrClosed)
	f.Close()
}

func TestJoiningStartsNothing(t *testing.T) {
	var runs atomic.Int32
	started, release := make(chan struct{}), make(chan struct{})
	f := fetch.NewFlight(func(context.Context) error {
		runs.Add(1)
		close(started)
		<-release
		return nil
	})
	defer f.Close()
	require.False(t, f.Join(t.Context()))
	require.Zero(t, runs.Load())
	f.Start()
	<-started
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	require.True(t, f.Join(gone))
	joined := make(chan bool)
	go func() { joined <- f.Join(t.Context()) }()
	close(release)
	<-joined
	require.EqualValues(t, 1, runs.Load())
}

func TestStartingARunningFlightStartsNoOther(t *testing.T) {
	started, release := make(chan struct{}, 100), make(chan struct{})
	f := fetch.NewFlight(func(context.Context) error {
		started <- struct{}{}
		<-release
		return nil
	})
	f.Start()
	<-started
	for range 50 {
		f.Start()
	}
	joined := make(chan bool)
	go func() { joined <- f.Join(t.Context()) }()
	close(release)
	<-joined
	f.Close()
	require.Empty(t, started)
}
