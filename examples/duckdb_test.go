//go:build duckdb

package examples_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// query.sql of the compliance example counts the lines of an archive, hour by
// hour. `make test-duckdb` installs DuckDB and runs this test.
func TestDocumentedQueriesWorkInDuckDB(t *testing.T) {
	t.Parallel()
	script, err := filepath.Abs(filepath.Join("..", "bin", "duckdb", "query.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	_, env := simulator(t)
	dir := t.TempDir()
	b := newBox(t, "compliance", append(env, archiveIn(dir)...)...)
	b.init()
	b.apply()

	query := exec.CommandContext(t.Context(), "node", script, filepath.Join(b.Dir, "query.sql"))
	query.Dir, query.Stderr = dir, t.Output()
	out, err := query.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Day      string `json:"dt"`
		Domain   string `json:"domain"`
		Area     string `json:"area"`
		Hour     string `json:"hour"`
		Requests string `json:"requests"`
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var requests int
	for _, row := range rows {
		n, err := strconv.Atoi(row.Requests)
		if err != nil || row.Day == "" || row.Domain == "" || row.Area == "" || len(row.Hour) != 2 {
			t.Fatalf("%+v: %v", row, err)
		}
		requests += n
	}
	packages, lines := archived(t, dir)
	if len(rows) != packages || requests != lines {
		t.Errorf("DuckDB finds %d hours with %d requests, want %d with %d", len(rows), requests, packages, lines)
	}
}

// archived counts the packages below a folder, which are of one hour each, and
// their lines.
func archived(t *testing.T, dir string) (packages, lines int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "dt=*", "bag=*", "data", "*", "*", "*", "*.log.gz"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files (%v)", len(files), err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		content, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		scanner := bufio.NewScanner(content)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			lines++
		}
		if err := scanner.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return len(files), lines
}
