package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// judgeHead checks that the ledger descends from the witness, and judges the
// entries after it. All of its findings have the same token, which accepts the
// current head in place of the witness.
func (v *view) judgeHead(ctx context.Context, witness *Head, accept map[string]string) ([]Finding, error) {
	current, old := v.state.head, Head{}
	if witness != nil {
		old = *witness
	}
	var findings []Finding
	find := func(kind FindingKind, format string, args ...any) {
		findings = append(findings, Finding{Kind: kind, Token: headToken(current, old), Message: fmt.Sprintf(format, args...)})
	}
	if len(v.broken) > 0 {
		find(FindingForgery, "the ledger contradicts itself: %s", names(v.broken))
	}
	if witness == nil {
		return findings, nil
	}
	if current.Sequence < witness.Sequence {
		text := "the destination was rolled back from entry %d to %d"
		if current.Sequence == 0 {
			text += ": it contains no ledger; check that the right folder is mounted"
		}
		find(FindingRollback, text, witness.Sequence, current.Sequence)
		return findings, nil
	}
	at, err := v.chain.read(ctx, witness.Sequence)
	switch {
	case errors.Is(err, bucket.ErrNotExist) && v.state.destroyed:
		find(FindingHead, "the archive was destroyed with entry %d, and its removal was interrupted", current.Sequence)
		return findings, nil
	case errors.Is(err, bucket.ErrNotExist):
		find(FindingForgery, "entry %d, which the state has seen, is missing", witness.Sequence)
		return findings, nil
	case err != nil:
		return nil, err
	case at.sha256 != witness.SHA256:
		find(FindingHead, "entry %d is not the one that the state has seen: the destination contains another archive, or its ledger was rewritten", witness.Sequence)
		return findings, nil
	case current.Sequence == witness.Sequence || len(findings) > 0:
		return findings, nil
	}
	base, broken, err := v.chain.fold(ctx, witness.Sequence)
	if err != nil {
		return nil, err
	}
	if len(broken) > 0 {
		find(FindingForgery, "the ledger contradicts itself: %s", names(broken))
		return findings, nil
	}
	judged, err := v.judgeEntries(ctx, base, accept)
	for i := range judged {
		judged[i].Token = headToken(current, old)
	}
	return append(findings, judged...), err
}

// judgeEntries judges the entries after the state base up to the newest one.
// They pass if they add, recover, or replace by content that extends the former
// one. The token of the findings is left to the caller.
func (v *view) judgeEntries(ctx context.Context, base *state, accept map[string]string) ([]Finding, error) {
	var findings []Finding
	find := func(kind FindingKind, day string, packages []string, format string, args ...any) {
		slices.Sort(packages)
		findings = append(findings, Finding{Kind: kind, Day: day, Packages: packages, Message: fmt.Sprintf(format, args...)})
	}
	superseded := map[string]Superseded{} // by key and hash of the old version
	lost := map[string]bool{}
	after := base.clone()
	acceptances := newAcceptances(base)
	for n := base.head.Sequence + 1; n <= v.state.head.Sequence; n++ {
		e, err := v.chain.read(ctx, n)
		switch {
		case errors.Is(err, bucket.ErrNotExist):
			find(FindingForgery, "", nil, "entry %d is missing", n)
			return findings, nil
		case err != nil:
			return nil, err
		case e.entry == nil:
			find(FindingForgery, "", nil, "entry %d cannot be used: %s", n, e.err)
			return findings, nil
		}
		if fault := after.apply(e.entry, e.sha256); fault != nil {
			find(FindingForgery, "", nil, "the ledger contradicts itself: %s", fault)
		}
		if e.entry.Destroyed {
			find(FindingHead, "", nil, "the archive was destroyed with entry %d", n)
			return findings, nil
		}
		for _, s := range e.entry.Superseded {
			superseded[s.Path+"\n"+s.OldSHA256] = s
		}
		if open := acceptances.open(e.entry, accept); len(open) > 0 {
			find(FindingReplaced, "", keysOf(open), "entry %d records the loss of %d packages, which this configuration has not accepted: %s", n, len(open), names(keysOf(open)))
		}
		for _, l := range e.entry.Lost {
			lost[lostKey(l)] = true
		}
	}
	days := map[string]bool{}
	for day := range base.bags {
		days[day] = true
	}
	for day := range v.state.bags {
		days[day] = true
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		is, exists := v.state.bags[day]
		was, existed := base.bags[day]
		if is == was && exists == existed {
			continue
		}
		var before, now []Record
		if existed {
			t, gone, err := v.readTags(ctx, day, was.TagmanifestSHA256)
			if err != nil {
				return nil, err
			}
			if gone != nil {
				find(FindingForgery, day, nil, "the change of %s cannot be judged: %s", day, gone)
				continue
			}
			before = t.records
		}
		if exists {
			t, gone, err := v.readTags(ctx, day, is.TagmanifestSHA256)
			if err != nil {
				return nil, err
			}
			if gone != nil {
				find(FindingForgery, day, nil, "the ledger names tag files of %s that cannot be read: %s", day, gone)
				continue
			}
			if t.bag(is.Sequence) != is {
				find(FindingForgery, day, nil, "the ledger describes other tag files of %s than those that it names", day)
			}
			now = t.records
		}
		var unnamed, replaced []string
		byFirst := recordsByFirst(now)
		for i := range before {
			r := &before[i]
			n := byFirst[r.first()]
			is := verdict(r, n, superseded, lost)
			if is == passes && n != nil && n.SHA256 != r.SHA256 && !lost[lostKey(Lost{Path: r.Key(), SHA256: r.SHA256})] {
				contained, err := contains(ctx, v.bucket, r, n, superseded)
				if err != nil {
					return nil, err
				}
				if !contained {
					is = otherContent
				}
			}
			switch is {
			case passes:
			case unnamedChange:
				unnamed = append(unnamed, r.Key())
			case otherContent:
				replaced = append(replaced, r.Key())
			}
		}
		if len(unnamed) > 0 {
			find(FindingForgery, day, unnamed, "%d packages of %s were dropped or changed, and no entry says why: %s", len(unnamed), day, names(unnamed))
		}
		if len(replaced) > 0 {
			find(FindingReplaced, day, replaced, "%d packages of %s were replaced by content that does not contain the former one (look for it below %s): %s",
				len(replaced), day, supersededFolder, names(replaced))
		}
	}
	return findings, nil
}

// change is how a package of an earlier bag appears in a later one.
type change int

const (
	passes change = iota
	unnamedChange
	otherContent
)

func verdict(was, is *Record, superseded map[string]Superseded, lost map[string]bool) change {
	if lost[lostKey(Lost{Path: was.Key(), SHA256: was.SHA256})] {
		return passes // also if it has returned, under the name of a later version
	}
	if is != nil && is.SHA256 == was.SHA256 {
		if sameEvidence(was, is) {
			return passes
		}
		return unnamedChange
	}
	// Follow the named replacements from the old version to the new one.
	result := passes
	key, sha := was.Key(), was.SHA256
	for range len(superseded) + 1 {
		s, ok := superseded[key+"\n"+sha]
		if !ok {
			break
		}
		if !s.Extends {
			result = otherContent
		}
		sha = s.NewSHA256
		key = bagFolder(was.Day()) + versionPath(was.first(), sha)
		if is != nil && sha == is.SHA256 {
			return result
		}
		if lost[lostKey(Lost{Path: key, SHA256: sha})] {
			return result
		}
	}
	return unnamedChange
}

// contains reports whether the content of a package starts with that of an
// earlier version, whatever the entries say: for each replacement from one to the
// other, the new file starts with the old one, or the old one is kept.
func contains(ctx context.Context, b bucket.Bucket, was, is *Record, superseded map[string]Superseded) (bool, error) {
	var steps []Superseded
	for key, sha := was.Key(), was.SHA256; sha != is.SHA256; {
		s, ok := superseded[key+"\n"+sha]
		if !ok || len(steps) > len(superseded) {
			return false, nil
		}
		steps = append(steps, s)
		sha = s.NewSHA256
		key = bagFolder(was.Day()) + versionPath(was.first(), sha)
	}
	key, length := is.Key(), is.StoredBytes // where the bytes of the later version are
	for _, s := range slices.Backward(steps) {
		sha, err := hashStart(ctx, b, key, s.OldBytes)
		switch {
		case errors.Is(err, bucket.ErrNotExist) && key == is.Key():
			return true, nil // a package that is missing is another finding
		case err != nil:
			return false, err
		case sha == s.OldSHA256 && s.OldBytes < length:
			length = s.OldBytes
			continue
		}
		kept := supersededKey(s.OldSHA256)
		sha, err = hashStart(ctx, b, kept, s.OldBytes)
		if errors.Is(err, bucket.ErrNotExist) || err == nil && sha != s.OldSHA256 {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if ok, err := extendsContent(ctx, b, key, length, kept); !ok || err != nil {
			return false, err
		}
		key, length = kept, s.OldBytes
	}
	return true, nil
}

// hashStart returns the SHA-256 of the first bytes of an object.
func hashStart(ctx context.Context, b bucket.Bucket, key string, length int64) (string, error) {
	body, err := b.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer body.Close()
	sha, _, err := hashAll(io.LimitReader(body, length))
	return sha, err
}

// extendsContent compares the contents of the first bytes of an object and of an
// earlier version.
func extendsContent(ctx context.Context, b bucket.Bucket, key string, length int64, earlier string) (bool, error) {
	was, err := b.Open(ctx, earlier)
	if err != nil {
		return false, err
	}
	defer was.Close()
	is, err := b.Open(ctx, key)
	if err != nil {
		return false, err
	}
	defer is.Close()
	rel, err := relateContent(was, io.LimitReader(is, length))
	return err == nil && rel == extends, nil
}

// sameEvidence reports whether two records of the same bytes say the same, apart
// from the size that the service listed last.
func sameEvidence(a, b *Record) bool {
	same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
	return a.Path == b.Path && a.Layer == b.Layer && a.Host() == b.Host() && a.Area == b.Area && a.Name == b.Name &&
		a.Start.Equal(b.Start) && a.End.Equal(b.End) && a.StoredBytes == b.StoredBytes && a.UncompressedBytes == b.UncompressedBytes &&
		a.Lines == b.Lines && a.GzipMembers == b.GzipMembers && same(a.RetrievedAt, b.RetrievedAt) && equalSize(a.Size, b.Size) &&
		a.SourceScheme == b.SourceScheme && a.SourceHost == b.SourceHost && a.SourcePath == b.SourcePath && a.RequestID == b.RequestID &&
		slices.Equal(a.Supersedes, b.Supersedes)
}

func equalSize(a, b *int64) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func recordsByFirst(records []Record) map[string]*Record {
	m := make(map[string]*Record, len(records))
	for i := range records {
		m[records[i].first()] = &records[i]
	}
	return m
}

func keysOf(lost []Lost) []string {
	keys := make([]string, len(lost))
	for i, l := range lost {
		keys[i] = l.Path
	}
	return keys
}

// acceptances finds out which of the losses that entries record are accepted.
type acceptances struct {
	sequences map[string][]int64 // of the bags of each day
	used      map[string]bool    // tokens
}

func newAcceptances(base *state) *acceptances {
	a := &acceptances{sequences: map[string][]int64{}, used: map[string]bool{}}
	for day, b := range base.bags {
		a.sequences[day] = []int64{b.Sequence}
	}
	return a
}

// open returns the losses of an entry that are not accepted. A loss is accepted
// by the token of exactly these packages of a bag since the base, if both the
// entry and the configuration have it and no entry before has used it.
func (a *acceptances) open(e *Entry, accept map[string]string) (open []Lost) {
	byDay := map[string][]Lost{}
	for _, l := range e.Lost {
		day, _, _ := bagDay(l.Path)
		byDay[day] = append(byDay[day], l)
	}
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		accepted := slices.ContainsFunc(a.sequences[day], func(sequence int64) bool {
			token := lossToken(day, sequence, byDay[day])
			recorded := slices.ContainsFunc(e.Accepted, func(r Acceptance) bool { return r.Token == token })
			return recorded && accept[token] != "" && !a.used[token]
		})
		if !accepted {
			open = append(open, byDay[day]...)
		}
	}
	for _, r := range e.Accepted {
		a.used[r.Token] = true
	}
	for day, b := range e.Bags {
		if b != nil {
			a.sequences[day] = append(a.sequences[day], b.Sequence)
		}
	}
	return open
}

// sortFindings divides findings into those that are accepted and those that are not.
func sortFindings(findings []Finding, accept map[string]string) (open, accepted []Finding) {
	for _, f := range findings {
		if reason := accept[f.Token]; reason != "" {
			accepted = append(accepted, f)
		} else {
			open = append(open, f)
		}
	}
	return open, accepted
}
