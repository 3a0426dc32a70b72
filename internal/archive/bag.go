package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// bag is a day as it was found.
type bag struct {
	day string

	// records and info are those of the seal, if it is whole, else those of the
	// bag's own files.
	records []Record
	info    bagInfo

	// standing are the hashes of the tag files as they are; a missing one has
	// none. sealed are those that they should have.
	standing, sealed map[string]string

	// seal is nil where there is no whole one.
	seal *seal

	// unapplied: the tag files are not as the seal says, or bytes wait aside.
	unapplied bool

	// doubtful are packages that only one damaged file vouches for. Their bytes
	// must be read before they are taken for archived.
	doubtful []doubt

	problems []Problem
}

// readBag reads what is known of a day.
func (v *view) readBag(ctx context.Context, day string) (*bag, error) {
	b := &bag{day: day, standing: map[string]string{}}
	files := map[string][]byte{}
	for _, name := range tagFiles() {
		key := bagFolder(day) + name
		if _, ok := v.sizes[key]; !ok {
			continue
		}
		data, err := v.store.get(ctx, key)
		if err != nil {
			return nil, err
		}
		files[name], b.standing[name] = data, hashOf(data)
	}
	if _, ok := v.sizes[sealKey(day)]; ok {
		data, err := v.store.get(ctx, sealKey(day))
		if err != nil {
			return nil, err
		}
		b.seal, err = decodeSeal(data)
		if errors.Is(err, errNewer) {
			return nil, v.store.failed(ctx, "use", sealKey(day), err)
		}
		if err != nil {
			b.seal = nil
			b.problem(Changed, sealKey(day), err.Error())
		}
	}
	switch {
	case b.seal != nil:
		b.compare(v.sizes)
		for name, text := range b.seal.Files {
			files[name] = []byte(text)
		}
		b.sealed = b.seal.hashes()
		b.records, _ = decodeLines[Record](files[packagesTxt])
		b.info, _ = decodeBagInfo(files[bagInfoTxt])
	case len(files) > 0:
		b.sealed = b.standing
		b.examine(files)
	}
	b.records = slices.DeleteFunc(b.records, func(r Record) bool { return !r.credible(day) })
	return b, nil
}

func (b *bag) problem(kind ProblemKind, path, detail string) {
	b.problems = append(b.problems, Problem{Kind: kind, Day: b.day, Path: path, Detail: detail})
}

// compare holds the tag files against a whole seal.
func (b *bag) compare(sizes map[string]int64) {
	for _, name := range tagFiles() {
		is, path := b.standing[name], bagFolder(b.day)+name
		switch {
		case is == hashOf([]byte(b.seal.Files[name])):
			continue
		case is == b.seal.Was[name]:
			b.problem(Unfinished, path, "the last run did not come to write it")
		case is == "":
			b.problem(Changed, path, "it is missing")
		default:
			b.problem(Changed, path, "it is not as the archive wrote it")
		}
		b.unapplied = true
	}
	for _, m := range b.seal.Moves {
		if _, ok := sizes[m.From]; ok {
			b.problem(Unfinished, m.To, "the last run did not come to replace it")
			b.unapplied = true
		}
	}
}

// examine reads a bag that no seal vouches for. A package that manifest and
// packages.jsonl agree on is archived, whatever else is damaged.
func (b *bag) examine(files map[string][]byte) {
	flaw := func(name string, format string, args ...any) {
		b.problem(Changed, bagFolder(b.day)+name, fmt.Sprintf(format, args...))
	}
	tags, err := decodeManifest(files[tagManifest])
	if err != nil {
		flaw(tagManifest, "it is damaged: %s", err)
	}
	for _, name := range tagFiles() {
		switch {
		case b.standing[name] == "":
			flaw(name, "it is missing")
		case name != tagManifest && tags[name] == "":
			flaw(tagManifest, "it does not name %s", name)
		case name != tagManifest && tags[name] != b.standing[name]:
			flaw(name, "its hash is not the one in %s", tagManifest)
		}
	}
	if b.info, err = decodeBagInfo(files[bagInfoTxt]); err != nil && files[bagInfoTxt] != nil {
		flaw(bagInfoTxt, "it is damaged: %s", err)
	}
	hashes, err := decodeManifest(files[manifestTxt])
	if err != nil {
		flaw(manifestTxt, "it is damaged: %s", err)
	}
	records, err := decodeLines[Record](files[packagesTxt])
	if err != nil {
		flaw(packagesTxt, "it is damaged: %s", err)
	}
	for _, r := range records {
		switch hash, both := hashes[r.Path]; {
		case !r.credible(b.day):
			flaw(packagesTxt, "it holds a line that is none of this bag")
			continue
		case both && hash == r.SHA256:
			b.records = append(b.records, r)
		default:
			flaw(packagesTxt, "%s disagrees on %s", manifestTxt, r.Path)
			b.doubtful = append(b.doubtful, doubt{Record: r, other: hash})
		}
		delete(hashes, r.Path)
	}
	for _, path := range slices.Sorted(maps.Keys(hashes)) {
		flaw(manifestTxt, "%s says nothing of %s", packagesTxt, path)
		if insidePayload(path) {
			b.doubtful = append(b.doubtful, doubt{Record: Record{Path: path, SHA256: hashes[path]}})
		}
	}
}

// summary is the bag as its tag files describe it.
func (b *bag) summary() Bag {
	s := Bag{Path: bagFolder(b.day), PackageCount: len(b.records), ManifestSHA256: b.sealed[manifestTxt]}
	for i := range b.records {
		s.TotalBytes += b.records[i].StoredBytes
	}
	return s
}
