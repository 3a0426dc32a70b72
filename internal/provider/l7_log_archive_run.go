package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// run lists the window and brings the archive up to date. It returns the summary
// that the model holds then, which it may also do beside an error, or nil.
func (r *archiveResource) run(ctx context.Context, m *archiveModel, former *archive.Scope, timeout time.Duration, diags *diag.Diagnostics) *archive.Summary {
	q := m.query(ctx, diags)
	r.session.checkZoneIDs(q, diags)
	if diags.HasError() {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(timeout))
	defer cancel()
	store, err := archive.Open(ctx, m.Destination.ValueString())
	if err != nil {
		diags.Append(archiveError(err))
		return nil
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	listing, err := r.session.teo.L7Logs(ctx, q)
	if err != nil {
		diags.Append(l7Family.readError(q, lateFor(err, timeout)))
		return nil
	}
	if over := listing.ChangedOver; over != nil {
		diags.Append(changedOver(over))
	}
	if len(listing.Packages) == 0 && !q.End.After(r.session.now()) {
		diags.AddWarning("No packages to archive", l7Family.emptyDetail(r.session.now(), q, listing))
	}
	config := r.config(ctx, store, q, m)
	config.Former = former
	a, err := archive.New(config)
	if err != nil {
		diags.Append(archiveError(err))
		return nil
	}
	summary, err := a.Run(ctx, listing.Packages)
	failed := 0
	if err != nil {
		var partial *archive.RunError
		if errors.As(err, &partial) {
			failed = len(partial.Failures) + partial.Skipped
		}
		diags.Append(archiveError(err))
	}
	if summary != nil {
		diags.Append(m.take(ctx, *summary, failed)...)
	}
	return summary
}

func (r *archiveResource) config(ctx context.Context, store *archive.Store, q teo.Query, m *archiveModel) archive.Config {
	s := r.session
	return archive.Config{
		Store:       store,
		Scope:       scopeOf(q),
		StableAfter: m.stableAfter(),
		Parallelism: int(m.Parallelism.ValueInt64()),
		Agent:       s.agent,
		Transport:   s.transport,
		Relist: func(ctx context.Context, start, end time.Time) ([]teo.Package, error) {
			again := q
			again.Start, again.End = start, end
			listing, err := s.teo.L7Logs(ctx, again)
			if err != nil {
				return nil, err
			}
			return listing.Packages, nil
		},
		Pace:       s.pace,
		MaxRetries: s.maxRetries,
		Now:        s.now,
		Progress:   func(e archive.Event) { logArchive(ctx, e) },
	}
}

func (r *archiveResource) inspect(ctx context.Context, q teo.Query, m *archiveModel) (*archive.Report, error) {
	store, err := archive.Open(ctx, m.Destination.ValueString())
	if err != nil {
		return nil, err
	}
	defer store.Close() //nolint:errcheck // it only lets connections go
	a, err := archive.New(r.config(ctx, store, q, m))
	if err != nil {
		return nil, err
	}
	return a.Inspect(ctx)
}
