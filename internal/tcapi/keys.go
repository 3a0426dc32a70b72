package tcapi

import (
	"context"
	"errors"
)

// Keys sign a request.
type Keys struct {
	SecretID  string
	SecretKey string

	// Token goes with temporary keys and is empty for permanent ones.
	Token string

	// Source says in words where the keys come from, such as "the provider
	// configuration" or "profile 'prod' in ~/.tccli". It is shown in errors and
	// must hold nothing secret.
	Source string
}

// Temporary tells whether the keys came with a token, and so expire.
func (k Keys) Temporary() bool { return k.Token != "" }

// ErrNotRenewable is what a KeySource answers whose keys never change.
var ErrNotRenewable = errors.New("these keys cannot be renewed")

// KeySource hands out the keys that a request is signed with. It is asked
// before every attempt, from many goroutines.
type KeySource interface {
	// Keys returns keys that are valid now. Its error ends the call.
	Keys(ctx context.Context) (Keys, error)

	// Renew is called when the service refused keys as expired. It returns nil
	// if Keys will now return others, and ErrNotRenewable if there are none.
	Renew(ctx context.Context, refused Keys) error
}

// StaticKeys is a KeySource of keys that do not change.
type StaticKeys Keys

// Keys returns the keys.
func (k StaticKeys) Keys(context.Context) (Keys, error) { return Keys(k), nil }

// Renew returns ErrNotRenewable.
func (k StaticKeys) Renew(context.Context, Keys) error { return ErrNotRenewable }
