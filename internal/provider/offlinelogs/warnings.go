package offlinelogs

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// warnings returns the warnings about a list.
func (f family) warnings(ctx context.Context, s *query.Session, q teo.Query, l *teo.Listing) diag.Diagnostics {
	var diags diag.Diagnostics
	now := s.Now()
	if l.SwitchedVersion != nil {
		diags.Append(switchedVersion(l.SwitchedVersion))
	}
	if len(l.Packages) == 0 {
		diags.AddWarning("No "+f.Title+" found", f.EmptyDetail(now, q, l.RequestID, s.TEO.Hints(ctx, f.Layer, q)))
	} else if gaps := s.TEO.Gaps(ctx, f.Layer, q, l.Packages); !gaps.IsEmpty() {
		diags.Append(f.Gaps(now, q, l, gaps))
	}
	if now.Sub(q.End) < query.StableAfter {
		diags.AddAttributeWarning(path.Root("end_time"), "Log packages may still be added",
			fmt.Sprintf("The window ends at %s, less than 24 hours ago or in the future. EdgeOne shows packages after about 3 hours and appends to them for about 24 hours, "+
				"so a later read can return more and larger packages.", q.End.UTC().Format(time.RFC3339)))
	}
	if l.Nameless > 0 {
		diags.AddWarning("Log packages without a name",
			fmt.Sprintf("%d of %d rows have no log_packet_name (request ID %s). Their key in the list contains a hash of their URL path.", l.Nameless, len(l.Packages), l.RequestID))
	}
	if l.Unreadable > 0 {
		diags.AddWarning("Log packages with unreadable numbers",
			fmt.Sprintf("%d of %d rows have a log_time or a size that is not a whole number (request ID %s). It is null in the list, and missing in total_bytes. "+
				"Report an issue with the request ID and the version of the provider.", l.Unreadable, len(l.Packages), l.RequestID))
	}
	return diags
}

// switchedVersion warns that the provider switched to another API version.
func switchedVersion(over *teo.VersionSwitch) diag.Diagnostic {
	return diag.NewWarningDiagnostic("API version 2022-01-06 is no longer available",
		fmt.Sprintf("The service answered %s (request ID %s). The provider now uses API version 2022-09-01. "+
			"Set api_version = \"2022-09-01\" in the provider block to use it from the start.", over.Code, over.RequestID))
}
