package archive

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Inspection is the state of an archive as a plan sees it.
type Inspection struct {
	// Summary is that of the newest entry. PendingCount is not known and 0. Its
	// head is the newest entry only if that may replace the witness: if nothing
	// was found, and all tag files are those that the ledger names.
	Summary Summary

	// Scope is the newest one in the ledger; nil if there is no ledger.
	Scope *Scope

	// Findings make an apply fail until they are accepted. Those whose token is
	// in Config.Accept are in Accepted instead.
	Findings, Accepted []Finding

	// Foreign are objects in the bags that the newest entry does not name and
	// whose names are not those of packages.
	Foreign []string

	// Work says what a run has to do whatever the service lists, as short
	// phrases; empty if nothing.
	Work []string

	// ScopeChanges means that a run has to record another scope.
	ScopeChanges bool

	archive    *Archive
	view       *view
	conditions map[string]*condition
	stale      bool // entries after the witness changed bags whose tag files are not written
}

// Inspect reads what a plan needs: one listing and a bounded number of small
// objects, however many days are closed. With VerifyPayload it reads every byte.
func (a *Archive) Inspect(ctx context.Context) (*Inspection, error) {
	v, err := scan(ctx, a.config.Bucket)
	if err != nil {
		return nil, err
	}
	if head := v.state.head; head.Sequence > 0 && (a.config.Witness == nil || *a.config.Witness != head) {
		// As in syncHead; but a plan may have no permission to write.
		_ = a.config.Bucket.Sync(ctx, []string{ledgerKey(head.Sequence)})
	}
	i := &Inspection{archive: a, view: v, Summary: *v.state.summary(), conditions: map[string]*condition{}}
	if s := v.state.scope(); s != nil {
		scope := *s
		i.Scope = &scope
	}
	findings, err := v.judgeHead(ctx, a.config.Witness, a.config.Accept)
	if err != nil {
		return nil, err
	}
	if v.state.head.Sequence > 0 && !v.state.destroyed && len(findings) == 0 {
		if i.conditions, err = v.conditions(ctx); err != nil {
			return nil, err
		}
		if a.config.VerifyPayload {
			if err := v.verify(ctx, a.config.Parallelism, i.conditions); err != nil {
				return nil, err
			}
		}
		if err := i.examineManifests(ctx); err != nil {
			return nil, err
		}
		for _, day := range slices.Sorted(maps.Keys(i.conditions)) {
			findings = append(findings, i.judgeDay(i.conditions[day])...)
		}
	}
	if a.config.Witness != nil && (len(findings) > 0 || i.stale) {
		i.Summary.Head = a.config.Witness
	}
	i.Summary.lower(a.config.Scope, obstacles{damaged: i.damaged()})
	i.Findings, i.Accepted = sortFindings(findings, a.config.Accept)
	switch {
	case v.state.head.Sequence == 0:
		i.Work = append(i.Work, "begin the archive")
	case v.state.destroyed:
		i.Work = append(i.Work, "complete the removal of the former archive")
	default:
		i.ScopeChanges = i.Scope != nil && !i.Scope.Equal(a.config.Scope)
	}
	for _, f := range i.Accepted {
		i.Work = append(i.Work, "record the acceptance of "+f.Token)
	}
	return i, nil
}

// examineManifests reads the tagmanifest of each day that entries after the
// witness have changed, see run.suspect.
func (i *Inspection) examineManifests(ctx context.Context) error {
	witness := i.archive.config.Witness
	if witness == nil {
		return nil
	}
	for _, day := range slices.Sorted(maps.Keys(i.view.state.bags)) {
		b := i.view.state.bags[day]
		if b.Sequence <= witness.Sequence {
			continue
		}
		stale, err := i.view.staleManifest(ctx, day, b)
		if err != nil {
			return err
		}
		i.stale = i.stale || stale
		if c := i.conditions[day]; stale && c == nil {
			i.conditions[day] = &condition{day: day, bag: &b, staleTags: true}
		} else if stale {
			c.staleTags = true
		}
	}
	return nil
}

// damaged returns the days with a loss or damage.
func (i *Inspection) damaged() map[string]bool {
	days := map[string]bool{}
	for day, c := range i.conditions {
		days[day] = c.lost != nil || len(c.missing) > 0
	}
	return days
}

// judgeDay returns the findings of a day and adds to what there is to do.
func (i *Inspection) judgeDay(c *condition) []Finding {
	if c.lost != nil {
		return []Finding{i.view.lostTags(c)}
	}
	if c.staleTags {
		i.Work = append(i.Work, "write the tag files of "+c.day)
	}
	if c.staleCopy {
		i.Work = append(i.Work, "write the copy of the tag files of "+c.day)
	}
	payload := 0
	for _, o := range c.extra {
		if _, path, _ := bagDay(o.Key); payloadName.MatchString(path) {
			payload++
		} else {
			i.Foreign = append(i.Foreign, o.Key)
		}
	}
	if payload > 0 {
		i.Work = append(i.Work, fmt.Sprintf("examine files of %s that no manifest names: %d", c.day, payload))
	}
	var lost []Lost
	if c.tags != nil {
		for j := range c.tags.records {
			if r := &c.tags.records[j]; c.missing[r.Path] != "" {
				lost = append(lost, Lost{Path: r.Key(), SHA256: r.SHA256, Bytes: r.StoredBytes})
			}
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return []Finding{lossFinding(c.day, *c.bag, lost, c.missing)}
}

// Pending compares a listing of the service with the inspected archive: work is
// the number of packages that a run at that time would download, and waiting the
// number of those that are not stable yet. sealed reports whether the run would
// change SealedThrough or Complete.
func (i *Inspection) Pending(ctx context.Context, listing []teo.Package, listedAt time.Time) (work, waiting int64, sealed bool, err error) {
	c := &i.archive.config
	t := c.Now().UTC()
	if !listedAt.IsZero() && listedAt.Before(t) {
		t = listedAt.UTC()
	}
	d, err := i.view.compare(ctx, c.Scope, *c.StableAfter, t, listing, i.conditions, nil)
	if err != nil {
		return 0, 0, false, err
	}
	o := obstacles{pending: map[string]bool{}, damaged: i.damaged()}
	for day, n := range d.waiting {
		waiting += int64(n)
		o.pending[day] = true
	}
	through, complete := i.view.state.sealed(c.Scope, *c.StableAfter, t, o)
	return int64(len(d.tasks)), waiting, through != i.view.state.sealedThrough || complete != i.view.state.complete, nil
}

// ReadScope returns the scope and the head of the archive in a bucket, for an
// import. The error is ErrNoArchive if there is none.
func ReadScope(ctx context.Context, b bucket.Bucket) (Scope, *Head, error) {
	v, err := scan(ctx, b)
	if err != nil {
		return Scope{}, nil, err
	}
	if v.state.head.Sequence == 0 || v.state.destroyed || v.state.scope() == nil {
		return Scope{}, nil, ErrNoArchive
	}
	if len(v.broken) > 0 {
		return Scope{}, nil, fmt.Errorf("the ledger contradicts itself: %s", names(v.broken))
	}
	head := v.state.head
	return *v.state.scope(), &head, nil
}

// Records yields the committed records of all days, in order. It stops at an
// error.
func Records(ctx context.Context, b bucket.Bucket) iter.Seq2[Record, error] {
	return RecordsOfDays(ctx, b, "", "")
}

// RecordsOfDays is Records of the UTC days from first to last, such as
// "2022-05-04". The others are not read. Empty means no bound.
func RecordsOfDays(ctx context.Context, b bucket.Bucket, first, last string) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		v, err := scan(ctx, b)
		if err == nil && (v.state.head.Sequence == 0 || v.state.destroyed) {
			err = ErrNoArchive
		}
		if err != nil {
			yield(Record{}, err)
			return
		}
		for _, day := range slices.Sorted(maps.Keys(v.state.bags)) {
			if day < first || last != "" && day > last {
				continue
			}
			t, lost, err := v.readTags(ctx, day, v.state.bags[day].TagmanifestSHA256)
			if err == nil {
				err = lost
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range t.records {
				if !yield(r, nil) {
					return
				}
			}
			delete(v.tags, day+v.state.bags[day].TagmanifestSHA256)
		}
	}
}
