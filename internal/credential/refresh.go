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
	// refreshLead is how long before their expiry credentials are refreshed, or a
	// tenth of their lifetime if that is less.
	refreshLead = 5 * time.Minute

	// refreshWait is how long a request waits for a refresh while the current
	// credentials are still valid.
	refreshWait = 5 * time.Second
)

// issued are credentials with their lifetime.
type issued struct {
	credentials tcapi.Credentials
	at          time.Time
	expires     time.Time // zero: never
}

func (i issued) valid(now time.Time) bool {
	return i.credentials.SecretID != "" && (i.expires.IsZero() || now.Before(i.expires))
}

func (i issued) due(now time.Time) bool {
	lead := min(i.expires.Sub(i.at)/10, refreshLead)
	return !i.expires.IsZero() && i.expires.Sub(now) <= lead
}

// issuer issues credentials. The context does not end, because several callers wait
// for the credentials.
type issuer interface {
	issue(ctx context.Context) (issued, error)

	// singleUseError returns nil if credentials can be issued again. Otherwise, as
	// with an MFA code, it returns the error for the time after they have expired.
	singleUseError() error
}

var _ tcapi.CredentialSource = (*refresher)(nil)

// refresher refreshes the credentials of an issuer before they expire.
type refresher struct {
	issuer issuer
	now    func() time.Time
	log    Log
	group  singleflight.Group

	mu      sync.Mutex
	current issued
	refused bool      // the service refused current
	retryAt time.Time // while current is valid, no refresh is tried earlier
	failed  error     // why an issuer that works once failed
}

// Credentials returns the current credentials, or waits for new ones if it is time
// to refresh them. While the current ones are valid it waits only briefly, and
// does not fail.
func (r *refresher) Credentials(ctx context.Context) (tcapi.Credentials, error) {
	current, due := r.valid()
	if !due {
		return current.credentials, nil
	}
	if ctx.Err() != nil {
		return tcapi.Credentials{}, context.Cause(ctx)
	}
	// Other callers wait for the same refresh, so it must not end with this
	// context. The retries and timeouts of the call limit it.
	refreshed := r.group.DoChan("", func() (any, error) { return r.refresh(context.WithoutCancel(ctx)) })
	var timeout <-chan time.Time
	if now := r.now(); current.valid(now) {
		timeout = time.After(min(current.expires.Sub(now)/2, refreshWait))
	}
	select {
	case <-ctx.Done():
		return tcapi.Credentials{}, context.Cause(ctx)
	case <-timeout:
		r.postpone()
		return current.credentials, nil
	case result := <-refreshed:
		if fresh, ok := result.Val.(tcapi.Credentials); ok && result.Err == nil {
			return fresh, nil
		}
		if current, _ := r.valid(); current.credentials.SecretID != "" {
			return current.credentials, nil
		}
		return tcapi.Credentials{}, result.Err
	}
}

// valid returns the current credentials, empty if they are no longer valid, and
// whether a refresh is due.
func (r *refresher) valid() (current issued, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.refused || !r.current.valid(now) {
		return issued{}, true
	}
	return r.current, r.current.due(now) && r.issuer.singleUseError() == nil && !now.Before(r.retryAt)
}

// postpone delays the next refresh while the current credentials are valid.
func (r *refresher) postpone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	r.retryAt = now.Add(max(time.Second, r.current.expires.Sub(now)/20))
}

// refresh issues new credentials, unless another caller has done so.
func (r *refresher) refresh(ctx context.Context) (tcapi.Credentials, error) {
	current, due := r.valid()
	if !due {
		return current.credentials, nil
	}
	r.mu.Lock()
	last, failed := r.current, r.failed
	r.mu.Unlock()
	if used := r.issuer.singleUseError(); used != nil && last.credentials.SecretID != "" {
		return tcapi.Credentials{}, used
	}
	if failed != nil {
		return tcapi.Credentials{}, failed
	}
	fresh, err := r.issuer.issue(ctx)
	fresh.credentials.Expires = fresh.expires
	if err == nil && !fresh.valid(r.now()) {
		err = &SourceError{
			Summary: "New credentials have already expired",
			Next:    "Synchronize the clock of this machine.",
			Err:     fmt.Errorf("the credentials from %s expired at %s", fresh.credentials.Source, fresh.expires.UTC().Format(time.RFC3339)),
		}
	}
	if err != nil {
		r.fail(ctx, current, err)
		return tcapi.Credentials{}, err
	}
	r.mu.Lock()
	r.current, r.refused, r.retryAt = fresh, false, time.Time{}
	r.mu.Unlock()
	r.log(ctx, "Credentials issued", map[string]any{"credential_source": fresh.credentials.Source, "expires": fresh.expires})
	return fresh.credentials, nil
}

func (r *refresher) fail(ctx context.Context, current issued, err error) {
	if current.credentials.SecretID != "" {
		r.postpone()
		r.log(ctx, "Unable to refresh the credentials, which are still valid", map[string]any{
			"credential_source": current.credentials.Source, "expires": current.expires, "error": err.Error(),
		})
		return
	}
	// A refused code must not be sent again and again, which locks devices.
	if e := tcapi.AsError(err); r.issuer.singleUseError() != nil && e != nil && e.Code != "" && e.Class == tcapi.Fatal {
		r.mu.Lock()
		r.failed = err
		r.mu.Unlock()
	}
}

// Refresh replaces refused credentials, unless they have been replaced already.
func (r *refresher) Refresh(ctx context.Context, refused tcapi.Credentials) error {
	if r.issuer.singleUseError() != nil {
		return tcapi.ErrNotRefreshable
	}
	r.mu.Lock()
	if same(r.current.credentials, refused) {
		r.refused = true
	}
	r.mu.Unlock()
	credentials, err := r.Credentials(ctx)
	if err != nil {
		return err
	}
	if same(credentials, refused) {
		return tcapi.ErrNotRefreshable
	}
	return nil
}

func same(a, b tcapi.Credentials) bool { return a.SecretID == b.SecretID && a.Token == b.Token }
