package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// openBucket opens a destination. COS is signed with the credentials of the
// provider, which the other kinds of destinations do not need.
func (s *session) openBucket(ctx context.Context, destination string) (bucket.Bucket, error) {
	options := bucket.Options{
		Credentials: cosCredentials{s.credentials},
		Transport:   s.transport,
		Log:         func(ctx context.Context, message string, fields map[string]any) { tflog.Info(ctx, message, fields) },
	}
	if s.cosDomain.Host != "" {
		options.COSDomain = s.cosDomain.Scheme + "://" + s.cosDomain.Host
	}
	return bucket.Open(ctx, destination, options)
}

// cosCredentials are the credentials of the provider for COS.
type cosCredentials struct{ source *credential.Source }

func (c cosCredentials) Credentials(ctx context.Context) (bucket.Credentials, error) {
	found, err := c.source.Credentials(ctx)
	if err != nil {
		return bucket.Credentials{}, err
	}
	return bucket.Credentials{SecretID: found.SecretID, SecretKey: found.SecretKey, Token: found.Token, Source: found.Source}, nil
}

func (c cosCredentials) Renew(ctx context.Context, refused bucket.Credentials) error {
	return c.source.Refresh(ctx, tcapi.Credentials{SecretID: refused.SecretID, SecretKey: refused.SecretKey, Token: refused.Token, Source: refused.Source})
}
