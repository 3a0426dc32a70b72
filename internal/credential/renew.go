package credential

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

const (
	// Keys are renewed when a tenth of their life is left, or this much, if
	// that is less.
	renewalLead = 5 * time.Minute

	// patience is how long a request waits for a renewal while it could do
	// without.
	patience = 5 * time.Second
)

// issued are keys with their life.
type issued struct {
	keys    tcapi.Keys
	at      time.Time
	expires time.Time // zero: never
}

func (i issued) holds(now time.Time) bool {
	return i.keys.SecretID != "" && (i.expires.IsZero() || now.Before(i.expires))
}

func (i issued) due(now time.Time) bool {
	lead := min(i.expires.Sub(i.at)/10, renewalLead)
	return !i.expires.IsZero() && i.expires.Sub(now) <= lead
}

// origin gets new keys from wherever they are made.
type origin interface {
	issue(ctx context.Context) (issued, error)

	// once tells that the second time would fail: a code has been used up. The
	// error, not nil then, is for the time when the keys have ended.
	once() error
}

var _ tcapi.KeySource = (*renewer)(nil)

// renewer keeps the keys of an origin fresh.
type renewer struct {
	origin origin
	now    func() time.Time
	log    Log
	group  singleflight.Group

	mu      sync.Mutex
	current issued
	refused bool      // by the service, so current no longer holds
	retryAt time.Time // while current holds, no renewal is tried before
	spent   error     // why an origin that works once failed
}

// Keys returns the current keys or, when it is time, waits for new ones. While
// the current ones hold it neither waits long nor fails.
func (r *renewer) Keys(ctx context.Context) (tcapi.Keys, error) {
	held, wanted := r.held()
	if !wanted {
		return held.keys, nil
	}
	if ctx.Err() != nil {
		return tcapi.Keys{}, context.Cause(ctx)
	}
	// The flight outlives the context of the one who started it: others wait
	// for it too. It is bounded by the retries and timeouts of the call.
	flight := r.group.DoChan("", func() (any, error) { return r.fly(context.WithoutCancel(ctx)) })
	var enough <-chan time.Time
	if now := r.now(); held.holds(now) {
		timer := time.NewTimer(min(held.expires.Sub(now)/2, patience))
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-ctx.Done():
		return tcapi.Keys{}, context.Cause(ctx)
	case <-enough:
		r.postpone()
		return held.keys, nil
	case result := <-flight:
		if fresh, ok := result.Val.(tcapi.Keys); ok && result.Err == nil {
			return fresh, nil
		}
		if still, _ := r.held(); still.keys.SecretID != "" {
			return still.keys, nil
		}
		return tcapi.Keys{}, result.Err
	}
}

// held returns the current keys, empty if they do not hold, and whether others
// are wanted now.
func (r *renewer) held() (held issued, wanted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.refused || !r.current.holds(now) {
		return issued{}, true
	}
	return r.current, r.current.due(now) && r.origin.once() == nil && !now.Before(r.retryAt)
}

// postpone puts the next attempt off while the current keys hold.
func (r *renewer) postpone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.retryAt = now.Add(max(time.Second, r.current.expires.Sub(now)/20))
}

// fly gets new keys, unless somebody has got them since the caller looked.
func (r *renewer) fly(ctx context.Context) (tcapi.Keys, error) {
	held, wanted := r.held()
	if !wanted {
		return held.keys, nil
	}
	r.mu.Lock()
	had, spent := r.current, r.spent
	r.mu.Unlock()
	if used := r.origin.once(); used != nil && had.keys.SecretID != "" {
		return tcapi.Keys{}, used
	}
	if spent != nil {
		return tcapi.Keys{}, spent
	}
	fresh, err := r.origin.issue(ctx)
	if err == nil && !fresh.holds(r.now()) {
		err = &SourceError{
			Summary: "The keys had ended before they arrived",
			Next:    "Check that the local clock is right",
			Err:     fmt.Errorf("those from %s ended at %s", fresh.keys.Source, fresh.expires.UTC().Format(time.RFC3339)),
		}
	}
	if err != nil {
		r.failed(ctx, held, err)
		return tcapi.Keys{}, err
	}
	r.mu.Lock()
	r.current, r.refused, r.retryAt = fresh, false, time.Time{}
	r.mu.Unlock()
	r.log(ctx, "Keys issued", map[string]any{"key_source": fresh.keys.Source, "expires": fresh.expires})
	return fresh.keys, nil
}

func (r *renewer) failed(ctx context.Context, held issued, err error) {
	if held.keys.SecretID != "" {
		r.postpone()
		r.log(ctx, "Keys could not be renewed; the present ones still hold", map[string]any{
			"key_source": held.keys.Source, "expires": held.expires, "error": err.Error(),
		})
		return
	}
	// A code that was refused is not sent again and again: that locks devices.
	if e := tcapi.AsError(err); r.origin.once() != nil && e != nil && e.Code != "" && e.Class == tcapi.Fatal {
		r.mu.Lock()
		r.spent = err
		r.mu.Unlock()
	}
}

// Renew gets other keys in place of refused ones, unless there are others
// already.
func (r *renewer) Renew(ctx context.Context, refused tcapi.Keys) error {
	if r.origin.once() != nil {
		return tcapi.ErrNotRenewable
	}
	r.mu.Lock()
	if sameKeys(r.current.keys, refused) {
		r.refused = true
	}
	r.mu.Unlock()
	keys, err := r.Keys(ctx)
	if err != nil {
		return err
	}
	if sameKeys(keys, refused) {
		return tcapi.ErrNotRenewable
	}
	return nil
}

func sameKeys(a, b tcapi.Keys) bool { return a.SecretID == b.SecretID && a.Token == b.Token }
