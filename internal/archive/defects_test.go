package archive

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The flag -defects compiles the package once for each rule, without the rule, and
// lets the simulation look for the consequence. It takes minutes (make defects).
var defectsFlag = flag.Bool("defects", false, "take out each rule of the protocol, and see that the simulation finds it")

// defect is a rule that is taken out.
type defect struct {
	rule string
	file string // relative to this folder
	from string // is in the file exactly once
	to   string
}

// defects are rules of the protocol whose absence the simulation finds. Other rules are
// not missed in 3,000 histories and have tests of their own: that a trusted head is
// believed, that a loss needs a token, that a changed scope seals nothing, that only
// current versions are superseded, and that an erased package is never downloaded again.
var defects = []defect{
	{"an entry is put if absent", "../ledger/append.go", "bucket.WriteOptions{IfAbsent: true, Durable: true, Lock: lock}", "bucket.WriteOptions{Durable: true, Lock: lock}"},
	{"an entry is durable before it is visible", "../ledger/append.go", "bucket.WriteOptions{IfAbsent: true, Durable: true, Lock: lock}", "bucket.WriteOptions{IfAbsent: true, Lock: lock}"},
	{"a taken number is ours only with identical bytes", "../ledger/append.go", "case bytes.Equal(found, data):", "case bytes.Equal(found, data) || found != nil:"},
	{"an entry is flushed", "../ledger/append.go", "if err := l.bucket.Sync(ctx, []string{Key(e.Sequence)}); err != nil {", "if err := error(nil); err != nil {"},
	{"a change is computed again on what the ledger has become", "commit.go", "		if err := c.rebase(ctx, ch); err != nil {\n			return err\n		}\n		if err := c.prepare", "		if err := c.prepare"},
	{"packages that another run archived are dropped", "rebase.go", "archived := done[ledger.PackageKey(r.Day(), r.Path)] > st.base", "archived := false && st.base > 0"},
	{"a bag that another run gave up is dropped", "rebase.go", "givenUp := slices.Contains(state.GivenUp, st.folder)", "givenUp := false"},
	{"a bag of a day that expired is dropped", "rebase.go", "expired := state.IsExpired(st.day())", "expired := false"},
	{"every file is there before a commit", "commit.go", "case errors.Is(err, bucket.ErrNotExist) || err == nil && o.Size != r.StoredBytes:", "case false && o.Size > 0:"},
	{"packages are flushed before a commit", "commit.go", "if err := c.config.Bucket.Sync(ctx, keys); err != nil {\n		return err\n	}\n	var written []string", "var written []string"},
	{"tag files are flushed before a commit", "commit.go", "if err := c.config.Bucket.Sync(ctx, written); err != nil {\n		return err\n	}\n	st.tags = tags", "st.tags = tags"},
	{"records are flushed before a commit", "commit.go", "return c.config.Bucket.Sync(ctx, []string{key})", "return nil"},
	{"a day is sealed only if everything of it is archived", "plan.go", "if !state.IsExpired(day) && !done(day) {", "if false {"},
	{"a day of which a package vanished is not sealed", "run.go", "r.settled[ledger.DayOf(f.Key)] = false", "_ = f"},
	{"bytes that are stored are not archived again", "copy.go", "func(m *bag.Measure) bool { return !slices.Contains(t.stored, m.SHA256) }", "func(m *bag.Measure) bool { return true }"},
	{"versions are in the order of their commits", "day.go", "cmp.Compare(state.Records[first.Commit].Sequence, state.Records[second.Commit].Sequence)", "0*cmp.Compare(first.Sequence, second.Sequence)"},
	{"what the ledger gives up is committed before it is removed", "repair.go", "	if err := r.commitNow(ctx, ch); err != nil {\n		return err\n	}\n	return r.remove(ctx, ch)", "	if err := r.removeEarly(ctx, ch); err != nil {\n		return err\n	}\n	if err := r.commitNow(ctx, ch); err != nil {\n		return err\n	}\n	return r.remove(ctx, ch)"},
	{"a repaired file has the recorded bytes", "copy.go", "sha = m.SHA256; return sha == w.record.SHA256", "sha = m.SHA256; return true"},
}

func TestSimulationFindsDefects(t *testing.T) {
	t.Parallel()
	for _, d := range defects {
		source, err := os.ReadFile(d.file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(source), d.from); n != 1 {
			t.Errorf("%s: the rule is in %s %d times", d.rule, d.file, n)
			continue
		}
		if !*defectsFlag {
			continue // only the list is checked
		}
		t.Run(d.rule, func(t *testing.T) {
			t.Parallel()
			d.find(t, bytes.Replace(source, []byte(d.from), []byte(d.to), 1))
		})
	}
}

// find compiles the package without the rule and runs the simulation.
func (d *defect) find(t *testing.T, source []byte) {
	t.Helper()
	const seeds = 3000
	folder := t.TempDir()
	changed := filepath.Join(folder, "changed.go")
	if d.file == "repair.go" {
		source = append(source, []byte("\nfunc (r *repairer) removeEarly(ctx context.Context, ch *change) error {\n\tfor _, f := range ch.erased {\n\t\tif err := r.config.Bucket.Remove(ctx, f.Path); err != nil {\n\t\t\treturn nil\n\t\t}\n\t}\n\treturn nil\n}\n")...)
	}
	if err := os.WriteFile(changed, source, 0o600); err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(d.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, _ := json.Marshal(map[string]any{"Replace": map[string]string{original: changed}})
	file := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-overlay", file, "-vet=off", "-run", "^TestSimulation$", ".", "-seeds", fmt.Sprint(seeds)).CombinedOutput() //nolint:gosec // the arguments are constants
	if err == nil {
		t.Fatalf("%d seeds do not find it", seeds)
	}
	if !bytes.Contains(out, []byte("VIOLATION")) {
		t.Fatalf("the simulation did not run:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "VIOLATION") {
			t.Log(strings.TrimSpace(line))
			return
		}
	}
}
