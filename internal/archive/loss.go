package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// maxOpened is the number of missing packages that a run opens by name, in case
// the listing is not up to date. Of more than these, a sample is opened.
const maxOpened = 100

// errStaleListing ends a run whose listing misses objects that exist.
var errStaleListing = errors.New("the listing of the destination misses objects that exist; run apply again")

// decideLosses finds out which of the missing packages are lost. A loss that is
// accepted is left to the next commit; any other is a finding.
func (r *run) decideLosses(ctx context.Context) error {
	type open struct {
		d      *dayWork
		record Record
	}
	var missing []open
	for _, d := range r.daysWithMissing() {
		b, ok := r.view.state.bags[d.day]
		if !ok {
			clear(d.missing)
			continue
		}
		t, lost, err := r.view.readTags(ctx, d.day, b.TagmanifestSHA256)
		if err != nil {
			return err
		}
		if lost != nil {
			continue
		}
		named := map[string]bool{}
		for _, record := range t.records {
			if named[record.Path] = true; d.missing[record.Path] != "" {
				missing = append(missing, open{d, record})
			}
		}
		for path := range d.missing {
			if !named[path] {
				delete(d.missing, path) // superseded meanwhile
			}
		}
	}
	step := max(1, (len(missing)+maxOpened-1)/maxOpened)
	for i := 0; i < len(missing); i += step {
		m := missing[i]
		sha, err := r.hash(ctx, m.record.Key())
		switch {
		case errors.Is(err, bucket.ErrNotExist) || err == nil && sha != m.record.SHA256:
		case err != nil:
			return err
		case step > 1:
			return errStaleListing
		default:
			delete(m.d.missing, m.record.Path)
		}
	}
	lost := map[*dayWork][]Lost{}
	for _, m := range missing {
		if m.d.missing[m.record.Path] != "" && !slices.Contains(m.d.untried, m.record.Path) {
			lost[m.d] = append(lost[m.d], Lost{Path: m.record.Key(), SHA256: m.record.SHA256, Bytes: m.record.StoredBytes})
		}
	}
	for _, d := range r.daysWithMissing() {
		if len(lost[d]) == 0 {
			continue
		}
		f := lossFinding(d.day, r.view.state.bags[d.day], lost[d], d.missing)
		token := f.Token
		if r.config.Accept[token] == "" {
			// The run itself may have committed the day since a plan has shown
			// the token.
			token = lossToken(d.day, d.sequence, lost[d])
		}
		if reason := r.config.Accept[token]; reason != "" {
			d.accepted = &acceptedLoss{lost: lost[d], token: token, reason: reason}
			if err := r.setAside(ctx, d, lost[d]); err != nil {
				return err
			}
			continue
		}
		r.findings = append(r.findings, f)
	}
	return nil
}

// setAside copies damaged files whose loss is accepted to superseded/, so that
// their bag can be valid without them.
func (r *run) setAside(ctx context.Context, d *dayWork, lost []Lost) error {
	for _, l := range lost {
		err := r.keepAside(ctx, l.Path)
		if err == nil {
			r.removable = append(r.removable, l.Path)
		}
		if err != nil && !errors.Is(err, bucket.ErrNotExist) {
			return err
		}
		_, path, _ := bagDay(l.Path)
		delete(d.missing, path)
	}
	return nil
}

func (r *run) daysWithMissing() []*dayWork {
	var days []*dayWork
	for _, d := range r.days {
		if len(d.missing) > 0 {
			days = append(days, d)
		}
	}
	slices.SortFunc(days, func(a, b *dayWork) int { return strings.Compare(a.day, b.day) })
	return days
}

// lossFinding describes packages of a day that are lost. why says what is wrong
// with each, by path.
func lossFinding(day string, b Bag, lost []Lost, why map[string]string) Finding {
	keys := keysOf(lost)
	slices.Sort(keys)
	_, first, _ := bagDay(keys[0])
	return Finding{
		Kind: FindingLoss, Day: day, Packages: keys, Token: lossToken(day, b.Sequence, lost),
		Message: fmt.Sprintf("archived packages of %s are lost (%d of %d): %s. Reason for the first one: %s", day, len(lost), b.Packages, names(keys), why[first]),
	}
}
