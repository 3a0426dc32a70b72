package logarchive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// archiveAt is an archive and its open destination.
type archiveAt struct {
	*archive.Archive

	store bucket.Bucket
}

func (a *archiveAt) Close() { _ = a.store.Close() }

// identity is what the state knows of an archive.
type identity struct {
	archive string
	head    *ledger.Head
	member  archive.Member
	through types.Int64 // the entry that was signed last
}

// author has the signing key of a run, and the caller that the ledger names.
type author struct {
	sign  *archive.Signing
	actor string
}

// open opens the archive of a configuration. With listing, the zones of the scope are
// resolved, which also tells the time of the service.
func (r *archives) open(ctx context.Context, m *logArchiveModel, is identity, as author, listing bool, diags *diag.Diagnostics) (*archiveAt, error) {
	scope := r.scope(ctx, m, diags)
	q := r.query(ctx, m, diags)
	accept, erase := texts(ctx, m.Accept, diags), texts(ctx, m.Erase, diags)
	maxRunTime := m.maxRunTime(diags)
	if diags.HasError() {
		return nil, errReported
	}
	if listing {
		if err := r.resolve(ctx, &scope, q); err != nil {
			diags.Append(r.ReadError(q, err))
			return nil, errReported
		}
	}
	store, err := r.session.OpenBucket(ctx, m.Destination.ValueString(), is.head != nil)
	if err != nil {
		return nil, err
	}
	s := r.session
	progress := newProgress(s.Now)
	a, err := archive.New(archive.Config{
		Bucket: store, Layer: r.Layer, Scope: scope, Member: is.member, Archive: is.archive, Trusted: is.head, Accept: accept, Erase: erase,
		Parallelism: int(m.Parallelism.ValueInt64()), VerifyPayload: m.Verify.ValueString() == verifyPayload, MaxRunTime: maxRunTime,
		Agent: s.Agent, Transport: s.Downloads, Pace: s.Pace, MaxRetries: s.MaxRetries, Now: r.now, Progress: func(e archive.Event) { progress.event(ctx, e) },
		Sign: as.sign, Actor: as.actor,
		List: func(ctx context.Context, start, end time.Time, most int) ([]teo.Package, error) {
			return r.list(ctx, q, start, end, most)
		},
	})
	if err != nil {
		_ = store.Close()
		return nil, err
	}
	return &archiveAt{a, store}, nil
}

// errReported means that diagnostics say what is wrong.
var errReported = errors.New("see the diagnostics")

// now is the earlier of the local clock and the service's: a clock that is ahead must
// not seal a day that still grows.
func (r *archives) now() time.Time {
	now := r.session.Now()
	if service := r.session.Clock.Time(); !service.IsZero() && service.Before(now) {
		return service
	}
	return now
}

// resolve finds the zones of a scope. The response also tells the time of the service.
func (r *archives) resolve(ctx context.Context, scope *ledger.Scope, q teo.Query) error {
	if r.Layer == teo.L7 && r.session.APIVersion == teo.Version20220106 {
		return nil // that version has no IDs
	}
	ids, err := r.session.TEO.ZoneIDs(ctx, q)
	if err != nil {
		return err
	}
	scope.Resolved = ids
	if r.session.Clock.Time().IsZero() {
		// A refusal tells the time as well.
		_, _ = r.session.TEO.Zones(ctx, nil, ids[:min(1, len(ids))])
	}
	return nil
}

// list lists the packages of a part of a scope.
func (r *archives) list(ctx context.Context, q teo.Query, start, end time.Time, most int) ([]teo.Package, error) {
	q.Start, q.End, q.MaxPackages, q.AreaRequired = start, end, most, true
	listing, err := r.List(r.session.TEO, ctx, q)
	if err != nil {
		return nil, &listError{query: q, err: err}
	}
	return listing.Packages, nil
}

// outcome is the result of a run.
type outcome struct {
	report *archive.Report
	err    error
}

// temporary reports whether a later run can correct the failure: packages that failed, a
// timeout, an interruption.
func (o *outcome) temporary() bool {
	run, ok := errors.AsType[*archive.RunError](o.err)
	if !ok || len(run.Findings) > 0 {
		return false
	}
	_, late := errors.AsType[query.TimeoutError](run.Err)
	return run.Err == nil || late || errors.Is(run.Err, context.Canceled)
}

// run brings the archive up to date and sets the computed attributes.
func (r *archives) run(ctx context.Context, m *logArchiveModel, is identity, drift []byte, timeout time.Duration, diags *diag.Diagnostics) outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	sign := r.signing(ctx, &m.signingModel, is.through, diags)
	if diags.HasError() {
		return outcome{}
	}
	a, err := r.open(ctx, m, is, author{sign, r.actor(ctx)}, true, diags)
	if errors.Is(err, errReported) {
		return outcome{}
	}
	if err != nil {
		diags.Append(r.archiveError(query.LateFor(err, timeout)))
		return outcome{}
	}
	defer a.Close()
	report, err := a.Run(ctx, drift)
	if err != nil {
		err = query.LateFor(err, timeout)
	}
	if report == nil {
		diags.Append(r.archiveErrors(m, err)...)
		return outcome{}
	}
	if len(report.Repaired) > 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Archive was repaired", fmt.Sprintf("At %s, repaired:\n%s", m.Destination.ValueString(), bulleted(report.Repaired)))
	}
	for _, w := range report.Warnings {
		diags.AddAttributeWarning(path.Root("destination"), w.Summary, w.Detail)
	}
	diags.Append(m.set(ctx, report.Summary)...)
	m.setSigned(sign, report.SignedThrough)
	return outcome{report, err}
}

// planCreate opens the destination of a new archive, if it is known: one that cannot
// be used is an error before anything is destroyed.
func (r *archives) planCreate(ctx context.Context, plan *logArchiveModel, diags *diag.Diagnostics) {
	r.checkAPIVersion(ctx, plan, diags)
	if diags.HasError() || !plan.isKnown() {
		return
	}
	timeout, d := plan.Timeouts.Read(ctx, query.ReadTimeout)
	diags.Append(d...)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	p := r.plan(ctx, plan, identity{}, timeout, diags)
	if p == nil || !p.Joins {
		return
	}
	diags.Append(findingWarnings(plan, p.Findings)...)
	diags.AddAttributeWarning(path.Root("destination"), "Archive exists",
		fmt.Sprintf("The destination contains the archive %s of the same scope. The apply continues it, and trusts its newest entry %s.", p.Summary.Archive, p.Summary.Head))
}

// planUpdate plans an update. It reports whether an apply has something to do.
func (r *archives) planUpdate(ctx context.Context, state, plan *logArchiveModel, member archive.Member, diags *diag.Diagnostics) (work bool, drift []byte) {
	r.checkAPIVersion(ctx, plan, diags)
	if diags.HasError() || !plan.isKnown() {
		return true, nil
	}
	timeout, d := plan.Timeouts.Read(ctx, query.ReadTimeout)
	diags.Append(d...)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, query.TimeoutError(timeout))
	defer cancel()
	head := state.head(ctx, diags)
	p := r.plan(ctx, plan, identity{archive: state.ArchiveID.ValueString(), head: head, member: member}, timeout, diags)
	if p == nil {
		return true, nil
	}
	destination := plan.Destination.ValueString()
	diags.Append(findingWarnings(plan, p.Findings)...)
	if len(p.Damage) > 0 {
		diags.AddAttributeWarning(path.Root("destination"), "Archived files are missing or damaged", fmt.Sprintf("At %s:\n%s", destination, bulleted(p.Damage)))
	}
	// A refresh moves the head on. It does not if the plan was made without one, or
	// only the new configuration accepts what other runs have recorded.
	moved := head == nil || p.Summary.Head != *head
	unsigned := p.Summary != nil && plan.unsigned(&state.signingModel, p.Summary.Head.Sequence)
	return len(p.Findings)+len(p.Work) > 0 || moved || unsigned, p.Drift
}

// plan compares destination, ledger and list. It returns nil if that was not possible,
// which diags say.
func (r *archives) plan(ctx context.Context, plan *logArchiveModel, is identity, timeout time.Duration, diags *diag.Diagnostics) *archive.Preview {
	a, err := r.open(ctx, plan, is, author{}, true, diags)
	if errors.Is(err, errReported) {
		return nil
	}
	var p *archive.Preview
	if err == nil {
		defer a.Close()
		r.checkProtection(ctx, a.store, plan, diags)
		p, err = a.Plan(ctx)
	}
	if err = query.LateFor(err, timeout); err != nil {
		if is.archive != "" && !isOfService(err) {
			diags.Append(r.unusable(err))
		} else {
			diags.Append(r.archiveErrors(plan, err)...)
		}
		return nil
	}
	for _, text := range p.Work {
		tflog.Info(ctx, "an apply has work: "+text)
	}
	for _, w := range slices.Concat(p.Warnings, archive.StoreWarnings(a.store)) {
		diags.AddAttributeWarning(path.Root("destination"), w.Summary, w.Detail)
	}
	if len(p.Unused) > 0 {
		text := fmt.Sprintf("These tokens in accept match no finding, and the ledger has not recorded them: %s.", strings.Join(p.Unused, ", "))
		for _, f := range p.Findings {
			if f.Token != "" {
				text += fmt.Sprintf(" The current finding has the token %q.", f.Token)
			}
		}
		diags.AddAttributeWarning(path.Root("accept"), "Token in accept has no effect", text)
	}
	return p
}

// checkProtection reports a retention that the store cannot give.
func (r *archives) checkProtection(ctx context.Context, store bucket.Bucket, plan *logArchiveModel, diags *diag.Diagnostics) {
	wanted := plan.retention(ctx, diags)
	expires := plan.ExpireAfterDays.ValueInt64()
	erases := len(plan.Erase.Elements()) > 0
	if wanted == nil && expires == 0 && !erases {
		return
	}
	p, err := store.Protection(ctx)
	switch {
	case err == nil:
	case wanted == nil && expires == 0:
		return // an erasure works without the permission to ask
	default:
		diags.Append(r.archiveError(err))
		return
	}
	diags.Append(protectionProblems(store.String(), wanted, expires, &p)...)
	if erases && p.Versioned {
		diags.AddAttributeWarning(path.Root("erase"), "Bucket keeps former versions",
			store.String()+" is versioned: what is erased remains as former versions. Remove those, or add a lifecycle rule that removes noncurrent versions.")
	}
}

// readLedger reads the ledger of the archive in the state.
func (r *archives) readLedger(ctx context.Context, m *logArchiveModel, member archive.Member, diags *diag.Diagnostics) (*archive.Opened, error) {
	a, err := r.open(ctx, m, identity{archive: m.ArchiveID.ValueString(), head: m.head(ctx, diags), member: member}, author{}, false, diags)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Open(ctx)
}

// leave records that the resource manages the archive no more.
func (r *archives) leave(ctx context.Context, m *logArchiveModel, head *ledger.Head, id string, member archive.Member) error {
	var diags diag.Diagnostics
	// A key that is gone does not keep the resource from leaving: its entry is then
	// not signed.
	sign := r.signing(ctx, &m.signingModel, m.SignedThrough, &diags)
	unsigned := diags.Errors()
	a, err := r.open(ctx, m, identity{archive: id, head: head, member: member}, author{sign, r.actor(ctx)}, false, new(diag.Diagnostics))
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.Leave(ctx); err != nil || len(unsigned) == 0 {
		return err
	}
	return fmt.Errorf("the resource has left the archive, but the entry is not signed. %s", unsigned[0].Detail())
}

// leaveOrWarn is leave. A failure is a warning: the archive is kept in any case.
func (r *archives) leaveOrWarn(ctx context.Context, m *logArchiveModel, head *ledger.Head, id string, member archive.Member, diags *diag.Diagnostics) {
	if err := r.leave(ctx, m, head, id, member); err != nil {
		diags.AddAttributeWarning(path.Root("destination"), "Archive does not know that the resource is gone",
			fmt.Sprintf("The archive at %s is kept, but the ledger still names this resource (%s): %s. A destroy of another resource of this archive with on_destroy = \"delete\" needs the token %q in accept.",
				m.Destination.ValueString(), member.ID, err, "left:"+member.ID))
	}
}

// delete removes the archive.
func (r *archives) delete(ctx context.Context, m *logArchiveModel, head *ledger.Head, member archive.Member, timeout time.Duration, diags *diag.Diagnostics) {
	a, err := r.open(ctx, m, identity{archive: m.ArchiveID.ValueString(), head: head, member: member}, author{actor: r.actor(ctx)}, false, diags)
	if err != nil {
		if !errors.Is(err, errReported) {
			diags.Append(r.archiveError(query.LateFor(err, timeout)))
		}
		return
	}
	defer a.Close()
	deletion, err := a.Delete(ctx)
	if err != nil {
		diags.Append(r.archiveErrors(m, query.LateFor(err, timeout))...)
		return
	}
	diags.Append(remains(m.Destination.ValueString(), deletion)...)
}

// find reads what archive is at a destination.
func (r *archives) find(ctx context.Context, destination string) (*archive.Existing, error) {
	store, err := r.session.OpenBucket(ctx, destination, true)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return archive.Find(ctx, store, r.session.Now())
}

// checkAPIVersion reports zone IDs that the configured API version does not have.
func (r *archives) checkAPIVersion(ctx context.Context, m *logArchiveModel, diags *diag.Diagnostics) {
	q := r.query(ctx, m, diags)
	if r.Layer == teo.L7 {
		r.session.CheckZoneIDs(q, diags)
	}
}
