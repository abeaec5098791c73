package server

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// turns lets one call after the other at the same thing, in order of arrival. The zero value is ready to use.
type turns struct {
	mu    sync.Mutex
	queue map[string]*turn
}

// turn is what the calls for one thing share.
type turn struct {
	*semaphore.Weighted

	users int
}

// take waits for the turn, as long as the context lasts, and returns how to give it back.
func (t *turns) take(ctx context.Context, name string) (release func(), err error) {
	t.mu.Lock()
	if t.queue == nil {
		t.queue = map[string]*turn{}
	}
	mine := t.queue[name]
	if mine == nil {
		mine = &turn{Weighted: semaphore.NewWeighted(1)}
		t.queue[name] = mine
	}
	mine.users++
	t.mu.Unlock()
	if err := mine.Acquire(ctx, 1); err != nil {
		t.leave(name, mine)
		return nil, err
	}
	return func() {
		mine.Release(1)
		t.leave(name, mine)
	}, nil
}

// leave forgets what nobody waits for.
func (t *turns) leave(name string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.queue, name)
	}
}
