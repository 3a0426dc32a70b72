package provider

import (
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// session is what a configured provider gives to its data sources and resources.
type session struct {
	teo *teo.Client

	// apiVersion is the version in the configuration, or empty.
	apiVersion string

	// credentials sign requests to COS as well as calls of the API. They may be
	// missing, which credentials.Err reports.
	credentials *credential.Source

	// region is that of the configuration, the environment or the profile, or
	// empty.
	region string

	// cosDomain is the domain of COS buckets, without the name of a bucket. Its
	// Host is empty if none is configured.
	cosDomain tcapi.Endpoint

	// transport, pace and maxRetries are for downloads as well as API calls; agent
	// names the provider and its version.
	transport  http.RoundTripper
	pace       tcapi.Pace
	maxRetries int
	agent      string

	// now is the local clock, and clock that of the service.
	now   func() time.Time
	clock *serviceClock
}

// sessionOf returns the session in the provider data of the framework. It is nil
// while a configuration is only validated.
func sessionOf(data any, diags *diag.Diagnostics) *session {
	if data == nil {
		return nil
	}
	s, ok := data.(*session)
	if !ok {
		diags.AddError("Unexpected provider data", fmt.Sprintf("The provider data has the type %T. This is a bug in the provider: please report it.", data))
	}
	return s
}

// checkZoneIDs reports zone IDs if the configured version of the API has only
// names.
func (s *session) checkZoneIDs(q teo.Query, diags *diag.Diagnostics) {
	if s.apiVersion == teo.Version20220106 && len(q.ZoneIDs) > 0 {
		diags.AddAttributeError(path.Root("zone_ids"), "Zone IDs need API version 2022-09-01",
			"The provider is configured with api_version 2022-01-06, which identifies sites by name. "+
				"Set zones to the names of the sites instead, or remove api_version from the provider (or set it to 2022-09-01).")
	}
}
