package provider

import (
	"net/http"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// session is what a configured provider gives to its data sources and
// resources.
type session struct {
	teo *teo.Client

	// apiVersion is the pinned version, or empty.
	apiVersion string

	// transport, pace and maxRetries serve downloads as well as calls; agent
	// names the provider and its version to those who are called.
	transport  http.RoundTripper
	pace       tcapi.Pace
	maxRetries int
	agent      string

	now func() time.Time
}

// sessionOf takes the session out of what the framework hands on. It is nil
// while a configuration is only validated.
func sessionOf(data any, diags *diag.Diagnostics) *session {
	if data == nil {
		return nil
	}
	s, ok := data.(*session)
	if !ok {
		diags.AddError("Unexpected provider data", "The provider was configured by something else than itself. This is a bug of the provider.")
	}
	return s
}

// checkZoneIDs refuses zone IDs where the pinned version of the API of layer 7
// knows names alone.
func (s *session) checkZoneIDs(q teo.Query, diags *diag.Diagnostics) {
	if s.apiVersion == teo.Version20220106 && len(q.ZoneIDs) > 0 {
		diags.AddAttributeError(path.Root("zone_ids"), "Zone IDs need API version 2022-09-01",
			"The provider is pinned to api_version 2022-01-06, which knows sites by name only. "+
				"Give their names in zones instead, or remove api_version from the provider (or set it to 2022-09-01).")
	}
}
