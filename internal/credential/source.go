package credential

import (
	"context"
	"sync"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

var _ tcapi.KeySource = (*Source)(nil)

// Source hands out the keys of one configuration of the provider. It may be
// used from many goroutines.
type Source struct {
	keys     tcapi.KeySource
	account  *account // nil where no account is allowed or forbidden
	region   string
	describe string
	tried    []Tried
	missing  *NoKeysError
	log      Log
	said     sync.Once
}

// Keys returns keys that are valid now, renewed if it is time. Before it answers
// with a secret ID for the first time it checks the account. The error is a
// *SourceError, a *NoKeysError or the cause of the context's end.
func (s *Source) Keys(ctx context.Context) (tcapi.Keys, error) {
	keys, err := s.keys.Keys(ctx)
	if err != nil {
		return tcapi.Keys{}, err
	}
	s.said.Do(func() {
		s.log(ctx, "Requests are signed with keys from "+keys.Source, map[string]any{"key_source": keys.Source, "passed_over": s.tried})
	})
	if s.account != nil {
		if err := s.account.check(ctx, keys.SecretID); err != nil {
			return tcapi.Keys{}, err
		}
	}
	return keys, nil
}

// Renew gets other keys in place of ones that the service refused, unless that
// has happened in the meantime. Where there are no others it returns
// tcapi.ErrNotRenewable.
func (s *Source) Renew(ctx context.Context, refused tcapi.Keys) error {
	return s.keys.Renew(ctx, refused)
}

// Region is the region that the configuration, the environment or the profile
// in use names; empty where none does.
func (s *Source) Region() string { return s.region }

// String says in words where the keys come from, without getting any.
func (s *Source) String() string { return s.describe }

// Err returns a *NoKeysError where no source gives keys, and nil otherwise. It
// sends nothing.
func (s *Source) Err() error {
	if s.missing != nil {
		return s.missing
	}
	return nil
}

// Tried are the sources that were passed over, in order.
func (s *Source) Tried() []Tried { return s.tried }

// noKeys is the source of somebody who configured none. Source.Err tells whoever
// asks, as the provider does when it is configured; Keys tells who did not ask.
type noKeys struct{ err *NoKeysError }

func (n noKeys) Keys(context.Context) (tcapi.Keys, error) { return tcapi.Keys{}, n.err }
func (n noKeys) Renew(context.Context, tcapi.Keys) error  { return tcapi.ErrNotRenewable }
