package tcapi

import (
	"context"
	"errors"
	"time"
)

// Credentials sign a request.
type Credentials struct {
	SecretID  string
	SecretKey string

	// Token belongs to temporary credentials and is empty for permanent ones.
	Token string

	// Expires is when temporary credentials expire; zero if they do not, or if
	// that is not known.
	Expires time.Time

	// Source says in words where the credentials come from, such as "the provider
	// configuration" or "profile 'prod' in ~/.tccli". It is shown in errors and
	// must hold nothing secret.
	Source string
}

// Temporary reports whether the credentials came with a token, and so expire.
func (c Credentials) Temporary() bool { return c.Token != "" }

// ErrNotRefreshable is returned by a CredentialSource that has no other
// credentials to offer.
var ErrNotRefreshable = errors.New("these credentials cannot be refreshed")

// CredentialSource returns the credentials that a request is signed with. It is
// asked before every attempt, from many goroutines.
type CredentialSource interface {
	// Credentials returns credentials that are valid now. Its error ends the call.
	Credentials(ctx context.Context) (Credentials, error)

	// Refresh is called when the service refused credentials as expired. It
	// returns nil if Credentials now returns others, and ErrNotRefreshable if
	// there are none.
	Refresh(ctx context.Context, refused Credentials) error
}

// StaticCredentials is a CredentialSource of credentials that do not change.
type StaticCredentials Credentials

// Credentials returns the credentials.
func (c StaticCredentials) Credentials(context.Context) (Credentials, error) {
	return Credentials(c), nil
}

// Refresh returns ErrNotRefreshable.
func (c StaticCredentials) Refresh(context.Context, Credentials) error { return ErrNotRefreshable }
