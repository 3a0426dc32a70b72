package archive

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// Deletion is what Delete did.
type Deletion struct {
	// Removed is the number of objects that were removed.
	Removed int

	// Foreign are objects that do not belong to the archive and were kept.
	Foreign []string

	// Refused are objects of the archive that the store did not remove.
	Refused []string

	// Retention says whether removed objects remain as versions or under a lock.
	Retention bucket.Retention
}

// Delete commits that the archive is destroyed and removes its objects. The
// newest entry must be the witness, or the error is a *FindingsError. A bucket
// without a ledger has nothing to remove.
func (a *Archive) Delete(ctx context.Context) (*Deletion, error) {
	r, err := a.newRun(ctx, a.config.Now())
	if err != nil {
		return nil, err
	}
	v, witness := r.view, a.config.Witness
	if v.state.head.Sequence == 0 && witness == nil {
		return &Deletion{Foreign: slices.Sorted(maps.Keys(v.objects))}, nil
	}
	if !v.state.destroyed {
		var findings []Finding
		if witness == nil || v.state.head != *witness {
			if findings, err = v.judgeHead(ctx, witness, a.config.Accept); err != nil {
				return nil, err
			}
			if len(findings) == 0 {
				findings = []Finding{{
					Kind: FindingHead, Token: headToken(v.state.head, headOf(witness)),
					Message: "the destination was changed since the state was read: its newest entry is " + v.state.head.String() + "; refresh the state first",
				}}
			}
		}
		if open, _ := sortFindings(findings, a.config.Accept); len(open) > 0 {
			return nil, &FindingsError{Findings: open}
		}
		if v.state.head.Sequence > 0 {
			if err := r.commit(ctx, nil, outcome{destroyed: true, snapshot: true}); err != nil {
				return nil, err
			}
		}
	} else if err := r.ownRemoval(ctx); err != nil {
		return nil, err
	}
	return r.remove(ctx)
}

func headOf(witness *Head) Head {
	if witness == nil {
		return Head{}
	}
	return *witness
}

// ownRemoval checks that an interrupted removal is that of the witness.
func (r *run) ownRemoval(ctx context.Context) error {
	witness, head := r.config.Witness, r.view.state.head
	if witness == nil || *witness == head {
		return nil
	}
	e, err := r.view.chain.read(ctx, head.Sequence)
	if err != nil {
		return err
	}
	if e.entry != nil && e.entry.Previous == witness.SHA256 {
		return nil
	}
	f := Finding{Kind: FindingHead, Token: headToken(head, *witness), Message: "another archive than the one of the state was destroyed here"}
	if r.config.Accept[f.Token] != "" {
		return nil
	}
	return &FindingsError{Findings: []Finding{f}}
}

// remove removes the objects of a destroyed archive: payload, tag files, the
// archive's other objects, and the ledger from entry 1 upwards, so that the
// entry that says what happens is the last to go.
func (r *run) remove(ctx context.Context) (*Deletion, error) {
	v, b := r.view, r.config.Bucket
	if err := v.list(ctx); err != nil {
		return nil, err
	}
	payload, err := r.ownPayload(ctx)
	if err != nil {
		return nil, err
	}
	var bags, own, ledger []string
	for _, key := range slices.Sorted(maps.Keys(v.objects)) {
		day, path, inBag := bagDay(key)
		n, isEntry := sequenceOf(key)
		switch {
		case payload[key], inBag && v.hasBag(day) && slices.Contains(tagNames(), path):
			bags = append(bags, key)
		case isEntry && n <= v.state.head.Sequence:
			ledger = append(ledger, key)
		case !isEntry && isOwn(key):
			own = append(own, key)
		}
	}
	d := &Deletion{}
	removed := map[string]bool{}
	for _, key := range slices.Concat(bags, own, ledger) {
		err := b.Remove(ctx, key)
		if ctx.Err() != nil {
			return d, context.Cause(ctx)
		}
		if e, ok := errors.AsType[*bucket.Error](err); err != nil && ok && !e.Permanent() {
			return d, err
		}
		if removed[key] = true; err == nil {
			d.Removed++
		}
	}
	if err := b.Sweep(ctx, 0, bagPrefix, ownFolder); ctx.Err() != nil {
		return d, err
	}
	if d.Retention, err = b.Retention(ctx); err != nil {
		return d, err
	}
	left, err := b.List(ctx, "")
	if err != nil {
		return d, err
	}
	for _, o := range left {
		if removed[o.Key] {
			d.Refused = append(d.Refused, o.Key)
			d.Removed--
		} else {
			d.Foreign = append(d.Foreign, o.Key)
		}
	}
	d.Removed = max(0, d.Removed)
	return d, nil
}

// hasBag reports whether the archive has or had a bag of a day.
func (v *view) hasBag(day string) bool {
	_, ok := v.state.bags[day]
	return ok || v.hadBag(day)
}

// ownPayload returns the keys of payload that the archive wrote: what the newest
// bags name, what checkpoints name, and what earlier bags named.
func (r *run) ownPayload(ctx context.Context) (map[string]bool, error) {
	v := r.view
	own := map[string]bool{}
	list := slices.Collect(maps.Values(v.objects))
	found, err := readCheckpoints(ctx, r.config.Bucket, list)
	if err != nil {
		return nil, err
	}
	for _, records := range found {
		for i := range records {
			own[records[i].Key()] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v.objects)) {
		m := tagsName.FindStringSubmatch(key)
		if m == nil {
			continue
		}
		t, lost, err := v.readTags(ctx, m[1], m[2])
		if err != nil {
			return nil, err
		}
		if lost != nil {
			continue
		}
		for i := range t.records {
			own[t.records[i].Key()] = true
		}
		delete(v.tags, m[1]+m[2])
	}
	return own, nil
}
