package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logCredentials says which credentials are used, and which ones in the
// environment are not.
func logCredentials(ctx context.Context, s *credential.Source) {
	tflog.Info(ctx, "credentials found", map[string]any{"credential_source": s.String()})
	if unusedVariables := s.UnusedVariables(); len(unusedVariables) > 0 {
		tflog.Info(ctx, "environment variables not used", map[string]any{"variables": unusedVariables, "credential_source": s.String()})
	}
}

// logAttempt logs one request. Its fields are an allow-list: no body, header,
// secret or URL is logged at any level.
func logAttempt(ctx context.Context, a tcapi.Attempt) {
	fields := map[string]any{
		"action": a.Action, "version": a.Version, "attempt": a.Number,
		"milliseconds": a.Duration.Milliseconds(), "request_id": a.RequestID, "status": a.Status,
		"credential_source": a.CredentialSource,
	}
	if a.Failure == "" {
		tflog.Debug(ctx, "request answered", fields)
		return
	}
	fields["failure"], fields["retry"], fields["wait_milliseconds"] = a.Failure, a.Retry, a.Wait.Milliseconds()
	if a.Retry {
		tflog.Warn(ctx, "request failed, retrying", fields)
	} else {
		tflog.Error(ctx, "request failed", fields)
	}
}

// logProgress logs how many entries of a list have been read, at DEBUG: an archive reads
// many lists, and says by itself how far it is. The numbers are in the text, because the
// fields of a line have no order.
func logProgress(ctx context.Context, p teo.Progress) {
	text := fmt.Sprintf("%s (%s): read %d", p.Action, p.Version, p.Read)
	if p.Total >= 0 {
		text += fmt.Sprintf(" of %d", p.Total)
	}
	tflog.Debug(ctx, text+" entries")
}
