package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logAttempt tells of one request. Its fields are an allow-list: no body, no
// header, no key and no URL is logged at any level.
func logAttempt(ctx context.Context, a tcapi.Attempt) {
	fields := map[string]any{
		"action": a.Action, "version": a.Version, "attempt": a.Number,
		"milliseconds": a.Duration.Milliseconds(), "request_id": a.RequestID, "status": a.Status,
		"keys": a.KeySource,
	}
	if a.Failure == "" {
		tflog.Debug(ctx, "request answered", fields)
		return
	}
	fields["failure"], fields["retry"], fields["wait_milliseconds"] = a.Failure, a.Retry, a.Wait.Milliseconds()
	if a.Retry {
		tflog.Warn(ctx, "request failed, trying again", fields)
	} else {
		tflog.Error(ctx, "request failed", fields)
	}
}

// logProgress tells how far a list was read.
func logProgress(ctx context.Context, p teo.Progress) {
	fields := map[string]any{"action": p.Action, "version": p.Version, "read": p.Read}
	if p.Total >= 0 {
		fields["total"] = p.Total
	}
	tflog.Info(ctx, "page read", fields)
}
