// Package query is what every entity of the provider needs to query EdgeOne: the
// session of the configured provider, the decoding of arguments that several
// entities have in common, and the diagnostics of failed queries.
package query

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Session is what a configured provider gives to its data sources and resources.
type Session struct {
	// TEO calls the API.
	TEO *teo.Client

	// APIVersion is the version in the configuration, or empty.
	APIVersion string

	// Credentials sign requests to COS as well as calls of the API. They may be
	// missing, which Credentials.Err reports.
	Credentials *credential.Source

	// SigningKeys opens the keys that sign archives.
	SigningKeys evidence.Sources

	// COSDomain is the domain of COS buckets, without the name of a bucket. Its
	// Host is empty if none is configured.
	COSDomain tcapi.Endpoint

	// Transport is for what the configuration names: the API and buckets. Downloads
	// is for URLs that the service lists, and refuses addresses at which the service
	// has no packages, such as those of metadata services.
	Transport, Downloads http.RoundTripper

	// Pace and MaxRetries are for downloads as well as API calls; Agent names the
	// provider and its version.
	Pace       tcapi.Pace
	MaxRetries int
	Agent      string

	// Now is the local clock, and Clock that of the service.
	Now   func() time.Time
	Clock *ServiceClock
}

// SessionOf returns the session in the provider data of the framework. It is nil
// while a configuration is only validated.
func SessionOf[S any](data any, diags *diag.Diagnostics) *S {
	if data == nil {
		return nil
	}
	s, ok := data.(*S)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("The provider data has the type %T. This is a bug in the provider: please report it.", data))
	}
	return s
}

// CheckZoneIDs reports zone IDs if the configured version of the API has only
// names.
func (s *Session) CheckZoneIDs(q teo.Query, diags *diag.Diagnostics) {
	if s.APIVersion == teo.Version20220106 && len(q.ZoneIDs) > 0 {
		diags.AddAttributeError(path.Root("zone_ids"), "Zone IDs need API version 2022-09-01",
			"The provider is configured with api_version 2022-01-06, which identifies sites by name. "+
				"Set zones to the names of the sites instead, or remove api_version from the provider (or set it to 2022-09-01).")
	}
}

// OpenBucket opens a destination. COS is signed with the credentials of the
// provider, which the other kinds of destinations do not need.
//
// existing means that the destination is known to have an archive, so that a folder
// that does not exist is not created.
func (s *Session) OpenBucket(ctx context.Context, destination string, existing bool) (bucket.Bucket, error) {
	options := bucket.Options{
		Credentials: cosCredentials{s.Credentials},
		Transport:   s.Transport,
		TempFolder:  archive.TempFolder,
		Prefixes:    archive.Prefixes(),
		Existing:    existing,
		Log:         func(ctx context.Context, message string, fields map[string]any) { tflog.Info(ctx, message, fields) },
	}
	if s.COSDomain.Host != "" {
		options.COSDomain = s.COSDomain.Scheme + "://" + s.COSDomain.Host
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
