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
	"github.com/edgeone-community/terraform-provider-teo/internal/fetch"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// findingSummaries are the summaries of findings, in the plan and in the apply.
var findingSummaries = map[archive.FindingKind]string{
	archive.FindingLoss:     "Archived packages are lost",
	archive.FindingMissed:   "Packages were never archived",
	archive.FindingRollback: "Archive was rolled back",
	archive.FindingRecorded: "Another run changed the archive",
	archive.FindingScope:    "Another resource set the scope of the archive",
}

// findingNext says what to do about a finding besides accepting it.
var findingNext = map[archive.FindingKind]string{
	archive.FindingLoss:     "Restore the files from a backup or from another version of the bucket, under the same names.",
	archive.FindingMissed:   "EdgeOne has dropped the packages, so a later apply cannot archive them.",
	archive.FindingRollback: "Check that the right folder or bucket is mounted, and restore the newest copy of the archive.",
	archive.FindingRecorded: "Find out which run has written the entry, and why.",
	archive.FindingScope:    "Give both resources the same window, filters and policy.",
}

// findingDetail says what was found, what to do, and how to accept it. accept are the
// tokens of the configuration.
func findingDetail(destination string, f archive.Finding, accept []string) string {
	text := fmt.Sprintf("At %s: %s.\n\n%s", destination, f.Message, findingNext[f.Kind])
	if f.Token != "" {
		for _, token := range accept {
			if kind := strings.IndexAny(f.Token, "@:") + 1; token != f.Token && strings.HasPrefix(token, f.Token[:kind]) {
				text += fmt.Sprintf(" The token %q in accept is for another situation.", token)
			}
		}
		text += fmt.Sprintf(" If that is not possible, or if the change is intended, accept it with a reason, which the ledger records:\n\n  accept = {\n    %q = \"…\"\n  }", f.Token)
	}
	return text
}

// findingWarnings are the findings in a plan. The apply fails on them. Terraform
// shows only the first of several warnings with the same summary, so there is one
// for each kind.
func findingWarnings(m *logArchiveModel, findings []archive.Finding) (diags diag.Diagnostics) {
	details := map[archive.FindingKind][]string{}
	for _, f := range findings {
		details[f.Kind] = append(details[f.Kind], findingDetail(m.Destination.ValueString(), f, m.acceptedKeys()))
	}
	for _, kind := range slices.Sorted(maps.Keys(details)) {
		diags.AddAttributeWarning(path.Root("destination"), findingSummaries[kind], strings.Join(append(details[kind], "Until then an apply fails."), "\n\n"))
	}
	return diags
}

func findingErrors(m *logArchiveModel, findings []archive.Finding) (diags diag.Diagnostics) {
	for _, f := range findings {
		diags.AddAttributeError(path.Root("destination"), findingSummaries[f.Kind], findingDetail(m.Destination.ValueString(), f, m.acceptedKeys()))
	}
	return diags
}

// destroyWarning says what a destroy does with the archive.
func (r *archives) destroyWarning(ctx context.Context, state *logArchiveModel) (diags diag.Diagnostics) {
	at := state.Destination.ValueString()
	if state.OnDestroy.ValueString() != onDestroyDelete {
		diags.AddAttributeWarning(path.Root("on_destroy"), "Archive is kept",
			fmt.Sprintf("The archive at %s stays as it is, because on_destroy is \"keep\" in the state. To remove it, run terraform apply with on_destroy = \"delete\" before the destroy. "+
				"After the destroy, import the archive first with \"terraform import teo_%s.NAME '%[1]s'\".", at, r.archiveName()))
		return diags
	}
	text := fmt.Sprintf("The archive at %s is removed, because on_destroy is \"delete\": %s, unless other resources manage it as well.", at, packages(state.PackageCount.ValueInt64()))
	if store, err := r.session.OpenBucket(ctx, at, true); err == nil {
		defer store.Close()
		if p, err := store.Protection(ctx); err == nil {
			text += retained(p)
		}
	}
	diags.AddAttributeWarning(path.Root("on_destroy"), "Archive is removed", text)
	return diags
}

func packages(n int64) string {
	if n == 1 {
		return "1 package"
	}
	return fmt.Sprintf("%d packages", n)
}

// retained says what a bucket keeps of removed objects.
func retained(p bucket.Protection) string {
	switch {
	case p.ObjectLock && p.Versioned:
		return " The bucket has object lock: locked objects remain as versions until their retention ends."
	case p.ObjectLock:
		return " The bucket has object lock: it refuses to remove locked objects until their retention ends."
	case p.Versioned:
		return " The bucket is versioned: removed objects remain as versions until a person or a lifecycle rule removes those."
	}
	return ""
}

// protectionProblems reports a retention or an expiry that the store cannot give.
func protectionProblems(destination string, wanted *ledger.Retention, expires int64, p *bucket.Protection) (diags diag.Diagnostics) {
	at := path.Root("retention")
	switch {
	case wanted == nil:
	case !p.ObjectLock:
		diags.AddAttributeError(at, "Store without object lock",
			fmt.Sprintf("%s cannot lock objects: object lock is not switched on, or the store does not have it. Create a bucket with object lock, or remove retention.", destination))
	case len(p.Modes) > 0 && !slices.Contains(p.Modes, wanted.Mode):
		diags.AddAttributeError(at.AtName("mode"), "Store without this mode of retention",
			fmt.Sprintf("%s does not have the mode %s. It has %s.", destination, wanted.Mode, strings.Join(p.Modes, ", ")))
	}
	if wanted != nil && p.DefaultDays > int(wanted.Days) {
		diags.AddAttributeWarning(at, "Bucket retains objects for longer",
			fmt.Sprintf("The default retention of %s is %d days (%s), longer than the %d days of retention. What the provider writes has its own lock of %d days; check that the default does not apply to it.",
				destination, p.DefaultDays, p.DefaultMode, wanted.Days, wanted.Days))
	}
	if expires > 0 && p.DefaultDays > int(expires) {
		diags.AddAttributeWarning(path.Root("expire_after_days"), "Bucket retains objects for longer",
			fmt.Sprintf("The default retention of %s is %d days (%s), so the store refuses to remove packages after %d days. Later runs try again.", destination, p.DefaultDays, p.DefaultMode, expires))
	}
	if expires > 0 && p.Versioned {
		diags.AddAttributeWarning(path.Root("expire_after_days"), "Bucket keeps former versions",
			fmt.Sprintf("%s is versioned: what expires remains as former versions. Add a lifecycle rule that removes noncurrent versions.", destination))
	}
	return diags
}

// remains says what is left of a destroyed archive.
func remains(destination string, d *archive.Deletion) (diags diag.Diagnostics) {
	if len(d.Members) > 0 {
		tokens := make([]string, len(d.Members))
		for i, id := range d.Members {
			tokens[i] = "left:" + id
		}
		diags.AddAttributeWarning(path.Root("destination"), "Archive is kept",
			fmt.Sprintf("Other resources manage the archive at %s: %s. This resource has left it, and the archive stays. If the state of such a resource is gone, apply accept with the token %s before the destroy.",
				destination, strings.Join(d.Members, ", "), strings.Join(tokens, ", ")))
	}
	if len(d.Retained) > 0 {
		text := fmt.Sprintf("The store refused to remove %s at %s:\n%s", filesOf(len(d.Retained)), destination, bulleted(d.Retained))
		if !d.Until.IsZero() {
			text += fmt.Sprintf("\n\nThe last lock that was read ends on %s.", d.Until.UTC().Format(time.RFC3339))
		}
		diags.AddAttributeWarning(path.Root("destination"), "Files that the store retains", text)
	}
	if d.Versioned {
		diags.AddAttributeWarning(path.Root("destination"), "Bucket keeps former versions",
			fmt.Sprintf("The bucket of %s is versioned: what was removed remains as former versions, until a person or a lifecycle rule removes those.", destination))
	}
	return diags
}

func filesOf(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// listError is a list that failed.
type listError struct {
	query teo.Query
	err   error
}

func (e *listError) Error() string { return e.err.Error() }
func (e *listError) Unwrap() error { return e.err }

// archiveErrors turns an error of package archive into diagnostics: one for each
// finding, and one for everything else.
func (r *archives) archiveErrors(m *logArchiveModel, err error) (diags diag.Diagnostics) {
	if found, ok := errors.AsType[*archive.RunError](err); ok {
		diags.Append(findingErrors(m, found.Findings)...)
		if found.Err != nil || len(found.Failures)+found.Skipped > 0 {
			diags.Append(r.archiveError(&archive.RunError{Failures: found.Failures, Err: found.Err, Skipped: found.Skipped}))
		}
		return diags
	}
	if found, ok := errors.AsType[*archive.FindingsError](err); ok {
		return findingErrors(m, found.Findings)
	}
	diags.Append(r.archiveError(err))
	return diags
}

// unusable is the warning of a refresh and a plan about an archive that an apply cannot
// use. It is no error, because Terraform plans an update before each destroy: an error
// would keep a destroy from happening.
func (r *archives) unusable(err error) diag.Diagnostic {
	d := r.archiveError(err)
	return diag.NewAttributeWarningDiagnostic(path.Root("destination"), d.Summary(), d.Detail()+"\n\nThe state keeps what it knows. Until this is solved, an apply fails.")
}

// isOfService reports whether an error is EdgeOne's or a timeout, and says nothing
// about the archive.
func isOfService(err error) bool {
	_, listing := errors.AsType[*listError](err)
	_, late := errors.AsType[query.TimeoutError](err)
	return listing || late || errors.Is(err, context.Canceled)
}

// incompleteDetail says what a run could not do, and how it goes on.
func (r *archives) incompleteDetail(err error) string {
	text := strings.TrimSpace(err.Error())
	if errors.Is(err, context.Canceled) {
		text = "The run was interrupted."
		if run, ok := errors.AsType[*archive.RunError](err); ok && run.Skipped > 0 {
			text += fmt.Sprintf(" %s not archived yet.", packages(int64(run.Skipped)))
		}
	}
	next := " Everything that was archived is kept. The next apply continues, and downloads nothing twice."
	if errors.Is(err, fetch.ErrGone) {
		next += " EdgeOne no longer serves some of the packages."
	}
	if late, ok := errors.AsType[query.TimeoutError](err); ok {
		next += fmt.Sprintf(" The run took longer than timeouts allows (%s).", time.Duration(late))
	}
	return text + "\n\n" + strings.TrimSpace(next)
}

// archiveError turns an error of package archive into a diagnostic.
func (r *archives) archiveError(err error) diag.Diagnostic {
	at := path.Root("destination")
	var (
		scope     *archive.ScopeError
		damaged   *archive.DamagedError
		other     *ledger.OtherArchiveError
		destroyed *ledger.DestroyedError
		partial   *archive.RunError
		listing   *listError
		late      query.TimeoutError
	)
	switch {
	case errors.As(err, &partial):
		if errors.As(partial.Err, &listing) {
			return r.ReadError(listing.query, listing.err)
		}
		if _, ok := errors.AsType[*bucket.Error](partial.Err); ok {
			return diag.NewAttributeErrorDiagnostic(at, "Archive is incomplete", r.incompleteDetail(err))
		}
		return diag.NewErrorDiagnostic("Archive is incomplete", r.incompleteDetail(err))
	case errors.As(err, &scope):
		return diag.NewAttributeErrorDiagnostic(at, "Destination contains another archive", fmt.Sprintf(
			"%s. Nothing was changed.\n\nTo continue that archive, import it with \"terraform import teo_%s.NAME '%s'\" and then change its window, filters or policy.", err, r.archiveName(), scope.Destination))
	case errors.As(err, &damaged):
		return diag.NewAttributeErrorDiagnostic(at, "Ledger of the archive is damaged", fmt.Sprintf(
			"%s. Nothing was changed.\n\nRestore %s from a backup or from a version of the bucket. If there is none, keep this archive as it is, and begin another one at another prefix.", err, ledger.Key(damaged.Err.Sequence)))
	case errors.As(err, &other):
		return diag.NewAttributeErrorDiagnostic(at, "Destination contains another archive", fmt.Sprintf(
			"%s. Nothing was changed.\n\nCheck the folder or bucket, and the prefix.", err))
	case errors.As(err, &destroyed):
		return diag.NewAttributeErrorDiagnostic(at, "No archive at the destination", fmt.Sprintf("%s. Nothing was changed.", printable.Capitalized(err.Error())))
	case errors.Is(err, ledger.ErrNoArchive), errors.Is(err, bucket.ErrNotMounted):
		return diag.NewAttributeErrorDiagnostic(at, "No archive at the destination",
			"There is no archive at the destination. Is the folder or disk mounted? Check the folder or bucket, and the prefix.\n\n"+printable.Capitalized(err.Error())+".")
	case errors.As(err, &listing):
		return r.ReadError(listing.query, listing.err)
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
