package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// world is a simulated EdgeOne and a clock that goes on by a second at each look.
type world struct {
	t      testing.TB
	sim    *teosim.Sim
	client *teo.Client
	rounds http.RoundTripper
	ticks  atomic.Int64
	sent   atomic.Int64
	now    time.Time
}

// may is the scope of most tests: three days in May.
func may() Scope {
	return Scope{
		Start: time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2022, 5, 4, 0, 0, 0, 0, time.UTC),
		ZoneIDs: []string{"zone-gen0000"},
	}
}

// newWorld serves count packages, of one domain and two areas, an hour each,
// from 1 May on.
func newWorld(t testing.TB, count int, change func(*teosim.GenerateOptions)) *world {
	t.Helper()
	g := teosim.GenerateOptions{Count: count}
	if change != nil {
		change(&g)
	}
	sim, err := teosim.Start(teosim.Options{Catalogue: teosim.Generate(g), Rates: teosim.Unlimited()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	endpoint, err := tcapi.ParseEndpoint(sim.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := tcapi.NewTransport(tcapi.TransportOptions{})
	t.Cleanup(transport.CloseIdleConnections)
	api := tcapi.New(tcapi.Config{
		Service: "teo", Endpoint: endpoint, Transport: transport, UserAgent: "test/0", Pace: quick,
		Credentials: tcapi.StaticCredentials{SecretID: sim.SecretID(), SecretKey: sim.SecretKey()},
		Limiters:  &tcapi.Limiters{PerSecond: 10_000},
	})
	return &world{
		t: t, sim: sim, rounds: transport, now: time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC),
		client: teo.New(api, teo.Options{APIVersion: teo.Version20220901}),
	}
}

// quick is a pace for tests.
var quick = tcapi.Pace{First: time.Millisecond, Most: 5 * time.Millisecond, Throttled: time.Millisecond}

func (w *world) list(ctx context.Context, start, end time.Time) ([]teo.Package, error) {
	l, err := w.client.L7Logs(ctx, teo.Query{Start: start, End: end, ZoneIDs: []string{"zone-gen0000"}})
	if err != nil {
		return nil, err
	}
	return l.Packages, nil
}

func (w *world) listed() []teo.Package {
	w.t.Helper()
	scope := may()
	packages, err := w.list(w.t.Context(), scope.Start, scope.End)
	if err != nil {
		w.t.Fatal(err)
	}
	return packages
}

func (w *world) clock() time.Time { return w.now.Add(time.Duration(w.ticks.Add(1)) * time.Second) }

func (w *world) archive(store *Store, change func(*Config)) *Archive {
	w.t.Helper()
	c := Config{
		Store: store, Scope: may(), Agent: "terraform-provider-teo/test", Parallelism: 4, Transport: w.rounds,
		Relist: w.list, Pace: quick, MaxRetries: 2, Now: w.clock,
	}
	if change != nil {
		change(&c)
	}
	c.Transport = &counted{c.Transport, w}
	a, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// run archives what is listed now, and wants no error.
func (w *world) run(a *Archive) *Summary {
	w.t.Helper()
	s, err := a.Run(w.t.Context(), w.listed())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// downloads is how many packages were asked for since the last call. They are
// counted where they are sent: the simulator may come to see one of a run that
// was killed only later.
func (w *world) downloads() int { return int(w.sent.Swap(0)) }

// counted counts the downloads of a world.
type counted struct {
	http.RoundTripper
	w *world
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.w.sent.Add(1)
	return c.RoundTripper.RoundTrip(r)
}

// newFolderStore opens a folder; dir is where its files are.
func newFolderStore(t testing.TB) (store *Store, dir string) {
	t.Helper()
	root := t.TempDir()
	store, err := Open(t.Context(), "file://"+root+"?prefix=logs/teo/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store, filepath.Join(root, "logs", "teo")
}

// contents reads a whole destination through its listing.
func contents(t testing.TB, store *Store) map[string]string {
	t.Helper()
	// The test's own context may have ended already.
	ctx := context.WithoutCancel(t.Context())
	objects, err := store.list(ctx)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, o := range objects {
		data, err := store.get(ctx, o.key)
		if err != nil {
			t.Fatal(err)
		}
		files[o.key] = string(data)
	}
	return files
}

// onDisk reads a folder past the package.
func onDisk(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		key, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(key)] = string(data)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keysUnder are the keys with a prefix, in order.
func keysUnder(files map[string]string, prefix string) []string {
	var keys []string
	for key := range files {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// kinds are the problems of a report, as "kind path".
func kinds(r *Report) []string {
	var all []string
	for _, p := range r.Problems {
		all = append(all, string(p.Kind)+" "+p.Path)
	}
	return all
}

// mortal is a destination whose process dies: it takes so many writes, and from
// then on nothing happens any more. What was on its way is lost.
type mortal struct {
	objects
	left atomic.Int64 // writes
	dead atomic.Bool
}

var errKilled = errors.New("killed")

func (m *mortal) lives() error {
	if m.dead.Load() || m.left.Add(-1) < 0 {
		m.dead.Store(true)
		return errKilled
	}
	return nil
}

func (m *mortal) create(ctx context.Context, key, contentType string) (upload, error) {
	if m.dead.Load() {
		return nil, errKilled
	}
	u, err := m.objects.create(ctx, key, contentType)
	return &mortalUpload{u, m}, err
}

type mortalUpload struct {
	upload
	m *mortal
}

func (u *mortalUpload) commit() error {
	if err := u.m.lives(); err != nil {
		u.abort()
		return err
	}
	return u.upload.commit()
}

func (m *mortal) claim(ctx context.Context, key string, data []byte) error {
	if err := m.lives(); err != nil {
		return err
	}
	return m.objects.claim(ctx, key, data)
}

func (m *mortal) remove(ctx context.Context, key string) error {
	if err := m.lives(); err != nil {
		return err
	}
	return m.objects.remove(ctx, key)
}

// faulty is a destination whose writes of payload fail after so many bytes.
type faulty struct {
	objects
	left atomic.Int64
	err  error
}

func newFaulty(s *Store, after int64, err error) *Store {
	f := &faulty{objects: s.objects, err: err}
	f.left.Store(after)
	return &Store{objects: f, name: s.name}
}

func (f *faulty) create(ctx context.Context, key, contentType string) (upload, error) {
	u, err := f.objects.create(ctx, key, contentType)
	if err != nil || !strings.HasSuffix(key, ".gz") {
		return u, err
	}
	return &faultyUpload{u, f}, nil
}

type faultyUpload struct {
	upload
	f *faulty
}

func (u *faultyUpload) Write(p []byte) (int, error) {
	if u.f.left.Add(-int64(len(p))) < 0 {
		return 0, &DestinationError{Destination: "file:///full", Op: "write", Err: u.f.err}
	}
	return u.upload.Write(p)
}

var _ io.Writer = (*faultyUpload)(nil)
