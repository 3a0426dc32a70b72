package provider

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

// archiveError turns what package archive says into a diagnostic.
func archiveError(err error) diag.Diagnostic {
	var (
		clash   *archive.ClashError
		foreign *archive.ForeignError
		partial *archive.RunError
		late    timeoutError
	)
	at := path.Root("destination")
	switch {
	case errors.As(err, &partial):
		next := "What was archived before and in this run is kept and stands in the manifests. Apply again to go on with the rest; nothing is downloaded twice."
		if errors.Is(err, archive.ErrSourceGone) {
			next += " What the service does not serve any more cannot be mended from here: restore it from another copy, or end the window before it."
		}
		if errors.As(err, &late) {
			next += " The run took longer than timeouts allows (" + time.Duration(late).String() + ")."
		}
		detail := strings.TrimSpace(err.Error()) + "\n\n" + next
		if _, ok := errors.AsType[*archive.DestinationError](partial.Err); ok {
			return diag.NewAttributeErrorDiagnostic(at, "Archive is incomplete", detail)
		}
		return diag.NewErrorDiagnostic("Archive is incomplete", detail)
	case errors.As(err, &clash):
		if clash.InPlace {
			return diag.NewAttributeErrorDiagnostic(at, "Archive cannot be changed in place", err.Error()+". Nothing was changed.")
		}
		return diag.NewAttributeErrorDiagnostic(at, "Destination belongs to another archive", err.Error()+". Nothing was changed.")
	case errors.As(err, &foreign):
		return diag.NewAttributeErrorDiagnostic(at, "Destination is not empty", err.Error()+". Nothing was changed.")
	case errors.Is(err, archive.ErrNoArchive):
		return diag.NewAttributeErrorDiagnostic(at, "No archive at the destination", "There is no archive to be found there. Check the folder or bucket, and the prefix.")
	}
	return destinationError(err)
}

func destinationError(err error) diag.Diagnostic {
	var destination *archive.DestinationError
	if errors.As(err, &destination) {
		return diag.NewAttributeErrorDiagnostic(path.Root("destination"), "Unable to use the destination",
			err.Error()+".\n\nNothing that was archived before is lost.")
	}
	return diag.NewErrorDiagnostic("Unable to archive L7 offline logs", err.Error()+".\n\nNothing that was archived before is lost.")
}

// logArchive tells of each step of a run. Neither URLs nor log lines are in it.
func logArchive(ctx context.Context, e archive.Event) {
	fields := map[string]any{"day": e.Day, "done": e.Done, "total": e.Total}
	if e.Package != "" {
		fields["package"] = e.Package
	}
	switch e.Kind {
	case archive.EventArchived:
		fields["bytes"] = e.Bytes
		tflog.Info(ctx, "package archived", fields)
	case archive.EventSealed:
		tflog.Info(ctx, "bag completed", fields)
	case archive.EventRetried:
		fields["failure"] = e.Err.Error()
		tflog.Warn(ctx, "package failed, trying again", fields)
	default:
		if e.Err != nil {
			fields["failure"] = e.Err.Error()
		}
		tflog.Error(ctx, "package given up", fields)
	}
}
