package fetch

import (
	"context"
	"sync"
)

// Flight runs one job for any number of waiters, one at a time. The job has a context of its own: a waiter whose request
// is cancelled leaves, and the others still get the result. It is safe for concurrent use, and must be closed.
type Flight struct {
	job    func(context.Context) error
	mu     sync.Mutex
	now    *call
	closed bool
}

// call is one run of the job. Its context lives no longer: many flights wait long between two runs.
type call struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // to be read after done is closed
}

// NewFlight returns a flight for the job, which must end soon after its context does.
func NewFlight(job func(context.Context) error) *Flight {
	return &Flight{job: job}
}

// Start starts the job unless it is running already, and does not wait for it.
func (f *Flight) Start() { f.start() }

// Wait starts the job or joins the running one, and waits for its end or for ctx's, whichever comes first.
func (f *Flight) Wait(ctx context.Context) error {
	c := f.start()
	if c == nil {
		return ErrClosed
	}
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Join waits for the running job, if there is one, and starts none. It reports whether there was one.
func (f *Flight) Join(ctx context.Context) bool {
	f.mu.Lock()
	c := f.now
	f.mu.Unlock()
	if c == nil {
		return false
	}
	select {
	case <-c.done:
	case <-ctx.Done():
	}
	return true
}

// Close ends the running job and waits for its end. Nothing is started afterwards.
func (f *Flight) Close() {
	f.mu.Lock()
	f.closed = true
	c := f.now
	f.mu.Unlock()
	if c != nil {
		c.cancel()
		<-c.done
	}
}

// start returns the running call, a new one, or nil after Close.
func (f *Flight) start() *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.now != nil {
		return f.now
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &call{cancel: cancel, done: make(chan struct{})}
	f.now = c
	go f.run(ctx, c)
	return c
}

// run does the job. A panic in it is a failure of this run: the documents jobs read come from outside.
func (f *Flight) run(ctx context.Context, c *call) {
	defer func() {
		c.cancel()
		if p := recover(); p != nil {
			c.err = ErrPanic
		}
		f.mu.Lock()
		f.now = nil
		f.mu.Unlock()
		close(c.done)
	}()
	c.err = f.job(ctx)
}
