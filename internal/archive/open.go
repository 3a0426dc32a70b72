package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Opened is the ledger of an archive, compared with the trusted head.
type Opened struct {
	log *ledger.Log

	// Findings concern the ledger. With any of them, the head of the state stays.
	Findings []Finding

	// Changes describe later entries that are not findings. Warnings concern everything
	// else.
	Changes, Warnings []Warning

	// departs are members that the configuration says are gone.
	departs []string

	// abandons is the head that is given up because a roll-back is accepted.
	abandons *ledger.Rollback

	// accepted are the tokens that the configuration used.
	accepted []string
}

// Summary describes the archive as the ledger has it.
func (v *Opened) Summary(pending int64) *Summary { return summarize(v.log, pending) }

// Accepted reports whether a token is of use: it accepts something that was found,
// or the ledger has recorded it.
func (v *Opened) Accepted(token string) bool {
	return slices.Contains(v.accepted, token) || v.log.State.Accepted[token] != ""
}

// Open reads the ledger and compares it with the trusted head. It lists no packages
// and reads no bags.
//
// The error is ledger.ErrNoArchive or a *ledger.DestroyedError if there is no
// archive, a *ledger.OtherArchiveError, a *DamagedError, or one of the bucket.
func (a *Archive) Open(ctx context.Context) (*Opened, error) {
	c := &a.config
	t := trust{config: c}
	log, err := ledger.Read(ctx, c.Bucket, ledger.ReadOptions{Archive: c.Archive, Trusted: c.Trusted, Now: c.now(), Later: t.later})
	if entry, ok := errors.AsType[*ledger.EntryError](err); ok {
		return nil, &DamagedError{Destination: c.Bucket.String(), Err: entry}
	}
	if err != nil {
		return nil, err
	}
	v := &Opened{log: log, Findings: t.findings, Changes: t.warnings(), accepted: t.accepted}
	if r := log.Rollback; r != nil {
		v.rollback(r, c)
	}
	for _, id := range log.State.Resources {
		if token := leftToken(id); c.Accept[token] != "" && id != c.Member.ID {
			v.departs, v.accepted = append(v.departs, id), append(v.accepted, token)
		}
	}
	v.Warnings = foreignObjects(c.Bucket.String(), log)
	return v, nil
}

// leftToken accepts that a resource, whose state is gone, leaves the archive.
func leftToken(id string) string { return "left:" + id }

// rollback sorts out a ledger that is not a continuation of the trusted head.
func (v *Opened) rollback(r *ledger.Rollback, c *Config) {
	for _, abandoned := range v.log.State.Abandoned {
		if abandoned.Head == r.Trusted && c.Accept[abandoned.Token] != "" {
			v.accepted = append(v.accepted, abandoned.Token)
			return
		}
	}
	if c.Accept[r.Token] != "" {
		v.accepted = append(v.accepted, r.Token)
		v.abandons = r
		return
	}
	what := fmt.Sprintf("its newest entry is %s", r.Newest)
	if r.Newest.Sequence >= r.Trusted.Sequence {
		what = fmt.Sprintf("it has another entry %d, and its newest entry is %s", r.Trusted.Sequence, r.Newest)
	}
	v.Findings = append(v.Findings, Finding{
		Kind: FindingRollback, Token: r.Token,
		Message: fmt.Sprintf("the ledger was rolled back or rewritten: the state knows entry %s, but %s", r.Trusted, what),
	})
}

// trust sorts out the entries after the trusted head.
type trust struct {
	config *Config

	first, last *ledger.Entry
	writers     []string
	bags        int
	superseding int64
	scopes      []string // what changed in scope, resources and heads

	findings []Finding
	accepted []string
}

func (t *trust) later(before *ledger.State, e *ledger.Entry) {
	if t.last = e; t.first == nil {
		t.first = e
	}
	if w := e.Writer(); !slices.Contains(t.writers, w) {
		t.writers = append(t.writers, w)
	}
	t.bags += len(e.Bags)
	for _, b := range e.Bags {
		t.superseding += b.Superseding
	}
	for _, change := range e.Changes(before) {
		switch change.Kind {
		case "scope", "joined", "left", "abandoned":
			t.scopes = append(t.scopes, fmt.Sprintf("Entry %d: %s: %s.", e.Sequence, change.Kind, change.Detail))
		}
	}
	t.losses(before, e)
	t.erasures(e)
	t.expiry(before, e)
}

// losses finds lost and missed packages that this configuration has not accepted.
func (t *trust) losses(before *ledger.State, e *ledger.Entry) {
	for _, token := range e.LossTokens(before) {
		if t.config.Accept[token] != "" {
			t.accepted = append(t.accepted, token)
			continue
		}
		day, _, _ := strings.Cut(token, "@")
		var files []string
		for _, f := range e.Lost {
			if ledger.DayOf(f.Path) == day && f.ReplacedBy == "" {
				files = append(files, f.Path)
			}
		}
		for _, key := range e.Missed {
			if ledger.DayOf(key) == day {
				files = append(files, key)
			}
		}
		t.findings = append(t.findings, Finding{
			Kind: FindingRecorded, Day: day, Files: files, Token: token,
			Message: fmt.Sprintf("entry %d, by %s, accepted the loss of %s of %s: %s", e.Sequence, e.Writer(), printable.Count(len(files), "file"), day, names(files)),
		})
	}
}

func (t *trust) erasures(e *ledger.Entry) {
	var files []string
	reason := ""
	for _, f := range e.Erased {
		folder, path, _ := bag.Split(f.Path)
		if _, ok := t.config.erases(bag.FolderDay(folder), path); !ok {
			files = append(files, f.Path)
			reason = f.Reason
		}
	}
	if len(files) == 0 {
		return
	}
	folder, path, _ := bag.Split(files[0])
	t.findings = append(t.findings, Finding{
		Kind: FindingRecorded, Files: files,
		Message: fmt.Sprintf("entry %d, by %s, erased %s: %s. To accept it, set the same key of erase, such as %q = %q",
			e.Sequence, e.Writer(), printable.Count(len(files), "file"), names(files), bag.Prefix+bag.FolderDay(folder)+"/"+strings.TrimPrefix(path, "data/"), printable.Text(reason, printable.Message)),
	})
}

func (t *trust) expiry(before *ledger.State, e *ledger.Entry) {
	if e.ExpiredThrough == "" {
		return
	}
	if at := t.config.Scope.Expires(e.ExpiredThrough); !at.IsZero() && !at.After(e.WrittenAt) {
		return
	}
	policy := before.Scope
	if e.Scope != nil {
		policy = e.Scope
	}
	days := int64(0)
	if policy != nil {
		days = policy.ExpireAfterDays
	}
	t.findings = append(t.findings, Finding{
		Kind: FindingRecorded, Day: e.ExpiredThrough,
		Message: fmt.Sprintf("entry %d, by %s, let the days up to %s expire. To accept it, set expire_after_days = %d", e.Sequence, e.Writer(), e.ExpiredThrough, days),
	})
}

// warnings say what the entries after the trusted head did.
func (t *trust) warnings() []Warning {
	if t.first == nil {
		return nil
	}
	var warnings []Warning
	if len(t.scopes) > 0 {
		warnings = append(warnings, Warning{"Archive changed elsewhere", strings.Join(t.scopes, "\n")})
	}
	if t.bags > 0 {
		entries := fmt.Sprintf("entry %d", t.first.Sequence)
		if t.first != t.last {
			entries = fmt.Sprintf("entries %d–%d", t.first.Sequence, t.last.Sequence)
		}
		text := fmt.Sprintf("Since the head in the state, %s, by %s, added %s", entries, strings.Join(t.writers, ", "), printable.Count(t.bags, "bag"))
		if t.superseding > 0 {
			verb := "replace"
			if t.superseding == 1 {
				verb = "replaces"
			}
			text += fmt.Sprintf(" (%d %s a current version)", t.superseding, verb)
		}
		warnings = append(warnings, Warning{"Archive was extended elsewhere", text + "."})
	}
	return warnings
}

// Existing describes an archive at a destination, for an import.
type Existing struct {
	Archive   string
	Layer     string
	Scope     ledger.Scope
	Head      ledger.Head
	WrittenAt time.Time

	// ScopeSequence is the number of the entry that set the scope.
	ScopeSequence int64
}

// Find reads what archive is at a destination. The errors are those of Open.
func Find(ctx context.Context, b bucket.Bucket, now time.Time) (*Existing, error) {
	log, err := ledger.Read(ctx, b, ledger.ReadOptions{Now: now.UTC().Truncate(time.Second)})
	if entry, ok := errors.AsType[*ledger.EntryError](err); ok {
		return nil, &DamagedError{Destination: b.String(), Err: entry}
	}
	if err != nil {
		return nil, err
	}
	return &Existing{Archive: log.Archive, Layer: string(log.Layer), Scope: *log.State.Scope, Head: log.Head, WrittenAt: log.WrittenAt, ScopeSequence: log.State.ScopeSequence}, nil
}

// Records returns the records of the current versions of packages that an archive has
// committed for the days from first to last, both included, as far as they are not
// lost, erased or expired. The error is one of Find.
func Records(ctx context.Context, b bucket.Bucket, now time.Time, first, last string) iter.Seq2[bag.Record, error] {
	return func(yield func(bag.Record, error) bool) {
		log, err := ledger.Read(ctx, b, ledger.ReadOptions{Now: now.UTC().Truncate(time.Second)})
		if entry, ok := errors.AsType[*ledger.EntryError](err); ok {
			err = &DamagedError{Destination: b.String(), Err: entry}
		}
		if err != nil {
			yield(bag.Record{}, err)
			return
		}
		days := map[string]bool{}
		for folder := range log.State.Bags {
			if day := bag.FolderDay(folder); day >= first && day <= last {
				days[day] = true
			}
		}
		s := newScanner(b, log, 1, false)
		for _, day := range sortedKeys(days) {
			d, err := readDay(ctx, s, day)
			if err != nil {
				yield(bag.Record{}, err)
				return
			}
			for _, path := range sortedKeys(d.packages) {
				if r := d.packages[path].current(); r != nil && !yield(*r, nil) {
					return
				}
			}
		}
	}
}

// scopeToken accepts that the scope of an entry is replaced.
func scopeToken(sequence int64) string { return fmt.Sprintf("scope:%d", sequence) }

// scopeFinding reports that this resource would change a scope that another resource
// has set: two pipelines would change it in turn for ever.
func (v *Opened) scopeFinding(c *Config) *Finding {
	state := v.log.State
	// After an accepted roll-back, the scope is an older one that the resource knew.
	if c.Trusted == nil || state.Scope.Equal(&c.Scope) || c.Member.ScopeSequence >= state.ScopeSequence {
		return nil
	}
	token := scopeToken(state.ScopeSequence)
	if c.Accept[token] != "" {
		v.accepted = append(v.accepted, token)
		return nil
	}
	return &Finding{
		Kind: FindingScope, Token: token,
		Message: fmt.Sprintf("another resource has set the scope of the archive in entry %d (%s), and this configuration would change it", state.ScopeSequence, state.Scope),
	}
}

// joins checks that a resource without a head may manage the archive that it found.
func (a *Archive) joins(v *Opened) error {
	c := &a.config
	state := v.log.State
	if v.log.Layer != c.Layer {
		return &ScopeError{c.Bucket.String(), fmt.Sprintf("it contains an archive of layer %s", v.log.Layer)}
	}
	if c.Trusted != nil {
		return nil
	}
	if !state.Scope.Equal(&c.Scope) {
		return &ScopeError{c.Bucket.String(), fmt.Sprintf(
			"it contains the archive %s with another scope or policy (%s); import it, or choose another prefix", v.log.Archive, state.Scope)}
	}
	return nil
}
