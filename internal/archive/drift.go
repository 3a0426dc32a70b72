package archive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Drift is how the objects at a destination differ from the ledger.
type Drift struct {
	// Bags are the bags that differ, by folder.
	Bags map[string]*BagDrift

	// Records are commits whose records are missing or damaged, Ledger the older
	// entries that are missing.
	Records []string
	Ledger  []int64

	// Back are lost files that are listed with their length again, and Erased are
	// erased files that are still there.
	Back, Erased []string

	// Remains are folders of bags that were given up or have expired.
	Remains []string

	// Uncommitted are bags that no entry names.
	Uncommitted []Uncommitted

	// Foreign are objects below "dt=" that belong to no bag, or that a bag does not
	// have, at most maxForeignKept for each range of keys. They are not the archive's
	// business.
	Foreign []string
}

// maxForeignKept bounds the foreign objects that are named.
const maxForeignKept = 1000

func (d *Drift) foreign(key string) {
	if len(d.Foreign) < maxForeignKept {
		d.Foreign = append(d.Foreign, key)
	}
}

// BagDrift is how a bag differs from the ledger.
type BagDrift struct {
	// Files maps the payload files that are missing or damaged, relative to the
	// bag, to what is wrong with them.
	Files map[string]string

	// Tags are tag files that are missing or damaged.
	Tags []string

	// Nameless means that neither the bag nor the records of its commit say which
	// packages it has.
	Nameless bool

	packages int // of the bag
}

// Uncommitted is a bag that no entry names.
type Uncommitted struct {
	Folder string
	Newest time.Time // by the store's clock

	// Whole means that the bag has a tagmanifest: it was about to be committed, or
	// entries of the ledger were removed.
	Whole bool
}

// Empty reports whether an apply has nothing to do about the drift.
func (d *Drift) Empty() bool {
	return len(d.Bags)+len(d.Records)+len(d.Ledger)+len(d.Back)+len(d.Erased)+len(d.Remains) == 0
}

// handoff is what a plan hands over to the apply: what to look at again.
type handoff struct {
	Bags        map[string][]string `json:"bags,omitempty"` // folder → files that are damaged
	Records     []string            `json:"records,omitempty"`
	Ledger      []int64             `json:"ledger,omitempty"`
	Back        []string            `json:"back,omitempty"`
	Erased      []string            `json:"erased,omitempty"`
	Remains     []string            `json:"remains,omitempty"`
	Uncommitted []Uncommitted       `json:"uncommitted,omitempty"`
}

// maxHandoff bounds the drift that a plan hands over, in bytes.
const maxHandoff = 1 << 20

// Handoff encodes what an apply looks at again, so that it does not list the
// destination a second time. It is nil if that is too long.
func (d *Drift) Handoff() []byte {
	h := handoff{
		Bags: map[string][]string{}, Records: d.Records, Ledger: d.Ledger, Back: d.Back, Erased: d.Erased, Remains: d.Remains, Uncommitted: d.Uncommitted,
	}
	for folder, b := range d.Bags {
		h.Bags[folder] = sortedKeys(b.Files)
	}
	data, err := json.Marshal(h)
	if err == nil && len(data) > maxHandoff {
		for folder := range h.Bags {
			h.Bags[folder] = nil
		}
		data, err = json.Marshal(h)
	}
	if err != nil || len(data) > maxHandoff {
		return nil
	}
	return data
}

// add adds the drift of another range.
func (d *Drift) add(o *Drift) {
	for folder, b := range o.Bags {
		d.Bags[folder] = b
	}
	d.Records = append(d.Records, o.Records...)
	d.Back = append(d.Back, o.Back...)
	d.Erased = append(d.Erased, o.Erased...)
	d.Remains = append(d.Remains, o.Remains...)
	d.Uncommitted = append(d.Uncommitted, o.Uncommitted...)
	d.Foreign = append(d.Foreign, o.Foreign...)
}

// describe says what an apply does about the drift, a sentence for each kind.
func (d *Drift) describe() []string {
	var lines []string
	for _, folder := range sortedKeys(d.Bags) {
		b := d.Bags[folder]
		if b.Nameless {
			lines = append(lines, fmt.Sprintf("%s has no readable packages.jsonl, and the records of its commit are missing as well; once its loss is accepted, an apply archives those of its packages again that EdgeOne still serves", folder))
			continue
		}
		if paths := sortedKeys(b.Files); len(paths) > 0 {
			verb, object := "are", "them"
			if len(paths) == 1 {
				verb, object = "is", "it"
			}
			// Only a listing, which a plan may not have, tells what EdgeOne still serves.
			lines = append(lines, fmt.Sprintf("%s: %s of %d %s missing or damaged (%s: %s); the next apply downloads %s again if EdgeOne still serves %[7]s",
				folder, printable.Count(len(paths), "file"), b.packages, verb, names(paths), b.Files[paths[0]], object))
		}
		if len(b.Tags) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s missing or damaged (%s) and written again by the next apply", folder, printable.Count(len(b.Tags), "tag file"), names(b.Tags)))
		}
	}
	if len(d.Records) > 0 {
		keys := make([]string, len(d.Records))
		for i, commit := range d.Records {
			keys[i] = ledger.RecordsKey(commit)
		}
		lines = append(lines, fmt.Sprintf("%s of records missing or damaged (%s) and written again by the next apply", printable.Count(len(keys), "file"), names(keys)))
	}
	if len(d.Ledger) > 0 {
		keys := make([]string, len(d.Ledger))
		for i, n := range d.Ledger {
			keys[i] = ledger.Key(n)
		}
		lines = append(lines, fmt.Sprintf("%s of the ledger missing or changed (%s), to be restored from a backup or a version", printable.Count(len(keys), "older entry"), names(keys)))
	}
	if len(d.Back) > 0 {
		lines = append(lines, fmt.Sprintf("%s listed again after a loss (%s), checked by the next apply", printable.Count(len(d.Back), "file"), names(d.Back)))
	}
	if len(d.Erased) > 0 {
		lines = append(lines, fmt.Sprintf("%s erased but still there (%s), removed by the next apply", printable.Count(len(d.Erased), "file"), names(d.Erased)))
	}
	if len(d.Remains) > 0 {
		lines = append(lines, fmt.Sprintf("%s expired or given up but still there (%s), removed by the next apply", printable.Count(len(d.Remains), "bag"), names(d.Remains)))
	}
	return lines
}

// sortOut makes a drift independent of the order in which ranges were listed.
func (d *Drift) sortOut() {
	slices.Sort(d.Back)
	slices.Sort(d.Erased)
	slices.Sort(d.Remains)
	slices.Sort(d.Foreign)
	d.Foreign = slices.Compact(d.Foreign) // a bag that differs is listed twice
	slices.SortFunc(d.Uncommitted, func(a, b Uncommitted) int { return cmp.Compare(a.Folder, b.Folder) })
}

// nameless returns the bags whose packages are not known.
func (d *Drift) nameless() []string {
	var folders []string
	for _, folder := range sortedKeys(d.Bags) {
		if d.Bags[folder].Nameless {
			folders = append(folders, folder)
		}
	}
	return folders
}

// warnings are what a plan and a run say about objects that are not the archive's.
func (d *Drift) warnings(destination string) []Warning {
	var warnings []Warning
	if len(d.Foreign) > 0 {
		warnings = append(warnings, Warning{"Foreign files in the archive", fmt.Sprintf(
			"%s contains %s that the archive has not written: %s. An apply ignores foreign files; a verification reports them.", destination, printable.Count(len(d.Foreign), "file"), names(d.Foreign))})
	}
	var whole []string
	for _, u := range d.Uncommitted {
		if u.Whole {
			whole = append(whole, u.Folder)
		}
	}
	return append(warnings, completeBags(whole)...)
}

// completeBags warns of bags that are complete and that no entry names.
func completeBags(folders []string) []Warning {
	if len(folders) == 0 {
		return nil
	}
	return []Warning{{"Complete bags that no entry names", fmt.Sprintf(
		"%s complete, but not named by any entry of the ledger: %s. A run was interrupted before its commit, or entries were removed from the ledger.", printable.Count(len(folders), "bag"), names(folders))}}
}

// foreignObjects warns of objects in the folder of the ledger that are not its entries.
func foreignObjects(destination string, log *ledger.Log) []Warning {
	if len(log.Foreign) == 0 {
		return nil
	}
	return []Warning{{"Foreign objects in the ledger", fmt.Sprintf(
		"The folder of the ledger in %s contains %s that this archive has not written: %s. Foreign objects are ignored.", destination, printable.Count(len(log.Foreign), "object"), names(log.Foreign))}}
}

// losses are the beginnings of tokens of losses that no listing is needed for.
func (d *Drift) losses() []string {
	var tokens []string
	if len(d.Ledger) > 0 {
		tokens = append(tokens, "ledger@")
	}
	if len(d.Records) > 0 {
		tokens = append(tokens, "records@")
	}
	for _, folder := range d.nameless() {
		tokens = append(tokens, bag.FolderDay(folder)+"@")
	}
	return tokens
}
