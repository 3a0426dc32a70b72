package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// TestDownloadFaults meets one package out of four with a fault. The others must
// be archived in any case; the one too, where the fault goes away in time.
func TestDownloadFaults(t *testing.T) {
	t.Parallel()
	const name = "20220501-00-www0.site0.example" // of two areas
	tests := map[string]struct {
		fault teosim.Fault
		times int
		is    error // nil where a retry helps
		text  string
		sent  int // downloads in all
	}{
		"cut body":           {fault: teosim.Fault{Name: teosim.CutBody}, times: 2, sent: 6},
		"always cut":         {fault: teosim.Fault{Name: teosim.CutBody}, times: 100, text: "broke off", sent: 8},
		"gateway":            {fault: teosim.Fault{Name: teosim.BadGateway}, times: 2, sent: 6},
		"too many requests":  {fault: teosim.Fault{Name: teosim.TooManyRequests, Value: "0"}, times: 1, sent: 5},
		"dropped":            {fault: teosim.Fault{Name: teosim.DropConnection}, times: 100, text: "broke off", sent: 8},
		"cut gzip member":    {fault: teosim.Fault{Name: teosim.TruncatedGzip}, times: 1, sent: 5},
		"always a cut gzip":  {fault: teosim.Fault{Name: teosim.TruncatedGzip}, times: 100, is: ErrDamaged, sent: 8},
		"an HTML page":       {fault: teosim.Fault{Name: teosim.HTMLBody}, times: 1, is: ErrNotPackage, text: "text/html", sent: 4},
		"not gzip":           {fault: teosim.Fault{Name: teosim.NotGzip}, times: 1, is: ErrNotPackage, sent: 4},
		"redirect":           {fault: teosim.Fault{Name: teosim.Redirect, Value: "http://127.0.0.1:1/secret"}, times: 1, text: "302", sent: 4},
		"gzip encoding":      {fault: teosim.Fault{Name: teosim.GzipEncoding}, times: 100, sent: 4},
		"expired once":       {fault: teosim.Fault{Name: teosim.Forbidden403}, times: 1, sent: 5},
		"expired twice":      {fault: teosim.Fault{Name: teosim.Forbidden403}, times: 2, sent: 6},
		"expired too often":  {fault: teosim.Fault{Name: teosim.Forbidden403}, times: 100, text: "403", sent: 8},
		"gone":               {fault: teosim.Fault{Name: teosim.Gone404}, times: 100, is: ErrSourceGone, text: "404", sent: 8},
		"a slow link":        {fault: teosim.Fault{Name: teosim.Slow, Value: "6000"}, times: 1, sent: 4},
		"hangs, then serves": {fault: teosim.Fault{Name: teosim.Hang}, times: 1, sent: 5},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 4, nil)
			store, dir := newFolderStore(t)
			test.fault.Action, test.fault.Package, test.fault.Times = teosim.DownloadAction, name, test.times
			// One area's package only: the other is what the second request is for.
			w.sim.Update(func(c *teosim.Catalogue) { c.L7[1].Name += "-other" })
			w.sim.Inject(test.fault)
			var retried int
			a := w.archive(store, func(c *Config) {
				c.MaxRetries, c.StallTimeout, c.Parallelism = 4, 200*time.Millisecond, 1
				c.Progress = func(e Event) {
					if e.Kind == EventRetried {
						retried++
					}
				}
			})
			s, err := a.Run(t.Context(), w.listed())
			if n := w.downloads(); test.times < 100 && n != test.sent || test.times >= 100 && n > test.sent+1 {
				t.Errorf("%d downloads, want %d", n, test.sent)
			}
			files := onDisk(t, dir)
			checkBags(t, files)
			if test.is == nil && test.text == "" {
				if err != nil || s.PackageCount != 4 || retried != test.sent-4 {
					t.Errorf("%+v, %v, %d retries", s, err, retried)
				}
				return
			}
			failed, ok := errors.AsType[*RunError](err)
			if !ok || len(failed.Failures) != 1 || s == nil || s.PackageCount != 3 {
				t.Fatalf("%+v, %v", s, err)
			}
			if test.is != nil && !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
			for _, secret := range []string{"sign=", "?", "secret"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %q: %v", secret, err)
				}
			}
			if len(keysUnder(files, "dt=")) != 5+3 {
				t.Errorf("%v", keysUnder(files, "dt="))
			}
			w.sim.ClearFaults()
			if s := w.run(a); s.PackageCount != 4 {
				t.Errorf("%+v", s)
			}
			if n := w.downloads(); n != 1 {
				t.Errorf("%d downloads to make up for one", n)
			}
			checkBags(t, onDisk(t, dir))
		})
	}
}

func TestExpiredURLsAreListedOnceForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, _ := newFolderStore(t)
	w.sim.Inject(teosim.Fault{Name: teosim.Forbidden403, Action: teosim.DownloadAction, Times: 4})
	relists := 0
	listed := w.listed()
	for i := range listed {
		listed[i].URL += "0" // a signature that fits no more
	}
	a := w.archive(store, func(c *Config) {
		c.Parallelism, c.MaxRetries = 4, 0
		c.Relist = func(ctx context.Context, start, end time.Time) ([]teo.Package, error) {
			relists++
			return w.list(ctx, start, end)
		}
	})
	s, err := a.Run(t.Context(), listed)
	if err != nil || s.PackageCount != 96 {
		t.Fatalf("%+v, %v", s, err)
	}
	if relists < 2 || relists > 6 {
		t.Errorf("%d listings for two days", relists)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 20, nil)
	store, dir := newFolderStore(t)
	full := newFaulty(store, 15_000, syscall.ENOSPC)
	_, err := w.archive(full, func(c *Config) { c.Parallelism = 1 }).Run(t.Context(), w.listed())
	failed, ok := errors.AsType[*RunError](err)
	if !ok || !errors.Is(err, syscall.ENOSPC) || failed.Skipped < 10 {
		t.Fatalf("%v", err)
	}
	if strings.Count(err.Error(), "no space left") != 1 {
		t.Errorf("the cause must be named once: %v", err)
	}
	// A package stops the run at once: nobody downloads for a full disk.
	first := w.downloads()
	if first > 10 {
		t.Errorf("%d downloads", first)
	}
	for key := range onDisk(t, dir) {
		if strings.HasSuffix(key, ".tmp") {
			t.Errorf("%s is left", key)
		}
	}
	if s := w.run(w.archive(store, nil)); s.PackageCount != 20 {
		t.Errorf("%+v", s)
	}
	if second := w.downloads(); first+second != 21 {
		t.Errorf("%d and %d downloads of 20 packages, one of which failed", first, second)
	}
	checkBags(t, onDisk(t, dir))
}

func TestStalePartsAreSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, nil)
	store, dir := newFolderStore(t)
	w.run(w.archive(store, nil))
	stranded := filepath.Join(dir, "dt=2022-05-01/data/domain=a/area=b/hour=00/x.log.gz.16f45612d2ed9400.tmp")
	write(t, stranded, "half")
	write(t, filepath.Join(dir, "mine.16f45612d2ed9400.tmp"), "mine")
	if r, err := w.archive(store, nil).Inspect(t.Context()); err != nil || len(r.Problems) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	w.run(w.archive(store, nil))
	if _, err := os.Stat(stranded); !errors.Is(err, os.ErrNotExist) {
		t.Error("a stranded file is still there")
	}
	if _, err := os.Stat(filepath.Join(dir, "mine.16f45612d2ed9400.tmp")); err != nil {
		t.Error("a file that is not the archive's was removed")
	}
}

// TestPayload checks what counts as a package, byte for byte.
func TestPayload(t *testing.T) {
	t.Parallel()
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return b.String()
	}
	one := pack("{}\n{}\n")
	flipped := []byte(one)
	flipped[len(flipped)-6] ^= 1 // in the checksum
	tests := map[string]struct {
		body                  string
		lines, bytes, members int64
		err                   error
	}{
		"one member":           {body: one, lines: 2, bytes: 6, members: 1},
		"three members":        {body: one + one + one, lines: 6, bytes: 18, members: 3},
		"no newline at end":    {body: pack("{}\n{}"), lines: 2, bytes: 5, members: 1},
		"line over members":    {body: pack("{") + pack("}\n"), lines: 1, bytes: 3, members: 2},
		"empty member":         {body: pack(""), members: 1},
		"empty":                {body: "", err: ErrDamaged},
		"one byte":             {body: one[:1], err: ErrDamaged},
		"header only":          {body: one[:10], err: ErrDamaged},
		"without its checksum": {body: one[:len(one)-8], err: ErrDamaged},
		"cut in its checksum":  {body: one[:len(one)-1], err: ErrDamaged},
		"wrong checksum":       {body: string(flipped), err: ErrDamaged},
		"second member cut":    {body: one + one[:12], err: ErrDamaged},
		"something after it":   {body: one + "trailing", err: ErrDamaged},
		"zeros after it":       {body: one + "\x00\x00\x00\x00", err: ErrDamaged},
		"not gzip":             {body: "<html></html>", err: ErrNotPackage},
	}
	reused := newReader()
	for title, test := range tests {
		for _, tools := range []*reader{newReader(), reused} {
			var out bytes.Buffer
			var r Record
			err := tools.copy(&out, strings.NewReader(test.body), &r)
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("%s: %v", title, err)
			}
			if err != nil {
				continue
			}
			got := fmt.Sprint(r.Lines, r.UncompressedBytes, r.GzipMembers, r.StoredBytes, r.SHA256, out.String() == test.body)
			if want := fmt.Sprint(test.lines, test.bytes, test.members, len(test.body), hashOf([]byte(test.body)), true); got != want {
				t.Errorf("%s: %s, want %s", title, got, want)
			}
		}
	}
}

// TestUnsaidLength: a server that streams says no length; the gzip members alone
// then tell that all has come.
func TestUnsaidLength(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, _ = z.Write([]byte("{}\n"))
	_ = z.Close()
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("Referer") != "" {
			http.Error(w, "not as it should be asked", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // chunked
		_, _ = w.Write(body.Bytes())
	}))
	t.Cleanup(served.Close)
	w := newWorld(t, 1, nil)
	store, _ := newFolderStore(t)
	listed := w.listed()
	listed[0].URL = served.URL + "/a.gz?sign=1"
	if s, err := w.archive(store, nil).Run(t.Context(), listed); err != nil || s.PackageCount != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 40, nil)
	store, dir := newFolderStore(t)
	ctx, stop := context.WithCancelCause(t.Context())
	cause := errors.New("the user has had enough")
	a := w.archive(store, func(c *Config) {
		c.Parallelism = 2
		c.Progress = func(e Event) {
			if e.Done == 10 {
				stop(cause)
			}
		}
	})
	_, err := a.Run(ctx, w.listed())
	if !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	w.downloads()
	standing := 0
	for key := range onDisk(t, dir) {
		if strings.HasSuffix(key, ".gz") {
			standing++
		}
	}
	w.run(w.archive(store, nil))
	if n := w.downloads(); n != 40-standing {
		t.Errorf("%d downloads, %d were there", n, standing)
	}
	checkBags(t, onDisk(t, dir))
}

// A destination that takes its time is no download that stalls.
func TestSlowDestinationIsNoStall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, func(g *teosim.GenerateOptions) { g.StoredBytes, g.Uncompressed = 1<<20, true })
	store, _ := newFolderStore(t)
	slow := &Store{objects: &slowly{store.objects}, name: store.name}
	var retried atomic.Int64
	w.run(w.archive(slow, func(c *Config) {
		c.StallTimeout = time.Second
		c.Progress = func(e Event) {
			if e.Kind == EventRetried {
				retried.Add(1)
			}
		}
	}))
	if n := retried.Load(); n > 0 {
		t.Errorf("%d downloads were called stalled", n)
	}
}

// slowly takes longer for the first bytes of a package than a download may.
type slowly struct{ objects }

func (s *slowly) create(ctx context.Context, key, contentType string) (upload, error) {
	u, err := s.objects.create(ctx, key, contentType)
	if err != nil || contentType != payloadType {
		return u, err
	}
	return &slowUpload{upload: u}, nil
}

type slowUpload struct {
	upload
	begun bool
}

func (u *slowUpload) Write(p []byte) (int, error) {
	if !u.begun {
		u.begun = true
		time.Sleep(1500 * time.Millisecond)
	}
	return u.upload.Write(p)
}
