package logarchive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
)

// findingSummaries are the summaries of findings, in the plan and in the apply.
var findingSummaries = map[archive.FindingKind]string{
	archive.FindingLoss:     "Archived packages are lost",
	archive.FindingRollback: "Archive was rolled back",
	archive.FindingForgery:  "Ledger of the archive was changed",
	archive.FindingReplaced: "Archived packages were replaced",
	archive.FindingHead:     "Archive does not contain the head in the state",
}

// findingNext says what to do about a finding besides accepting it.
var findingNext = map[archive.FindingKind]string{
	archive.FindingLoss:     "Restore the files from a backup or from another version of the bucket, under the same names.",
	archive.FindingRollback: "Check that the right folder or bucket is mounted, and restore the newest copy of the archive.",
	archive.FindingForgery:  "Restore the ledger from a backup, and find out who has changed it.",
	archive.FindingReplaced: "Find out which run has written the entry, and why.",
	archive.FindingHead:     "Check the destination, and restore the archive from a backup.",
}

// findingDetail says what was found, what to do, and how to accept it.
func findingDetail(destination string, f archive.Finding) string {
	return fmt.Sprintf("At %s: %s.\n\n%s If that is not possible, or if the change is intended, accept it with a reason, which the ledger records:\n\n  accept = {\n    %q = \"…\"\n  }",
		destination, f.Message, findingNext[f.Kind], f.Token)
}

// findingWarnings are the findings in a plan. The apply fails on them. Terraform
// shows only the first of several warnings with the same summary, so there is one
// for each kind.
func findingWarnings(destination string, findings []archive.Finding) (diags diag.Diagnostics) {
	details := map[archive.FindingKind][]string{}
	for _, f := range findings {
		details[f.Kind] = append(details[f.Kind], findingDetail(destination, f))
	}
	for _, kind := range slices.Sorted(maps.Keys(details)) {
		summary, apply := findingSummaries[kind], "Until then an apply fails."
		if kind == archive.FindingLoss {
			summary = "Archived packages are missing or damaged"
			apply = "An apply downloads again what EdgeOne still serves, and fails if something remains that is not accepted."
		}
		diags.AddAttributeWarning(path.Root("destination"), summary, strings.Join(append(details[kind], apply), "\n\n"))
	}
	return diags
}

func findingErrors(destination string, findings []archive.Finding) (diags diag.Diagnostics) {
	for _, f := range findings {
		diags.AddAttributeError(path.Root("destination"), findingSummaries[f.Kind], findingDetail(destination, f))
	}
	return diags
}

// acceptedWarnings are the findings that the configuration accepts. The apply
// records them.
func acceptedWarnings(findings []archive.Finding) (diags diag.Diagnostics) {
	for _, f := range findings {
		diags.AddAttributeWarning(path.Root("accept"), "Finding is accepted",
			fmt.Sprintf("%s. The apply records in the ledger that the token %q accepts it.", upperFirst(f.Message), f.Token))
	}
	return diags
}

// repairWarnings says what an apply will repair, and which files do not belong to
// the archive.
func repairWarnings(destination string, i *archive.Inspection) (diags diag.Diagnostics) {
	if len(i.Work) > 0 && len(i.Findings) == 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Archive needs repair",
			fmt.Sprintf("At %s an apply will:\n%s", destination, bulleted(i.Work)))
	}
	if len(i.Foreign) > 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Files that do not belong to the archive",
			fmt.Sprintf("At %s:\n%s\n\nThe archive leaves them as they are, and a verification reports them. Move them away.", destination, bulleted(i.Foreign)))
	}
	return diags
}

// trustedHead is the warning of an import.
func trustedHead(destination string, head archive.Head) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("destination"), "Head of the archive is trusted",
		fmt.Sprintf("There is no earlier head with which the archive at %s could be compared, so its newest entry %d with SHA-256 %s is trusted. Compare it with the head that you kept.",
			destination, head.Sequence, head.SHA256))
}

// destroyWarning says what a destroy does with the archive.
func (r *logArchiveResource) destroyWarning(ctx context.Context, state *logArchiveModel) (diags diag.Diagnostics) {
	at := state.Destination.ValueString()
	if state.OnDestroy.ValueString() != onDestroyDelete {
		diags.AddAttributeWarning(path.Root("on_destroy"), "Archive is kept",
			fmt.Sprintf("The archive at %s stays as it is, because on_destroy is \"keep\".", at))
		return diags
	}
	text := fmt.Sprintf("The archive at %s is removed, because on_destroy is \"delete\". Number of archived packages: %d.", at, state.PackageCount.ValueInt64())
	if store, err := r.session.OpenBucket(ctx, at); err == nil {
		defer store.Close()
		if retention, err := store.Retention(ctx); err == nil {
			text += retained(retention)
		}
	}
	diags.AddAttributeWarning(path.Root("on_destroy"), "Archive is removed", text)
	return diags
}

// retained says what a bucket keeps of removed objects.
func retained(r bucket.Retention) string {
	switch {
	case r.Locked:
		return " The bucket is locked: it keeps every object until its retention ends, and removed objects remain as versions."
	case r.Versioned:
		return " The bucket is versioned: removed objects remain as versions until a person or a lifecycle rule removes those."
	}
	return ""
}

// remains says what is left of a destroyed archive.
func remains(destination string, d *archive.Deletion) (diags diag.Diagnostics) {
	if text := retained(d.Retention); text != "" {
		diags.AddAttributeWarning(path.Root("destination"), "Bucket retains the removed archive",
			fmt.Sprintf("%d objects were removed at %s.%s", d.Removed, destination, text))
	}
	if len(d.Refused) > 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Files of the archive were not removed",
			fmt.Sprintf("The store refused to remove these files at %s:\n%s", destination, bulleted(d.Refused)))
	}
	if len(d.Foreign) > 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Files that do not belong to the archive were kept",
			fmt.Sprintf("The archive at %s was removed. These files do not belong to it and were kept:\n%s", destination, bulleted(d.Foreign)))
	}
	return diags
}

// archiveErrors turns an error of package archive into diagnostics: one for each
// finding, and one for everything else.
func (r *logArchiveResource) archiveErrors(destination string, err error) (diags diag.Diagnostics) {
	if found, ok := errors.AsType[*archive.RunError](err); ok {
		diags.Append(findingErrors(destination, found.Findings)...)
		rest := *found
		rest.Findings = nil
		if rest.Err == nil && len(rest.Failures)+len(rest.Foreign)+rest.Skipped == 0 {
			return diags
		}
		if inner, ok := errors.AsType[*archive.FindingsError](rest.Err); ok {
			diags.Append(findingErrors(destination, inner.Findings)...)
			return diags
		}
		diags.Append(r.archiveError(&rest))
		return diags
	}
	if found, ok := errors.AsType[*archive.FindingsError](err); ok {
		return findingErrors(destination, found.Findings)
	}
	diags.Append(r.archiveError(err))
	return diags
}

// archiveError turns an error of package archive into a diagnostic.
func (r *logArchiveResource) archiveError(err error) diag.Diagnostic {
	var (
		scope    *archive.ScopeError
		foreign  *archive.ForeignError
		findings *archive.FindingsError
		partial  *archive.RunError
		late     query.TimeoutError
	)
	at := path.Root("destination")
	switch {
	case errors.As(err, &partial):
		next := "Everything that was archived is kept. The next apply continues, and downloads nothing twice."
		if errors.Is(err, archive.ErrSourceGone) {
			next += " EdgeOne no longer serves some of the packages: restore them from another copy, or end the window before them."
		}
		if errors.As(err, &late) {
			next += fmt.Sprintf(" The run took longer than timeouts allows (%s).", time.Duration(late))
		}
		detail := strings.TrimSpace(err.Error()) + "\n\n" + next
		if _, ok := errors.AsType[*bucket.Error](partial.Err); ok {
			return diag.NewAttributeErrorDiagnostic(at, "Archive is incomplete", detail)
		}
		return diag.NewErrorDiagnostic("Archive is incomplete", detail)
	case errors.As(err, &findings):
		return diag.NewAttributeErrorDiagnostic(at, "Archive has findings", err.Error())
	case errors.As(err, &scope):
		next := "Choose another prefix."
		if scope.Found.Layer == r.Layer {
			next = fmt.Sprintf("To continue that archive, import it with \"terraform import teo_%s.NAME '%s'\" and then change its window or filters; otherwise choose another prefix.", r.archiveName(), scope.Destination)
		}
		return diag.NewAttributeErrorDiagnostic(at, "Destination contains another archive", fmt.Sprintf("%s. Nothing was changed.\n\n%s (terraform import takes over an existing archive.)", err, next))
	case errors.As(err, &foreign):
		return diag.NewAttributeErrorDiagnostic(at, "Destination is not empty", err.Error()+". Nothing was changed.")
	case errors.Is(err, archive.ErrNoArchive):
		return diag.NewAttributeErrorDiagnostic(at, "No archive at the destination", "There is no archive at the destination. Check the folder or bucket, and the prefix.")
	case errors.As(err, &late):
		return query.TimedOut("the archive", "The archive", late, "")
	}
	return destinationError(err)
}

// destinationError is the error of a destination that cannot be used.
func destinationError(err error) diag.Diagnostic {
	if late, ok := errors.AsType[query.TimeoutError](err); ok {
		return query.TimedOut("the archive", "The archive", late, "")
	}
	if _, ok := errors.AsType[*bucket.Error](err); ok {
		return diag.NewAttributeErrorDiagnostic(path.Root("destination"), "Unable to use the destination", err.Error()+".")
	}
	return diag.NewErrorDiagnostic("Unable to archive offline logs", err.Error()+".")
}

// bulleted lists texts, one on each line.
func bulleted(texts []string) string {
	const most = 20
	var b strings.Builder
	for _, text := range texts[:min(most, len(texts))] {
		fmt.Fprintf(&b, "  - %s\n", text)
	}
	if more := len(texts) - most; more > 0 {
		fmt.Fprintf(&b, "  - and %d more\n", more)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// upperFirst writes the first letter of a sentence in upper case.
func upperFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
