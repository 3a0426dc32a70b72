package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Depth says how much Verify reads.
type Depth string

// The depths of a verification.
const (
	// DepthLedger reads the ledger, the tag files and the listing.
	DepthLedger Depth = "ledger"

	// DepthPayload also reads every package.
	DepthPayload Depth = "payload"
)

// MaxProblems is the number of problems that a Report keeps.
const MaxProblems = 1000

// maxListings is how often Verify lists the destination again because runs have
// committed entries in the meantime.
const maxListings = 5

// VerifyOptions control a verification. The zero value verifies everything.
type VerifyOptions struct {
	// Depth is DepthPayload if empty.
	Depth Depth

	// ExpectedHead is the hash of an entry that the ledger must contain; empty
	// for none.
	ExpectedHead string

	// Parallelism is the number of objects that are read at the same time; 0
	// means DefaultParallelism.
	Parallelism int
}

// ProblemKind says what is wrong.
type ProblemKind string

// The kinds of problems. ProblemKinds lists them.
const (
	ProblemNoLedger   ProblemKind = "no_ledger"
	ProblemLedger     ProblemKind = "ledger"
	ProblemHead       ProblemKind = "head"
	ProblemDestroyed  ProblemKind = "destroyed"
	ProblemTags       ProblemKind = "tags"
	ProblemTagFile    ProblemKind = "tag_file"
	ProblemUnfinished ProblemKind = "unfinished"
	ProblemMissing    ProblemKind = "missing"
	ProblemLength     ProblemKind = "length"
	ProblemHash       ProblemKind = "hash"
	ProblemContent    ProblemKind = "content"
	ProblemProvenance ProblemKind = "provenance"
	ProblemForeign    ProblemKind = "foreign"
	ProblemUnreadable ProblemKind = "unreadable"
)

var problemDescriptions = map[ProblemKind]string{
	ProblemNoLedger:   "there is no ledger: the destination is empty, or it is not an archive",
	ProblemLedger:     "an entry of the ledger is missing, malformed, or does not continue the entries before it",
	ProblemHead:       "the expected head is not an entry of the ledger",
	ProblemDestroyed:  "the archive was destroyed",
	ProblemTags:       "the copy of a bag's tag files in `.teo-archive/tags/` is missing or is not what the ledger names",
	ProblemTagFile:    "a tag file of a bag is missing or is not what the ledger names",
	ProblemUnfinished: "a run is in progress or was interrupted; the next apply finishes it",
	ProblemMissing:    "a package is missing",
	ProblemLength:     "a package has another length",
	ProblemHash:       "the SHA-256 of a file is not the recorded one",
	ProblemContent:    "a package is not a valid gzip stream, or its number of lines or bytes is not the recorded one",
	ProblemProvenance: "the record of a package does not say when and where it was downloaded",
	ProblemForeign:    "a file does not belong to the archive",
	ProblemUnreadable: "a file cannot be read",
}

// ProblemKinds returns all kinds, sorted.
func ProblemKinds() []ProblemKind { return slices.Sorted(maps.Keys(problemDescriptions)) }

// Description explains the kind in a few words.
func (k ProblemKind) Description() string { return problemDescriptions[k] }

// Problem is something that is wrong with an archive.
type Problem struct {
	Kind ProblemKind

	// Day is the bag, or empty; Path is the key of the object, or empty.
	Day, Path string

	// Detail says what was expected and what was found.
	Detail string
}

// VerifiedBag is a bag as the newest entry that names it describes it.
type VerifiedBag struct {
	Path              string // folder, such as "dt=2022-05-04/"
	PackageCount      int64
	TotalBytes        int64
	TagManifestSHA256 string
	ManifestSHA256    string // empty if the tag files could not be read
}

// Report is the result of a verification.
type Report struct {
	Head  *Head // nil without a ledger
	Layer teo.Layer

	PackageCount int64
	TotalBytes   int64
	Bags         map[string]VerifiedBag // by UTC day

	// Problems are sorted by day, path and kind. There are at most MaxProblems;
	// ProblemCount is the number of all.
	Problems     []Problem
	ProblemCount int64
}

// Verify checks the archive in a bucket. Everything that is wrong with the archive
// is a problem in the report. The error is for a bucket whose listing, ledger or
// tag files cannot be read, and for a context that ends.
//
// A verification may run at the same time as runs: what a run has not finished
// is at most ProblemUnfinished.
func Verify(ctx context.Context, b bucket.Bucket, o VerifyOptions) (*Report, error) {
	o.Depth = cmp.Or(o.Depth, DepthPayload)
	o.Parallelism = cmp.Or(o.Parallelism, DefaultParallelism)
	chain := newChain(b)
	var v *verification
	for attempt := range maxListings {
		v = &verification{
			bucket: b, options: o, chain: chain, state: newState(),
			history: map[string][]string{}, superseded: map[string]Superseded{}, lost: map[string]bool{}, excused: map[string]bool{}, leftovers: map[string]bool{},
		}
		moved, err := v.structure(ctx, attempt == maxListings-1)
		if err != nil {
			return nil, err
		}
		if !moved {
			break
		}
	}
	if o.Depth == DepthPayload {
		if err := v.payload(ctx); err != nil {
			return nil, err
		}
	}
	return v.report(), nil
}

// verification is one attempt to verify an archive. It first compares the
// listing, the ledger and the tag files (structure), then reads the payload.
type verification struct {
	bucket  bucket.Bucket
	options VerifyOptions
	chain   *chain

	objects map[string]int64            // lengths of all listed objects, by key
	days    map[string]map[string]int64 // lengths of what is in the bags' folders, by day and path
	state   *state
	entries map[string]bool     // hashes of the entries
	history map[string][]string // hashes of a day's former tagmanifests, oldest first
	broken  bool                // the ledger does not say everything

	// What the entries say about packages that are not in the newest bags, for
	// verdict.
	superseded map[string]Superseded
	lost       map[string]bool
	excused    map[string]bool // days with an accepted loss

	// leftovers are keys in the bags' folders that a run wrote and did not
	// commit, or has replaced and not removed yet.
	leftovers map[string]bool

	mu        sync.Mutex
	manifests map[string]string // hashes of the bags' manifests, by day
	problems  []Problem
}

func (v *verification) problem(kind ProblemKind, day, path, format string, arguments ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = append(v.problems, Problem{Kind: kind, Day: day, Path: path, Detail: fmt.Sprintf(format, arguments...)})
}

// structure compares everything but the content of the payload. It reports
// whether an entry was committed in the meantime, so that the listing may be too
// old for the ledger. The last attempt goes on nevertheless.
func (v *verification) structure(ctx context.Context, last bool) (moved bool, err error) {
	if err := v.list(ctx); err != nil {
		return false, err
	}
	// After the listing: whatever a run had written by then is in a checkpoint,
	// or is committed when the ledger is read.
	if err := v.readCheckpoints(ctx); err != nil {
		return false, err
	}
	listed := v.listedEntries()
	newest, err := v.chain.newest(ctx, listed)
	if err != nil || (newest > listed && !last) {
		return true, err
	}
	if err := v.readLedger(ctx, newest); err != nil {
		return false, err
	}
	if err := v.checkOwn(ctx); err != nil {
		return false, err
	}
	if err := v.checkBags(ctx); err != nil {
		return false, err
	}
	v.checkOthers()
	now, err := v.chain.newest(ctx, newest)
	return now > newest, err
}

func (v *verification) list(ctx context.Context) error {
	objects, err := v.bucket.List(ctx, "")
	if err != nil {
		return err
	}
	v.objects = make(map[string]int64, len(objects))
	v.days = map[string]map[string]int64{}
	for _, o := range objects {
		v.objects[o.Key] = o.Size
		if day, path, ok := bagDay(o.Key); ok {
			if v.days[day] == nil {
				v.days[day] = map[string]int64{}
			}
			v.days[day][path] = o.Size
		}
	}
	return nil
}

// readCheckpoints notes the payload of checkpoints as leftovers.
func (v *verification) readCheckpoints(ctx context.Context) error {
	objects, err := v.bucket.List(ctx, checkpointFolder)
	if err != nil {
		return err
	}
	for _, o := range objects {
		data, err := bucket.ReadAll(ctx, v.bucket, o.Key, maxTags)
		if errors.Is(err, bucket.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		records, err := decodeRecords(data)
		if err != nil {
			v.problem(ProblemForeign, "", o.Key, "it is not a checkpoint: %s", err)
		}
		for i := range records {
			v.leftovers[records[i].Key()] = true
		}
	}
	return nil
}

func (v *verification) listedEntries() (newest int64) {
	for key := range v.objects {
		if n, ok := sequenceOf(key); ok {
			newest = max(newest, n)
		}
	}
	return newest
}

// readLedger follows the entries from the first to the newest. What is wrong
// before an entry in which a person accepted the head is not a problem.
func (v *verification) readLedger(ctx context.Context, newest int64) error {
	v.entries = map[string]bool{}
	if newest == 0 {
		v.broken = true
		v.problem(ProblemNoLedger, "", "", "there is no ledger entry below %s", ledgerFolder)
		if v.options.ExpectedHead != "" {
			v.problem(ProblemHead, "", "", "the expected head %s is not an entry, because there is no ledger", v.options.ExpectedHead)
		}
		return nil
	}
	if err := v.fetchEntries(ctx, newest); err != nil {
		return err
	}
	var faults []Problem
	fault := func(sequence int64, format string, arguments ...any) {
		faults = append(faults, Problem{Kind: ProblemLedger, Path: ledgerKey(sequence), Detail: fmt.Sprintf(format, arguments...)})
	}
	for n := int64(1); n <= newest; n++ {
		e, err := v.chain.read(ctx, n)
		if errors.Is(err, bucket.ErrNotExist) {
			fault(n, "entry %d is missing, although there is an entry %d", n, newest)
			v.state.head = Head{Sequence: n}
			continue
		}
		if err != nil {
			return err
		}
		v.entries[e.sha256] = true
		if e.entry == nil {
			fault(n, "it is not a valid entry: %s", e.err)
			v.state.head = Head{Sequence: n, SHA256: e.sha256}
			continue
		}
		for _, a := range e.entry.Accepted {
			if day, _, ok := strings.Cut(a.Token, "@"); ok {
				v.excused[day] = true
				continue
			}
			faults = nil
			clear(v.history)
		}
		for day, next := range e.entry.Bags {
			if b, ok := v.state.bags[day]; ok && (next == nil || next.TagmanifestSHA256 != b.TagmanifestSHA256) {
				v.history[day] = append(v.history[day], b.TagmanifestSHA256)
			}
		}
		for _, l := range e.entry.Lost {
			v.lost[lostKey(l)] = true
		}
		for _, s := range e.entry.Superseded {
			v.leftovers[s.Path] = true
			v.superseded[s.Path+"\n"+s.OldSHA256] = s
			if _, kept := v.objects[supersededKey(s.OldSHA256)]; !s.Extends && !kept {
				day, _, _ := bagDay(s.Path)
				v.problem(ProblemMissing, day, supersededKey(s.OldSHA256), "entry %d replaced %s by other content and kept the former content here", n, s.Path)
			}
		}
		unlinked := v.state.head.Sequence == n-1 && n > 1 && v.state.head.SHA256 == ""
		if err := v.state.apply(e.entry, e.sha256); err != nil && !unlinked {
			fault(n, "%s", err)
		}
	}
	v.problems = append(v.problems, faults...)
	v.broken = len(faults) > 0
	if expected := v.options.ExpectedHead; expected != "" && !v.entries[expected] {
		v.problem(ProblemHead, "", "", "the expected head %s is not among the %d entries of the ledger; the newest has SHA-256 %s", expected, newest, v.state.head.SHA256)
	}
	if v.state.destroyed {
		v.problem(ProblemDestroyed, "", ledgerKey(newest), "the newest entry says that the archive was destroyed")
	}
	return nil
}

// fetchEntries reads many entries at the same time.
func (v *verification) fetchEntries(ctx context.Context, newest int64) error {
	bodies := make([][]byte, newest+1)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Parallelism)
	for n := int64(1); n <= newest; n++ {
		if _, ok := v.chain.entries[n]; ok {
			continue
		}
		group.Go(func() error {
			var err error
			bodies[n], err = bucket.ReadAll(groupCtx, v.bucket, ledgerKey(n), maxEntry)
			if errors.Is(err, bucket.ErrNotExist) {
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for n, data := range bodies {
		if data != nil {
			v.chain.add(int64(n), data)
		}
	}
	return nil
}

// checkOwn checks the objects in the archive's own folder that no bag refers to.
func (v *verification) checkOwn(ctx context.Context) error {
	for _, key := range slices.Sorted(maps.Keys(v.objects)) {
		switch {
		case !strings.HasPrefix(key, ownFolder), ledgerName.MatchString(key), incomingName.MatchString(key),
			checkpointName.MatchString(key), supersededName.MatchString(key):
		case tagsName.MatchString(key):
			m := tagsName.FindStringSubmatch(key)
			if v.state.bags[m[1]].TagmanifestSHA256 == m[2] || slices.Contains(v.history[m[1]], m[2]) {
				continue
			}
			// A run that was interrupted, or lost a race, before its commit.
			if _, err := v.readTags(ctx, m[1], m[2]); errors.As(err, new(*bucket.Error)) && !errors.Is(err, bucket.ErrNotExist) {
				return err
			} else if err != nil {
				v.problem(ProblemForeign, m[1], key, "no entry names it, and it is not a valid copy of tag files: %s", err)
			}
		default:
			v.problem(ProblemForeign, "", key, "it is not an object of the archive")
		}
	}
	return nil
}

// readTags reads a tags object. An error of the bucket is a *bucket.Error or the
// context's cause.
func (v *verification) readTags(ctx context.Context, day, tagmanifest string) (*tagFiles, error) {
	data, err := bucket.ReadAll(ctx, v.bucket, tagsKey(day, tagmanifest), maxTags)
	if err != nil {
		return nil, err
	}
	return decodeTags(day, tagmanifest, data)
}

// bucketFailed reports whether an error is one of the bucket or of the context,
// and not that an object is absent or has the wrong content.
func bucketFailed(ctx context.Context, err error) bool {
	return ctx.Err() != nil || (errors.As(err, new(*bucket.Error)) && !errors.Is(err, bucket.ErrNotExist))
}

// checkBags checks every bag that the ledger names.
func (v *verification) checkBags(ctx context.Context) error {
	v.manifests = map[string]string{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Parallelism)
	for _, day := range slices.Sorted(maps.Keys(v.state.bags)) {
		group.Go(func() error { return v.checkBag(ctx, day) })
	}
	for _, day := range slices.Sorted(maps.Keys(v.history)) {
		group.Go(func() error { return v.checkChanges(ctx, day) })
	}
	return group.Wait()
}

// checkChanges checks that every package of a former bag is in the newest one, or
// that the entries say why not.
func (v *verification) checkChanges(ctx context.Context, day string) error {
	var now []Record
	if b, ok := v.state.bags[day]; ok {
		tags, err := v.readTags(ctx, day, b.TagmanifestSHA256)
		if err != nil {
			if bucketFailed(ctx, err) {
				return err
			}
			return nil // checkBag reports it
		}
		now = tags.records
	}
	newest := recordsByFirst(now)
	reported := map[string]bool{}
	for _, tagmanifest := range v.history[day] {
		former, err := v.readTags(ctx, day, tagmanifest)
		switch {
		case bucketFailed(ctx, err):
			return err
		case err != nil && v.excused[day]:
			continue // the loss of the tag files is accepted
		case err != nil:
			v.problem(ProblemTags, day, tagsKey(day, tagmanifest), "a change of the bag cannot be judged without it: %s", absentOr(err))
			continue
		}
		for i := range former.records {
			r := &former.records[i]
			if reported[r.first()] {
				continue
			}
			is := newest[r.first()]
			switch verdict(r, is, v.superseded, v.lost) {
			case unnamedChange:
				reported[r.first()] = true
				v.problem(ProblemLedger, day, r.Key(), "the package was dropped or changed, and no entry says why")
			case passes:
				if v.options.Depth == DepthLedger || is == nil || is.SHA256 == r.SHA256 || v.lost[lostKey(Lost{Path: r.Key(), SHA256: r.SHA256})] {
					continue
				}
				contained, err := contains(ctx, v.bucket, r, is, v.superseded)
				if err != nil {
					return err
				}
				if !contained {
					reported[r.first()] = true
					v.problem(ProblemLedger, day, is.Key(), "the ledger says that it contains %s, and it cannot be shown that it does", r.Key())
				}
			case otherContent: // the ledger says so
			}
		}
	}
	return nil
}

// checkBag compares the tag files of a bag with the ledger, and its listing with
// the tag files.
func (v *verification) checkBag(ctx context.Context, day string) error {
	b := v.state.bags[day]
	tags, err := v.readTags(ctx, day, b.TagmanifestSHA256)
	switch {
	case bucketFailed(ctx, err):
		return err
	case err != nil:
		v.problem(ProblemTags, day, tagsKey(day, b.TagmanifestSHA256), "%s", absentOr(err))
	}
	// The tagmanifest is written last and read first: if it is the newest one, the
	// others were there before it.
	files := map[string][]byte{}
	for _, name := range slices.Backward(tagNames()) {
		data, err := bucket.ReadAll(ctx, v.bucket, bagFolder(day)+name, maxTags)
		switch {
		case bucketFailed(ctx, err):
			return err
		case err == nil:
			files[name] = data
		}
	}
	if tags != nil {
		if err := v.checkTagFiles(ctx, tags, files); err != nil {
			return err
		}
	} else if tags, err = decodeTagFiles(day, b.TagmanifestSHA256, files); err != nil {
		v.problem(ProblemTagFile, day, bagFolder(day), "%s", err)
		return nil
	}
	if is := tags.bag(b.Sequence); is != b {
		v.problem(ProblemLedger, day, ledgerKey(b.Sequence), "the ledger and the tag files disagree: %d and %d packages, %d and %d bytes", b.Packages, is.Packages, b.Bytes, is.Bytes)
	}
	v.mu.Lock()
	v.manifests[day] = hashOf(tags.files[manifestTxt])
	v.mu.Unlock()
	return v.checkListing(ctx, tags)
}

// absentOr describes an error of reading.
func absentOr(err error) string {
	if errors.Is(err, bucket.ErrNotExist) {
		return "it is missing"
	}
	return err.Error()
}

// checkTagFiles compares the tag files in a bag's folder with those that the
// ledger names. The tagmanifest is written last, so until it is there, a former
// or absent tag file means that a run has not finished.
func (v *verification) checkTagFiles(ctx context.Context, tags *tagFiles, files map[string][]byte) error {
	finished := bytes.Equal(files[tagManifest], tags.files[tagManifest])
	for _, name := range tagNames() {
		data, exists := files[name]
		if exists && bytes.Equal(data, tags.files[name]) {
			continue
		}
		key := bagFolder(tags.day) + name
		kind, detail := ProblemTagFile, "it is missing"
		if exists {
			detail = fmt.Sprintf("its SHA-256 is %s instead of %s", hashOf(data), hashOf(tags.files[name]))
		}
		if exists || !finished {
			// A run that was overtaken may also write a former tag file after
			// the newest tagmanifest; it writes the newest one next.
			former := !exists
			for _, tagmanifest := range v.history[tags.day] {
				old, err := v.readTags(ctx, tags.day, tagmanifest)
				if bucketFailed(ctx, err) {
					return err
				}
				former = former || (err == nil && bytes.Equal(old.files[name], data))
			}
			if former {
				kind, detail = ProblemUnfinished, "the run that committed the bag has not written it yet"
			}
		}
		v.problem(kind, tags.day, key, "%s", detail)
	}
	return nil
}

// checkListing compares the listed files of a bag with its records.
func (v *verification) checkListing(ctx context.Context, tags *tagFiles) error {
	listed := v.days[tags.day]
	named := make(map[string]bool, len(tags.records))
	for i := range tags.records {
		r := &tags.records[i]
		named[r.Path] = true
		length, ok := listed[r.Path]
		if !ok {
			// A listing can be older than what it lists.
			var err error
			if length, err = v.length(ctx, r.Key()); errors.Is(err, bucket.ErrNotExist) {
				v.problem(ProblemMissing, tags.day, r.Key(), "the manifest names it with SHA-256 %s and %d bytes", r.SHA256, r.StoredBytes)
				continue
			} else if err != nil {
				return err
			}
		}
		if length != r.StoredBytes {
			v.problem(ProblemLength, tags.day, r.Key(), "it has %d bytes instead of %d", length, r.StoredBytes)
		}
		if r.RetrievedAt == nil || r.RetrievedAt.IsZero() || r.SourceHost == "" {
			v.problem(ProblemProvenance, tags.day, r.Key(), "its record was rebuilt from the file and does not say when and where it was downloaded")
		}
	}
	for path := range listed {
		if !named[path] && !slices.Contains(tagNames(), path) {
			v.unnamed(tags.day, path)
		}
	}
	return nil
}

// unnamed reports a file in a bag's folder that no manifest names.
func (v *verification) unnamed(day, path string) {
	key := bagFolder(day) + path
	if v.leftovers[key] {
		v.problem(ProblemUnfinished, day, key, "a run has written it and not committed it, or replaced it and not removed it yet")
		return
	}
	v.problem(ProblemForeign, day, key, "no manifest names it")
}

// length reads an object to its end.
func (v *verification) length(ctx context.Context, key string) (int64, error) {
	r, err := v.bucket.Open(ctx, key)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(io.Discard, r)
}

// checkOthers reports what is neither in the archive's own folder nor in a bag
// that the ledger names.
func (v *verification) checkOthers() {
	for key := range v.objects {
		day, path, inBag := bagDay(key)
		switch {
		case strings.HasPrefix(key, ownFolder):
		case !inBag:
			v.problem(ProblemForeign, "", key, "it is not a file of the archive")
		case v.state.bags[day].Sequence > 0:
		case slices.Contains(tagNames(), path) && len(v.history[day]) > 0:
			v.problem(ProblemUnfinished, day, key, "the ledger records that all packages of the day are lost, and the file has not been removed yet")
		case v.broken && (payloadName.MatchString(path) || slices.Contains(tagNames(), path)):
			// It may belong to a bag that only the broken part of the ledger names.
		default:
			v.unnamed(day, path)
		}
	}
}

// payload reads every package and every superseded version.
func (v *verification) payload(ctx context.Context) error {
	type job struct {
		record Record // of a package, or without a path:
		key    string // of a superseded version
	}
	jobs := make(chan job)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(jobs)
		send := func(j job) error {
			select {
			case jobs <- j:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		for _, day := range slices.Sorted(maps.Keys(v.manifests)) {
			tags, err := v.tagsOf(ctx, day)
			if err != nil {
				return err
			}
			for _, r := range tags.records {
				if length, ok := v.days[day][r.Path]; ok && length == r.StoredBytes {
					if err := send(job{record: r}); err != nil {
						return err
					}
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(v.objects)) {
			if supersededName.MatchString(key) {
				if err := send(job{key: key}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for range v.options.Parallelism {
		group.Go(func() error {
			m := newMeter()
			for j := range jobs {
				err := v.checkSuperseded(ctx, j.key)
				if j.key == "" {
					err = v.checkPackage(ctx, m, &j.record)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// tagsOf reads the tag files of a bag again, so that only the days in progress
// are in memory. structure has found them valid in one of the two places.
func (v *verification) tagsOf(ctx context.Context, day string) (*tagFiles, error) {
	b := v.state.bags[day]
	tags, err := v.readTags(ctx, day, b.TagmanifestSHA256)
	if err == nil || bucketFailed(ctx, err) {
		return tags, err
	}
	files := map[string][]byte{}
	for _, name := range tagNames() {
		if files[name], err = bucket.ReadAll(ctx, v.bucket, bagFolder(day)+name, maxTags); err != nil {
			return nil, err
		}
	}
	return decodeTagFiles(day, b.TagmanifestSHA256, files)
}

// checkPackage reads a package and compares it with its record.
func (v *verification) checkPackage(ctx context.Context, m *meter, r *Record) error {
	file, err := v.bucket.Open(ctx, r.Key())
	if err == nil {
		var c content
		c, err = m.copy(nil, file)
		_ = file.Close()
		if err == nil {
			kind := ProblemContent
			if c.stored != r.StoredBytes || c.sha256 != r.SHA256 {
				kind = ProblemHash
			}
			if text := c.differs(r); text != "" {
				v.problem(kind, r.Day(), r.Key(), "%s", text)
			}
			return nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrNotPackage):
		kind := ProblemContent
		if sum, hashErr := v.hash(ctx, r.Key()); hashErr == nil && sum != r.SHA256 {
			kind = ProblemHash
		}
		v.problem(kind, r.Day(), r.Key(), "%s", err)
	case errors.Is(err, bucket.ErrNotExist):
		kind, detail := ProblemMissing, "it was removed during the verification"
		if _, err := bucket.ReadAll(ctx, v.bucket, ledgerKey(v.state.head.Sequence+1), maxEntry); err == nil {
			kind, detail = ProblemUnfinished, "a run replaced it during the verification"
		}
		v.problem(kind, r.Day(), r.Key(), "%s", detail)
	default:
		v.problem(ProblemUnreadable, r.Day(), r.Key(), "%s", err)
	}
	return nil
}

// checkSuperseded reads a superseded version, which is named by its hash.
func (v *verification) checkSuperseded(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	sum, err := v.hash(ctx, key)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		v.problem(ProblemUnreadable, "", key, "%s", err)
	case supersededKey(sum) != key:
		v.problem(ProblemHash, "", key, "its SHA-256 is %s", sum)
	}
	return nil
}

// hash reads an object and returns its SHA-256.
func (v *verification) hash(ctx context.Context, key string) (string, error) {
	file, err := v.bucket.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum, _, err := hashAll(file)
	return sum, err
}

// report sorts and bounds the problems and adds up the bags.
func (v *verification) report() *Report {
	r := &Report{Layer: v.state.layer, Bags: map[string]VerifiedBag{}, ProblemCount: int64(len(v.problems))}
	if v.state.head.Sequence > 0 {
		head := v.state.head
		r.Head = &head
	}
	for day, b := range v.state.bags {
		r.PackageCount += b.Packages
		r.TotalBytes += b.Bytes
		r.Bags[day] = VerifiedBag{
			Path: bagFolder(day), PackageCount: b.Packages, TotalBytes: b.Bytes,
			TagManifestSHA256: b.TagmanifestSHA256, ManifestSHA256: v.manifests[day],
		}
	}
	slices.SortFunc(v.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Day, b.Day), strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Detail, b.Detail))
	})
	r.Problems = slices.Clone(v.problems[:min(len(v.problems), MaxProblems)])
	return r
}
