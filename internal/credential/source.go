package credential

import (
	"context"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

var _ tcapi.CredentialSource = (*Source)(nil)

// Source returns the credentials of one configuration of the provider. It may be
// used from many goroutines.
type Source struct {
	credentials     tcapi.CredentialSource
	accounts        *accountFilter // nil if no account is allowed or forbidden
	caller          *tcapi.Client  // of STS, for CallerARN
	region          string
	describe        string
	missing         *MissingError
	warnings        Problems
	unusedVariables []string
	usesSTS         bool
}

// Credentials returns credentials that are valid now, refreshed if they are about
// to expire. It checks the account of a secret ID once, before it returns it for
// the first time. The error is a *SourceError, a *MissingError or the context's
// cause.
func (s *Source) Credentials(ctx context.Context) (tcapi.Credentials, error) {
	credentials, err := s.credentials.Credentials(ctx)
	if err != nil {
		return tcapi.Credentials{}, err
	}
	if s.accounts != nil {
		if err := s.accounts.check(ctx, credentials.SecretID); err != nil {
			return tcapi.Credentials{}, err
		}
	}
	return credentials, nil
}

// Refresh replaces credentials that the service refused, unless that has happened
// in the meantime. If there are no others it returns tcapi.ErrNotRefreshable.
func (s *Source) Refresh(ctx context.Context, refused tcapi.Credentials) error {
	return s.credentials.Refresh(ctx, refused)
}

// Region returns the region of the configuration, the environment or the profile;
// empty if none of them has one.
func (s *Source) Region() string { return s.region }

// String says in words where the credentials come from, without getting any.
func (s *Source) String() string { return s.describe }

// Err returns a *MissingError if no source gives credentials, and nil otherwise.
// It sends nothing.
func (s *Source) Err() error {
	if s.missing != nil {
		return s.missing
	}
	return nil
}

// Warnings returns what was set but has no effect, and what was corrected.
func (s *Source) Warnings() Problems { return s.warnings }

// UnusedVariables returns the environment variables of credentials and profiles that
// are set but not used.
func (s *Source) UnusedVariables() []string { return s.unusedVariables }

// UsesSTS reports whether STS is called to get or to check the credentials.
func (s *Source) UsesSTS() bool { return s.usesSTS }

// noCredentials is the source of a configuration that names none.
type noCredentials struct{ err *MissingError }

func (n noCredentials) Credentials(context.Context) (tcapi.Credentials, error) {
	return tcapi.Credentials{}, n.err
}

func (n noCredentials) Refresh(context.Context, tcapi.Credentials) error {
	return tcapi.ErrNotRefreshable
}
