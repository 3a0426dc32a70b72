package logarchive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// run lists the window, brings the archive up to date and sets the computed
// attributes. It returns the summary that they are from, which there may also be
// beside an error, or nil.
func (r *logArchiveResource) run(ctx context.Context, m *logArchiveModel, witness *archive.Head, timeout time.Duration, diags *diag.Diagnostics) *archive.Summary {
	scope := r.archiveScope(ctx, m, diags)
	r.checkAPIVersion(scope, diags)
	if diags.HasError() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	store, err := r.session.OpenBucket(ctx, m.Destination.ValueString())
	if err != nil {
		diags.Append(r.archiveError(query.LateFor(err, timeout)))
		return nil
	}
	defer store.Close()
	a, err := archive.New(r.config(ctx, store, scope, m, witness, diags))
	if err != nil {
		diags.Append(r.archiveError(err))
	}
	if diags.HasError() {
		return nil
	}
	listing, at, err := r.listScope(ctx, scope, scope.Start, scope.End)
	if err != nil {
		diags.Append(r.ReadError(r.archiveQuery(scope, scope.Start, scope.End), query.LateFor(err, timeout)))
		return nil
	}
	summary, err := a.Run(ctx, listing.Packages, at)
	if err != nil {
		diags.Append(r.archiveErrors(m.Destination.ValueString(), query.LateFor(err, timeout))...)
	}
	if summary == nil || isUntrusted(err) {
		return nil
	}
	if len(listing.Packages) == 0 && summary.PackageCount == 0 {
		diags.AddWarning("No packages to archive", r.EmptyDetail(r.session.Now(), r.archiveQuery(scope, scope.Start, scope.End), listing))
	}
	for _, w := range summary.Warnings {
		diags.AddWarning(w.Summary, w.Detail)
	}
	diags.Append(m.set(ctx, summary, summary.PendingCount)...)
	return summary
}

// isUntrusted reports whether a run has ended because of what it found in the
// ledger, so that its head must not replace that of the state. A loss is no such
// error: the entries of the run are its own.
func isUntrusted(err error) bool {
	if partial, ok := errors.AsType[*archive.RunError](err); ok {
		err = partial.Err
	}
	_, untrusted := errors.AsType[*archive.FindingsError](err)
	return untrusted
}

// config is the configuration of an archive.
func (r *logArchiveResource) config(ctx context.Context, store bucket.Bucket, scope archive.Scope, m *logArchiveModel, witness *archive.Head, diags *diag.Diagnostics) archive.Config {
	s := r.session
	c := archive.Config{
		Bucket:        store,
		Scope:         scope,
		Witness:       witness,
		Accept:        m.accepted(ctx, diags),
		Parallelism:   int(m.Parallelism.ValueInt64()),
		VerifyPayload: m.Verify.ValueString() == verifyPayload,
		Agent:         s.Agent,
		Transport:     s.Transport,
		Relist: func(ctx context.Context, scope archive.Scope, start, end time.Time) ([]teo.Package, error) {
			listing, _, err := r.listScope(ctx, scope, start, end)
			if err != nil {
				return nil, err
			}
			return listing.Packages, nil
		},
		Pace:       s.Pace,
		MaxRetries: s.MaxRetries,
		Now:        s.Now,
		Progress:   func(e archive.Event) { logArchiveEvent(ctx, e) },
	}
	stableAfter := m.stableAfter(diags)
	c.StableAfter = &stableAfter
	return c
}

// checkAPIVersion reports zone IDs that the configured API version does not have.
func (r *logArchiveResource) checkAPIVersion(scope archive.Scope, diags *diag.Diagnostics) {
	if r.Layer == teo.L7 {
		r.session.CheckZoneIDs(teo.Query{ZoneIDs: scope.ZoneIDs}, diags)
	}
}

// maxArchivePackages bounds the list of an archive's window.
const maxArchivePackages = 100 * teo.DefaultMaxPackages

// archiveQuery lists the packages of a part of a scope. A window without an end
// is listed until now.
func (r *logArchiveResource) archiveQuery(scope archive.Scope, start, end time.Time) teo.Query {
	if end.IsZero() {
		end = r.session.Now()
	}
	return teo.Query{
		Start: start, End: end,
		Zones: scope.Zones, ZoneIDs: scope.ZoneIDs, Hosts: scope.Hosts,
		MaxPackages: maxArchivePackages, AreaRequired: true,
	}
}

// listScope lists the packages of a part of a scope. It returns when they were listed
// by the service's clock; zero if that is unknown.
func (r *logArchiveResource) listScope(ctx context.Context, scope archive.Scope, start, end time.Time) (*teo.Listing, time.Time, error) {
	q := r.archiveQuery(scope, start, end)
	if !q.Start.Before(q.End) {
		return new(teo.Listing), time.Time{}, nil // the window is in the future
	}
	listing, err := r.List(r.session.TEO, ctx, q)
	return listing, r.session.Clock.Time(), err
}

// resourceSession is the session that the resources share, and what a refresh leaves
// for the plan after it.
type resourceSession struct {
	*query.Session

	inspections inspections
}

// NewResourceData returns the provider data of the resources.
func NewResourceData(s *query.Session) *resourceSession { return &resourceSession{Session: s} }

// inspection is an inspected archive and its open bucket, which Pending reads.
type inspection struct {
	*archive.Inspection

	store bucket.Bucket
}

func (i *inspection) Close() error { return i.store.Close() }

// inspections keeps what a refresh has inspected for the plan that follows it in
// the same process, so that a plan inspects an archive once.
type inspections struct {
	mu    sync.Mutex
	byKey map[string]*inspection
}

func (i *inspections) put(c archive.Config, inspected *inspection) {
	key := inspectionKey(c)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.byKey == nil {
		i.byKey = map[string]*inspection{}
	}
	i.byKey[key] = inspected
}

func (i *inspections) take(c archive.Config) *inspection {
	key := inspectionKey(c)
	i.mu.Lock()
	defer i.mu.Unlock()
	inspected := i.byKey[key]
	delete(i.byKey, key)
	return inspected
}

// inspectionKey is what an inspection depends on.
func inspectionKey(c archive.Config) string {
	key := fmt.Sprintf("%q %v %s %t", c.Bucket, c.Scope, c.StableAfter, c.VerifyPayload)
	for _, token := range slices.Sorted(maps.Keys(c.Accept)) {
		key += fmt.Sprintf(" %q", token)
	}
	if c.Witness != nil {
		key += " " + c.Witness.String()
	}
	return key
}

// inspect compares the destination with the ledger, and the ledger with the
// witness. It returns what the refresh has inspected, if that is the same.
func (r *logArchiveResource) inspect(ctx context.Context, m *logArchiveModel, witness *archive.Head, diags *diag.Diagnostics) (*inspection, error) {
	scope := r.archiveScope(ctx, m, diags)
	if diags.HasError() {
		return nil, nil //nolint:nilnil // the caller looks at diags
	}
	store, err := r.session.OpenBucket(ctx, m.Destination.ValueString())
	if err != nil {
		return nil, err
	}
	c := r.config(ctx, store, scope, m, witness, diags)
	if kept := r.session.inspections.take(c); kept != nil {
		_ = store.Close()
		return kept, nil
	}
	var report *archive.Inspection
	a, err := archive.New(c)
	if err == nil {
		report, err = a.Inspect(ctx)
	}
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return &inspection{report, store}, nil
}

// logArchiveEvent logs a step of a run. Neither URLs nor log lines are in it.
func logArchiveEvent(ctx context.Context, e archive.Event) {
	fields := map[string]any{"done": e.Done, "total": e.Total}
	if e.Day != "" {
		fields["day"] = e.Day
	}
	if e.Package != "" {
		fields["package"] = e.Package
	}
	if e.Err != nil {
		fields["failure"] = e.Err.Error()
	}
	switch e.Kind {
	case archive.EventArchived:
		fields["bytes"] = e.Bytes
		tflog.Info(ctx, "package archived", fields)
	case archive.EventCommitted:
		fields["sequence"] = e.Sequence
		tflog.Info(ctx, "ledger entry written", fields)
	case archive.EventRetried:
		tflog.Warn(ctx, "package failed, retrying", fields)
	default:
		tflog.Error(ctx, "package given up", fields)
	}
}
