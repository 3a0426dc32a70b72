package verifytest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// base returns the archive that is tampered with: two days, of which one has a
// superseded version and the other a lost one.
func base(t *testing.T) *history {
	h := newHistory(t, func(s *ledger.Scope) { s.ExpireAfterDays = 60 })
	h.day("2022-05-01", 3)
	h.supersede("2022-05-01", 1)
	h.day("2022-05-02", 3)
	h.lose(file(h.last("2022-05-02", 1), 1))
	h.remove(h.last("2022-05-02", 1).Key())
	return h
}

// middle makes an entry the one before the newest: an invalid newest object would be
// no entry at all.
func (h *history) middle() { h.tamper(nil) }

// text changes an entry whose encoded form is changed.
func text(old, replacement string) func(*history) {
	return func(h *history) {
		h.tamperText(nil, nil, func(s string) string {
			if !strings.Contains(s, old) {
				h.Fatalf("the entry does not contain %q:\n%s", old, s)
			}
			return strings.Replace(s, old, replacement, 1)
		})
		h.middle()
	}
}

// entry changes an entry with fields that break a rule.
func entry(change func(*ledger.Entry)) func(*history) {
	return func(h *history) { h.tamper(change) }
}

// fields is entry for fields that depend on the archive.
func fields(change func(*history, *ledger.Entry)) func(*history) {
	return func(h *history) { h.tamper(func(e *ledger.Entry) { change(h, e) }); h.middle() }
}

// added changes an entry with a bag of one package, after a change of the entry.
func added(date string, change func(*history, *ledger.Entry, *builtBag)) func(*history) {
	return func(h *history) {
		b := h.bag(date, pkg{host: "www.example.com", hour: 7, content: "new\n"})
		h.tamper(func(e *ledger.Entry) {
			if change != nil {
				change(h, e, b)
			}
		}, b)
	}
}

// lines changes an entry with a bag whose packages.jsonl and records are changed, and
// whose hashes all agree with that.
func lines(change func(string) string) func(*history) {
	return func(h *history) {
		b := h.bag("2022-05-03", pkg{host: "a.example.com", hour: 7, content: "a\n"}, pkg{host: "b.example.com", hour: 7, content: "b\n"})
		files := map[string]string{}
		for name, data := range b.tags.Files() {
			files[name] = string(data)
		}
		old := files["packages.jsonl"]
		files["packages.jsonl"] = change(old)
		if files["packages.jsonl"] == old {
			h.Fatal("nothing was changed")
		}
		h.tamper(func(e *ledger.Entry) { h.rewrite(e, b, files) }, b)
	}
}

// rewrite writes other tag files than those of the records, with the hashes for them.
func (h *history) rewrite(e *ledger.Entry, b *builtBag, files map[string]string) {
	tags := ""
	for _, name := range []string{"bag-info.txt", "bagit.txt", "manifest-sha256.txt", "packages.jsonl"} {
		tags += hashOf([]byte(files[name])) + "  " + name + "\n"
	}
	files["tagmanifest-sha256.txt"] = tags
	lengths := map[string]int64{}
	for p, data := range b.content {
		lengths[p] = int64(len(data))
	}
	for name, data := range files {
		lengths[name] = int64(len(data))
		h.write(b.folder+"/"+name, []byte(data))
	}
	says := e.Bags[b.folder]
	says.TagmanifestSHA256, says.ListingSHA256 = hashOf([]byte(tags)), bag.ListingSHA256(lengths)
	e.Bags[b.folder] = says
	records := files["packages.jsonl"]
	e.Records = &ledger.Records{SHA256: hashOf([]byte(records)), Bytes: int64(len(records))}
	h.write(ledger.RecordsKey(e.Commit), []byte(records))
}

// tampering is an archive that somebody has changed.
type tampering struct {
	name   string
	change func(*history)

	// says is a part of what verify.sh says about it. Empty means that it is valid.
	says string

	// head is what it says with the head that was noted before the change; as says if
	// it is empty.
	head string
}

func tamperings() []tampering {
	return []tampering{
		// The form of an entry.
		{"a changed byte", func(h *history) { h.replace(ledger.Key(3), `"agent": "t`, `"agent": "T`) }, "does not contain the hash", ""},
		{"other white space", text(`"layer": "l7"`, `"layer":  "l7"`), "form", ""},
		{"another order of keys", text("  \"layer\": \"l7\",\n  \"sequence\": 6,\n", "  \"sequence\": 6,\n  \"layer\": \"l7\",\n"), "form", ""},
		{"an unknown field", text("  \"agent\"", "  \"also\": true,\n  \"agent\""), "form", ""},
		{"a field twice", text("  \"sequence\": 6,\n", "  \"sequence\": 6,\n  \"sequence\": 6,\n"), "form", ""},
		{"carriage returns", text("{\n", "{\r\n"), "0000000006.json: ", ""},
		{"no newline at the end", text("\n}\n", "\n}"), "cut short", ""},
		{"bytes behind the end", text("\n}\n", "\n}\n\n"), "form", ""},
		{"text that is not ASCII", text(`/test"`, `/tést"`), "form", ""},
		{"a needless escape", text(`/test"`, `/\u0074est"`), "form", ""},
		{"a number in another form", text(`"sequence": 6`, `"sequence": 06`), "sequence", ""},
		{"an empty field", text("  \"written_at\"", "  \"joined\": [],\n  \"written_at\""), "form", ""},
		{"a missing comma", text(`"layer": "l7",`, `"layer": "l7"`), "form", ""},
		{"another format", entryBefore(func(e *ledger.Entry) { e.Format = "teo-archive/1" }), "format", ""},
		{"an unknown layer", entryBefore(func(e *ledger.Entry) { e.Layer = "l3" }), "layer", ""},
		{"a commit ID that is none", entryBefore(func(e *ledger.Entry) { e.Commit = "1" }), "IDs", ""},
		{"a part of a second", entryBefore(func(e *ledger.Entry) { e.WrittenAt = clock.Add(time.Millisecond) }), "written_at", ""},
		{"a day that does not exist", entryBefore(func(e *ledger.Entry) { e.SealedThrough = new("2022-06-31") }), "is not a day", ""},
		{"the sequence of another entry", func(h *history) { h.write(ledger.Key(4), h.read(ledger.Key(3))) }, "sequence 3", ""},
		{"a set that is not sorted", entryBefore(func(e *ledger.Entry) { e.Joined = []string{secondID, firstID} }), "not a sorted set", ""},
		{"the same element twice", entryBefore(func(e *ledger.Entry) {
			e.GivenUp = []string{"dt=2022-05-01/bag=aaaaaaaa", "dt=2022-05-01/bag=aaaaaaaa"}
		}), "not a sorted set", ""},
		{"records without bags", entryBefore(func(e *ledger.Entry) { e.Records = &ledger.Records{SHA256: strings.Repeat("0", 64), Bytes: 1} }), "records without bags", ""},
		{"a scope without sealed_through", fieldsBefore(func(h *history, e *ledger.Entry) { e.Scope = &h.scope }), "scope without sealed_through", ""},
		{"a window that ends before it starts", fieldsBefore(func(h *history, e *ledger.Entry) {
			scope := h.scope
			scope.End = new(day("2022-04-01"))
			e.Scope, e.SealedThrough = &scope, new("")
		}), "does not end after it starts", ""},
		{"an acceptance without a reason", entryBefore(func(e *ledger.Entry) { e.Accepted = []ledger.Acceptance{{Token: "x"}} }), "accepted", ""},
		{"an unexpected snapshot", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Snapshot = h.log.State.Clone() }, nil)
			h.middle()
		}, "snapshot", ""},
		{"no snapshot", func(h *history) {
			h.tamperUntil(25)
			h.tamperText(nil, func(e *ledger.Entry) { e.Snapshot = nil }, nil)
			h.middle()
		}, "snapshot", ""},
		{"an oversized entry", func(h *history) {
			if err := os.Truncate(filepath.Join(h.dir, ledger.Key(3)), ledger.MaxEntry+1); err != nil {
				h.Fatal(err)
			}
		}, "0000000003.json", ""},

		// The chain of the entries.
		{"a missing entry", func(h *history) { h.remove(ledger.Key(3)) }, "Missing: .teo-archive/ledger/0000000003.json", ""},
		{"a missing first entry", func(h *history) { h.remove(ledger.Key(1)) }, "0000000001.json", ""},
		{"no ledger", func(h *history) { h.remove(".teo-archive/ledger") }, "no ledger", ""},
		{"a removed newest entry", func(h *history) { h.remove(ledger.Key(5)) }, "Missing: dt=2022-05-02", "rolled back"},
		{"a removed newest entry that changed nothing of a bag", func(h *history) { h.middle(); h.middle(); h.remove(ledger.Key(7)) }, "", ""},
		{"an entry of another archive", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Archive = firstID }, nil)
			h.middle()
		}, "another archive", ""},
		{"a newest entry of another archive", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Archive = firstID }, nil)
		}, "", ""},
		{"an entry far above the newest", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Sequence = 9_999_999_999 }, nil)
		}, "Missing: .teo-archive/ledger/0000000006.json", ""},
		{"another hash of the entry before", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Previous = strings.Repeat("0", 64) }, nil)
		}, "does not contain the hash", ""},
		{"another tree", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Tree[0] = strings.Repeat("0", 64) }, nil)
		}, "its tree", ""},
		{"a tree that is too short", func(h *history) {
			h.tamperText(nil, func(e *ledger.Entry) { e.Tree = e.Tree[:1] }, nil)
		}, "its tree", ""},
		{"a snapshot with another bag", func(h *history) {
			h.tamperUntil(25)
			h.tamperText(nil, func(e *ledger.Entry) {
				b := e.Snapshot.Bags[h.records[0].Bag]
				b.Bytes++
				e.Snapshot.Bags[h.records[0].Bag] = b
			}, nil)
		}, "snapshot differs", ""},
		{"a snapshot without a loss", func(h *history) {
			h.tamperUntil(25)
			h.tamperText(nil, func(e *ledger.Entry) { clear(e.Snapshot.Lost) }, nil)
		}, "snapshot differs", ""},
		{"a destroyed archive", entry(func(e *ledger.Entry) { e.Left, e.Destroyed = []string{firstID}, true }), "destroyed", ""},
		{"an entry after the end", func(h *history) {
			h.tamper(func(e *ledger.Entry) { e.Left, e.Destroyed = []string{firstID}, true })
			h.middle()
		}, "destroyed", ""},
		{"a history that was written anew", func(h *history) {
			h.remove(".teo-archive")
			for _, name := range []string{"dt=2022-05-01", "dt=2022-05-02"} {
				h.remove(name)
			}
			h.records, h.bags, h.commits = nil, 100, 100
			h.begin()
			h.day("2022-05-01", 3)
		}, "", "rolled back"},

		// Bags.
		{"a folder twice", func(h *history) {
			h.bags = 0
			h.tamper(nil, h.bag("2022-05-01", pkg{host: "www.example.com", hour: 7, content: "new\n"}))
		}, "again", ""},
		{"a folder that was given up", func(h *history) {
			h.commit(func(e *ledger.Entry) { e.GivenUp = []string{bag.Folder("2022-05-03", "00000004")} })
			added("2022-05-03", nil)(h)
		}, "again", ""},
		{"a bag of an expired day", func(h *history) {
			h.commit(func(e *ledger.Entry) { e.ExpiredThrough = "2022-05-01" })
			added("2022-05-01", nil)(h)
		}, "expired", ""},
		{"a commit ID twice", added("2022-05-03", func(h *history, e *ledger.Entry, _ *builtBag) {
			h.write(ledger.RecordsKey("00000000000000000000000000000002"), h.read(ledger.RecordsKey(e.Commit)))
			e.Commit = "00000000000000000000000000000002"
		}), "again", ""},
		{"a committed bag that is given up", fields(func(h *history, e *ledger.Entry) { e.GivenUp = []string{h.records[0].Bag} }), "gives up", ""},
		{"another number of packages", bagSays(func(b *ledger.Bag) { b.Packages++ }), "other numbers", ""},
		{"another number of bytes", bagSays(func(b *ledger.Bag) { b.Bytes++ }), "other numbers", ""},
		{"another tagmanifest", bagSays(func(b *ledger.Bag) { b.TagmanifestSHA256 = strings.Repeat("0", 64) }), "tagmanifest", ""},
		{"another listing", bagSays(func(b *ledger.Bag) { b.ListingSHA256 = strings.Repeat("0", 64) }), "listing", ""},
		{"a version that replaces nothing", bagSays(func(b *ledger.Bag) { b.Superseding = 1 }), "replaces", ""},
		{"too many replaced versions", func(h *history) {
			former := h.last("2022-05-02", 0)
			b := h.bag("2022-05-02", pkg{host: "www.example.com", content: "new\n", former: former}, pkg{host: "a.example.com", content: "a\n"})
			b.superseding = 2
			h.tamper(nil, b)
		}, "replaces 1 current versions instead of 2", ""},

		// Records.
		{"changed records", func(h *history) { h.replace(h.recordsOf(2), `"lines":1`, `"lines":2`) }, "records", ""},
		{"missing records", func(h *history) { h.remove(h.recordsOf(2)) }, "Missing: .teo-archive/records/", ""},
		{"another length of the records", added("2022-05-03", func(_ *history, e *ledger.Entry, _ *builtBag) { e.Records.Bytes++ }), "another length", ""},
		{"records in another form", lines(func(s string) string { return strings.Replace(s, `"lines":1,`, `"lines": 1,`, 1) }), "form", ""},
		{"records in another order", lines(func(s string) string { a, b, _ := strings.Cut(s, "\n"); return b + a + "\n" }), "order", ""},
		{"the path of another package", lines(func(s string) string { return strings.Replace(s, "domain=a.example", "domain=c.example", 1) }), "path", ""},
		{"the path of another hour", lines(func(s string) string { return strings.Replace(s, "/hour=07/", "/hour=08/", 1) }), "path", ""},
		{"a record of another day", lines(func(s string) string { return strings.ReplaceAll(s, "2022-05-03T07", "2022-05-04T07") }), "day", ""},
		{"impossible counts", lines(func(s string) string { return strings.Replace(s, `"lines":1,`, `"lines":9,`, 1) }), "counts", ""},
		{"a record without content", lines(func(s string) string { return strings.Replace(s, `"gzip_members":1,`, `"gzip_members":0,`, 1) }), "gzip members", ""},
		{"records of another bag", lines(func(s string) string { return strings.Replace(s, "bag=00000004", "bag=0000000f", 1) }), "no bag of the commit", ""},
		{"another bag-info.txt", func(h *history) {
			b := h.bag("2022-05-03", hours(1, "x")...)
			files := map[string]string{}
			for name, data := range b.tags.Files() {
				files[name] = string(data)
			}
			files["bag-info.txt"] += "Contact-Name: nobody\n"
			h.tamper(func(e *ledger.Entry) { h.rewrite(e, b, files) }, b)
		}, "bag-info.txt", ""},

		// Versions.
		{"a version that names no former one", func(h *history) {
			h.tamper(nil, h.bag("2022-05-02", pkg{host: "www.example.com", content: "new\n"}))
		}, "does not supersede", ""},
		{"a version that names the first of two", func(h *history) {
			h.tamper(nil, h.bag("2022-05-01", pkg{host: "www.example.com", hour: 1, content: "new\n", former: &h.records[1]}))
		}, "does not supersede", ""},
		{"a version that names one which does not exist", func(h *history) {
			r := *h.last("2022-05-02", 0)
			r.Bag, r.Path = bag.Folder("2022-05-02", "0000000e"), strings.ReplaceAll(r.Path, "00", "07")
			h.tamper(nil, h.bag("2022-05-02", pkg{host: "www.example.com", hour: 7, content: "new\n", edit: func(n *bag.Record) {
				n.Supersedes = &bag.Superseded{Path: r.Bag + "/" + n.Path, SHA256: r.SHA256}
			}}))
		}, "does not have", ""},
		{"the same bytes again", func(h *history) {
			former := h.last("2022-05-02", 0)
			h.tamper(nil, h.bag("2022-05-02", pkg{host: "www.example.com", content: "first 0\n", former: former, extends: true}))
		}, "same bytes", ""},
		{"an erased package again", func(h *history) {
			h.erase(h.last("2022-05-02", 0), 1)
			h.tamper(nil, h.bag("2022-05-02", pkg{host: "www.example.com", content: "new\n"}))
		}, "erased", ""},

		// Losses.
		{"a loss of a file that no bag has", fields(func(h *history, e *ledger.Entry) {
			f := file(h.last("2022-05-02", 0), 0)
			f.Path = strings.Replace(f.Path, bag.FolderDay(f.Path), "2022-05-07", 1)
			h.losing(f)(e)
		}), "no bag has", ""},
		{"a loss of a file that no record names", fields(func(h *history, e *ledger.Entry) {
			f := file(h.last("2022-05-02", 0), 0)
			f.Path = strings.ReplaceAll(f.Path, "www.", "ftp.")
			h.losing(f)(e)
		}), "not a file with these bytes", ""},
		{"a loss with another hash", fields(func(h *history, e *ledger.Entry) {
			f := file(h.last("2022-05-02", 0), 1)
			f.SHA256 = strings.Repeat("0", 64)
			h.losing(f)(e)
		}), "not a file with these bytes", ""},
		{"a loss twice", fields(func(h *history, e *ledger.Entry) { h.losing(file(h.last("2022-05-02", 1), 0))(e) }), "lost or erased already", ""},
		{"a loss without a token", fields(func(h *history, e *ledger.Entry) { e.Lost = []ledger.File{file(h.last("2022-05-02", 0), 1)} }), "without the token", ""},
		{"the token of an older loss", fields(func(h *history, e *ledger.Entry) {
			h.losing(file(h.last("2022-05-02", 0), 1))(e)
			e.Accepted[0].Token = strings.Replace(e.Accepted[0].Token, "@5:", "@4:", 1)
		}), "without the token", ""},
		{"the token of other files", fields(func(h *history, e *ledger.Entry) {
			h.losing(file(h.last("2022-05-02", 0), 1))(e)
			e.Lost = append(e.Lost, file(h.last("2022-05-02", 2), 1))
		}), "without the token", ""},
		{"a loss that was not current", fields(func(h *history, e *ledger.Entry) { h.losing(file(h.last("2022-05-02", 0), 0))(e) }), "current version", ""},
		{"a superseded version that was current", fields(func(h *history, e *ledger.Entry) { h.losing(file(&h.records[1], 1))(e) }), "current version", ""},
		{"a lost bag with fewer packages", fields(func(h *history, e *ledger.Entry) { h.losing(h.whole(h.records[0].Bag, 0))(e); e.Lost[0].Packages = 2 }), "other numbers", ""},
		{"a lost bag with another hash", fields(func(h *history, e *ledger.Entry) {
			f := h.whole(h.records[0].Bag, 0)
			f.SHA256 = strings.Repeat("0", 64)
			h.losing(f)(e)
		}), "other numbers", ""},
		{"a lost bag with fewer current versions", fields(func(h *history, e *ledger.Entry) { h.losing(h.whole(h.records[0].Bag, 1))(e) }), "current version", ""},
		{"a lost bag that comes back with fewer current versions", fields(func(h *history, e *ledger.Entry) {
			f := h.whole(h.records[0].Bag, h.log.State.Bags[h.records[0].Bag].Packages-1)
			h.losing(f)(e)
			e.Recovered = []ledger.File{f}
			e.Recovered[0].Current = 0
		}), "current version", ""},
		{"an erased bag with fewer current versions", fields(func(h *history, e *ledger.Entry) {
			f := h.whole(h.records[0].Bag, 1)
			f.Reason = "request"
			e.Erased = []ledger.File{f}
		}), "current version", ""},
		{"lost records that no commit has", fields(func(h *history, e *ledger.Entry) {
			h.losing(ledger.File{Path: ledger.RecordsKey(firstID), SHA256: strings.Repeat("0", 64), Bytes: 1})(e)
		}), "no commit has written", ""},
		{"a lost entry of the future", fields(func(h *history, e *ledger.Entry) { h.losing(ledger.File{Path: ledger.Key(7)})(e) }), "does not exist yet", ""},
		{"a lost entry with another hash", func(h *history) {
			h.tamperUntil(30)
			h.lose(ledger.File{Path: ledger.Key(7), SHA256: strings.Repeat("0", 64)})
			h.remove(ledger.Key(7))
		}, "Missing: .teo-archive/ledger/0000000007.json", ""},
		{"a replacement that is not added", fields(func(h *history, e *ledger.Entry) {
			f := file(h.last("2022-05-02", 0), 1)
			f.ReplacedBy = h.last("2022-05-01", 0).Key()
			e.Lost = []ledger.File{f}
		}), "does not add", ""},
		{"a replacement with other bytes", func(h *history) {
			former := h.last("2022-05-02", 0)
			b := h.bag("2022-05-02", pkg{host: "www.example.com", content: "other\n", former: former})
			f := file(former, 0)
			f.ReplacedBy = b.tags.Records()[0].Key()
			h.tamper(func(e *ledger.Entry) { e.Lost = []ledger.File{f} }, b)
		}, "does not have the bytes", ""},
		{"a recovery of what was not lost", fields(func(h *history, e *ledger.Entry) { e.Recovered = []ledger.File{file(h.last("2022-05-02", 0), 1)} }), "not lost or missed", ""},
		{"a recovery with another hash", fields(func(h *history, e *ledger.Entry) {
			f := file(h.last("2022-05-02", 1), 1)
			f.SHA256 = strings.Repeat("0", 64)
			e.Recovered = []ledger.File{f}
		}), "not lost or missed", ""},
		{"a recovered file that is not there", fields(func(h *history, e *ledger.Entry) { e.Recovered = []ledger.File{file(h.last("2022-05-02", 1), 1)} }), "Missing: dt=2022-05-02", ""},
		{"an erasure of what is erased", func(h *history) {
			h.erase(h.last("2022-05-02", 0), 1)
			fields(func(h *history, e *ledger.Entry) { e.Erased = []ledger.File{erased(h, 0, 0)} })(h)
		}, "erased already", ""},
		{"an erasure without a reason", fieldsBefore(func(h *history, e *ledger.Entry) { e.Erased = []ledger.File{file(h.last("2022-05-02", 0), 1)} }), "reason", ""},
		{"an erasure of a file that no bag has", fields(func(h *history, e *ledger.Entry) {
			f := erased(h, 0, 0)
			f.Path = strings.Replace(f.Path, bag.FolderDay(f.Path), "2022-05-07", 1)
			e.Erased = []ledger.File{f}
		}), "in no bag", ""},
		{"an erasure that counts a lost version", fields(func(h *history, e *ledger.Entry) { e.Erased = []ledger.File{erased(h, 1, 1)} }), "lost with", ""},
		{"a missed package that did not fail", fields(func(h *history, e *ledger.Entry) { e.Missed = []string{missedKey}; h.accept(e) }), "did not fail", ""},
		{"a missed package without a token", func(h *history) {
			h.commit(func(e *ledger.Entry) { e.Failing = []string{missedKey} })
			h.tamper(func(e *ledger.Entry) { e.Missed = []string{missedKey} })
		}, "without the token", ""},
		{"a relisted package that no bag has", fields(func(_ *history, e *ledger.Entry) {
			e.Relisted = map[string]int64{"dt=2022-05-07/bag=0000000f/" + missedKey[14:]: 1}
		}), "not in the archive", ""},
		{"a relisted package that is lost", fields(func(h *history, e *ledger.Entry) { e.Relisted = map[string]int64{h.last("2022-05-02", 1).Key(): 1} }), "not in the archive", ""},

		// Days and heads.
		{"a day that is sealed too early", fields(func(_ *history, e *ledger.Entry) { e.SealedThrough = new("2022-07-31") }), "before the day was stable", ""},
		{"a day that is sealed in the future", fields(func(_ *history, e *ledger.Entry) {
			e.SealedThrough, e.WrittenAt = new("2822-08-01"), clock.AddDate(801, 0, 0)
		}), "before the day was stable", ""},
		{"sealed_through that is lowered", fields(func(_ *history, e *ledger.Entry) { e.SealedThrough = new("2022-05-01") }), "lowers", ""},
		{"an expiry without a policy", func(h *history) {
			scope := h.scope
			scope.ExpireAfterDays = 0
			h.commit(func(e *ledger.Entry) { e.Scope, e.SealedThrough = &scope, new("") })
			h.tamper(func(e *ledger.Entry) { e.ExpiredThrough = "2022-05-01" })
		}, "policy does not allow", ""},
		{"an expiry that is too early", fields(func(_ *history, e *ledger.Entry) { e.ExpiredThrough = "2022-06-02" }), "policy does not allow", ""},
		{"an expiry that is lowered", func(h *history) {
			h.commit(func(e *ledger.Entry) { e.ExpiredThrough = "2022-05-01" })
			h.tamper(func(e *ledger.Entry) { e.ExpiredThrough = "2022-04-30" })
		}, "policy does not allow", ""},
		{"an abandoned head without a token", fields(func(_ *history, e *ledger.Entry) {
			e.Abandoned = &ledger.Head{Sequence: 9, SHA256: strings.Repeat("ab", 32)}
		}), "without the token", ""},
		{"an abandoned head with another token", fields(func(h *history, e *ledger.Entry) {
			e.Abandoned = &ledger.Head{Sequence: 9, SHA256: strings.Repeat("ab", 32)}
			e.Accepted = []ledger.Acceptance{{Token: ledger.RollbackToken(ledger.Head{SHA256: strings.Repeat("cd", 32)}, *e.Abandoned), Reason: "x"}}
		}), "without the token", ""},

		// Files.
		{"a changed package", func(h *history) { h.write(h.records[0].Key(), []byte("changed")) }, "Changed (its SHA-256 differs): dt=2022-05-01", ""},
		{"a missing package", func(h *history) { h.remove(h.records[0].Key()) }, "Missing: dt=2022-05-01", ""},
		{"a missing superseded version", func(h *history) { h.remove(h.records[1].Key()) }, "Missing: dt=2022-05-01", ""},
		{"a missing bag", func(h *history) { h.remove(h.records[0].Bag) }, "Missing: dt=2022-05-01", ""},
		{"a foreign file in a bag", func(h *history) { h.write(h.records[0].Bag+"/data/extra", nil) }, "Foreign, in a bag", ""},
		{"a foreign file with a newline in its name", func(h *history) { h.write(h.records[0].Bag+"/data/a\nb", nil) }, "Foreign, in a bag: dt=2022-05-01", ""},
		{"a foreign package in a bag", func(h *history) {
			h.write(strings.ReplaceAll(h.records[0].Key(), "hour=00", "hour=09"), h.read(h.records[0].Key()))
		}, "Foreign, in a bag", ""},
		{"a changed bagit.txt", tagFile("bagit.txt"), "Changed (its SHA-256 differs): dt=2022-05-01", ""},
		{"a changed bag-info.txt", tagFile("bag-info.txt"), "Changed", ""},
		{"a changed manifest", tagFile("manifest-sha256.txt"), "Changed", ""},
		{"a changed tagmanifest", tagFile("tagmanifest-sha256.txt"), "Changed", ""},
		{"a changed packages.jsonl", tagFile("packages.jsonl"), "packages.jsonl", ""},
		{"a missing packages.jsonl", func(h *history) { h.remove(h.records[0].Bag + "/packages.jsonl") }, "Missing: dt=2022-05-01", ""},
		{"a link in place of a package", func(h *history) { h.link(h.records[0].Key()) }, "symbolic link", ""},
		{"a link in place of a day", func(h *history) { h.link("dt=2022-05-01") }, "symbolic link", ""},
		{"a link in place of the ledger", func(h *history) { h.link(".teo-archive/ledger") }, "symbolic link", ""},
		{"a folder in place of a package", func(h *history) {
			key := h.records[0].Key()
			h.remove(key)
			h.write(key+"/file", nil)
		}, "Missing: dt=2022-05-01", ""},
	}
}

// entryBefore is entry for an entry that is not valid by itself.
func entryBefore(change func(*ledger.Entry)) func(*history) {
	return fieldsBefore(func(_ *history, e *ledger.Entry) { change(e) })
}

// fieldsBefore is fields for an entry that is not valid by itself.
func fieldsBefore(change func(*history, *ledger.Entry)) func(*history) {
	return func(h *history) {
		h.tamper(func(e *ledger.Entry) { change(h, e) })
		h.middle()
	}
}

// bagSays changes an entry that says something else about its bag.
func bagSays(change func(*ledger.Bag)) func(*history) {
	return added("2022-05-02", func(_ *history, e *ledger.Entry, b *builtBag) {
		says := e.Bags[b.folder]
		change(&says)
		if says.Superseding > says.Packages {
			says.Packages = says.Superseding
		}
		e.Bags[b.folder] = says
	})
}

func tagFile(name string) func(*history) {
	return func(h *history) {
		key := h.records[0].Bag + "/" + name
		h.write(key, append(h.read(key), "\n"...))
	}
}

func erased(h *history, hour int, current int64) ledger.File {
	f := file(h.last("2022-05-02", hour), current)
	f.Reason = "a request"
	return f
}

// recordsOf is the key of the records that an entry names.
func (h *history) recordsOf(sequence int64) string {
	h.Helper()
	e, err := ledger.Decode(h.read(ledger.Key(sequence)))
	if err != nil {
		h.Fatal(err)
	}
	return ledger.RecordsKey(e.Commit)
}

// tamperUntil appends entries without a change up to a sequence.
func (h *history) tamperUntil(sequence int64) {
	for h.log.Head.Sequence < sequence {
		h.tamper(nil)
	}
}

// link replaces a file or folder by a link to its copy.
func (h *history) link(key string) {
	h.Helper()
	elsewhere := filepath.Join(h.TempDir(), "elsewhere")
	if err := os.Rename(filepath.Join(h.dir, key), elsewhere); err != nil {
		h.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(h.dir, key)); err != nil {
		h.Fatal(err)
	}
}

func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	for i, test := range tamperings() {
		if testing.Short() && i%20 != 0 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := base(t)
			noted := h.log.Head.SHA256
			test.change(h)
			with := test.head
			if with == "" {
				with = test.says
			}
			for head, says := range map[string]string{"": test.says, noted: with} {
				v := h.agree(head)
				if (v.status == 0) != (says == "") || v.status > 1 || !strings.Contains(v.stderr, says) {
					t.Errorf("with the head %q: status %d, want one that says %q\n%s%s", head, v.status, says, v.stdout, v.stderr)
				}
			}
		})
	}
}
