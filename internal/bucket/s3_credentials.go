package bucket

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// cosProvider signs with the credentials of a CredentialsProvider.
type cosProvider struct{ CredentialsProvider }

func (p cosProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.Credentials(ctx)
	return aws.Credentials{AccessKeyID: c.SecretID, SecretAccessKey: c.SecretKey, SessionToken: c.Token, Source: c.Source}, err
}

// source returns the credentials of one bucket. It logs where they come from and
// wraps its errors in a credentialsError.
type source struct {
	provider    aws.CredentialsProvider
	log         func(ctx context.Context, message string, fields map[string]any)
	destination string
	hint        string

	mu   sync.Mutex
	name string
	used [2]aws.Credentials // last, and before them
}

func (s *source) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := s.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{err: err, hint: s.hint}
	}
	name := sourceName(c.Source)
	s.mu.Lock()
	logged := s.name == name
	s.name = name
	if c != s.used[0] {
		s.used = [2]aws.Credentials{c, s.used[0]}
	}
	s.mu.Unlock()
	if !logged && s.log != nil {
		fields := map[string]any{"destination": s.destination, "credential_source": name}
		if c.CanExpire {
			fields["expires"] = c.Expires.UTC().Format(time.RFC3339)
		}
		s.log(ctx, "Requests to the destination are signed with credentials from "+name, fields)
	}
	return c, nil
}

// renew replaces the credentials that were used last, which the store refused. It
// reports whether there are others. The AWS SDK refreshes its own before they expire.
func (s *source) renew(ctx context.Context) bool {
	p, ok := s.provider.(cosProvider)
	s.mu.Lock()
	refused := s.used[0]
	s.mu.Unlock()
	return ok && refused.SessionToken != "" && p.Renew(ctx, Credentials{
		SecretID: refused.AccessKeyID, SecretKey: refused.SecretAccessKey, Token: refused.SessionToken, Source: refused.Source,
	}) == nil
}

// String names the source that was used last, and is empty if there is none.
func (s *source) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// redacted returns Redacted of a text from a store, without the credentials: those
// used last and, for a response that came late, those that they replaced.
func (s *source) redacted(text string, most int) string {
	s.mu.Lock()
	used := s.used
	s.mu.Unlock()
	var secrets []string
	for _, c := range used {
		secrets = append(secrets, c.SecretAccessKey, c.SessionToken, c.AccessKeyID)
	}
	return printable.Redacted(text, most, secrets...)
}

// sourceName puts the SDK's name of a credential source in words.
func sourceName(name string) string {
	for prefix, words := range map[string]string{
		"EnvConfigCredentials":    "the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
		"SharedConfigCredentials": "the AWS configuration files",
		"EC2RoleProvider":         "the role of this EC2 instance",
		"CredentialsEndpoint":     "the credentials endpoint of this container",
		"WebIdentityCredentials":  "a web identity token",
		"AssumeRoleProvider":      "an assumed role",
		"SSOProvider":             "an SSO session",
		"ProcessProvider":         "a credential process",
	} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return words + strings.Replace(rest, ": ", " ", 1)
		}
	}
	return cmp.Or(name, "an unnamed source")
}

// credentialsError means that there are no credentials to sign a request with.
type credentialsError struct {
	err  error
	hint string
}

func (e *credentialsError) Error() string {
	text := "no credentials to sign requests with: " + printable.Redacted(innermost(e.err), printable.Message)
	if e.hint != "" {
		text += "; " + e.hint
	}
	return text
}

func (e *credentialsError) Unwrap() error { return e.err }
