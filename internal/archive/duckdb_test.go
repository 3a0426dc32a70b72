package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// TestDuckDBReadsAnArchive counts the lines by hour with DuckDB, straight from
// the bags: what the layout is for.
func TestDuckDBReadsAnArchive(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("DuckDB is installed for this test, which takes a while")
	}
	tools := t.TempDir()
	for _, name := range []string{"package.json", "count.mjs"} {
		data, err := os.ReadFile(filepath.Join("testdata", "duckdb", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(tools, name), string(data))
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("DuckDB comes through npm, which is not on PATH")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--fetch-retries=0")
	install.Dir = tools
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("DuckDB cannot be installed, perhaps without a network: %v\n%s", err, out)
	}

	w := newWorld(t, 120, func(g *teosim.GenerateOptions) { g.Members, g.LinesPerMember = 2, 5 })
	w.sim.Update(func(c *teosim.Catalogue) {
		c.L7[3].Members = 7 // overseas, 01:00 on the first day
		c.L7[4].Area = ""
	})
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	query := exec.CommandContext(ctx, "node", "count.mjs", filepath.Join(dir, "dt=*", "data", "**", "*.log.gz"))
	query.Dir = tools
	var complaints bytes.Buffer
	query.Stderr = &complaints
	out, err := query.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	var rows []struct {
		DT     string `json:"dt"`
		Domain string `json:"domain"`
		Area   string `json:"area"`
		Hour   string `json:"hour"`
		Lines  int    `json:"lines"`
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := map[string]int{}
	for _, r := range rows {
		got[fmt.Sprint(r.DT, " ", r.Hour, " ", r.Area, " ", r.Domain)] = r.Lines
	}
	if len(rows) != 120 {
		t.Errorf("%d rows", len(rows))
	}
	for i, p := range w.sim.Catalogue().L7 {
		area, lines := p.Area, 10
		if area == "" {
			area = "unknown"
		}
		if i == 3 {
			lines = 35
		}
		key := fmt.Sprint(p.Start.Format("2006-01-02 15"), " ", area, " ", p.Host)
		if got[key] != lines {
			t.Errorf("%s: %d lines, want %d", key, got[key], lines)
		}
	}
}
