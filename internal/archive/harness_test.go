package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// service serves packages and lists them, without a network.
type service struct {
	mu       sync.Mutex
	packages map[string]*served // by URL path
	requests int
}

type served struct {
	pkg     teo.Package
	body    []byte
	handler func(*http.Request) (*http.Response, error) // instead of body
	gone    bool                                        // not listed any more
}

func newService() *service { return &service{packages: map[string]*served{}} }

// compress makes a package of one gzip member for each text.
func compress(members ...string) []byte {
	var b bytes.Buffer
	for _, text := range members {
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
	}
	return b.Bytes()
}

// add serves a package of an hour.
func (s *service) add(host, area string, start time.Time, members ...string) *served {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprintf("%s-%s", start.UTC().Format("20060102-15"), host)
	path := fmt.Sprintf("/%s/%s/%s.log.gz", area, host, name)
	p := s.packages[path]
	if p == nil {
		p = &served{}
		s.packages[path] = p
	}
	size := int64(len(strings.Join(members, "")))
	p.pkg = teo.Package{
		Domain: host, Area: area, Name: name, URL: "https://log.example.com" + path + "?sign=secret",
		Start: teo.Time{Time: start}, End: teo.Time{Time: start.Add(time.Hour)}, Size: &size, RequestID: "request-1",
	}
	p.body, p.gone = compress(members...), false
	return p
}

// list lists what starts within a window.
func (s *service) list(scope Scope, start, end time.Time) []teo.Package {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []teo.Package
	for _, p := range s.packages {
		if p.gone || p.pkg.Start.Before(start) || !end.IsZero() && !p.pkg.Start.Before(end) {
			continue
		}
		if len(scope.Hosts) > 0 && !slices.Contains(scope.Hosts, p.pkg.Host()) {
			continue
		}
		list = append(list, p.pkg)
	}
	slices.SortFunc(list, teo.ByTime)
	return list
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	p := s.packages[r.URL.Path]
	var body []byte
	var handler func(*http.Request) (*http.Response, error)
	if p != nil && !p.gone {
		body, handler = p.body, p.handler
	}
	s.mu.Unlock()
	if handler != nil {
		return handler(r)
	}
	if body == nil {
		return response(http.StatusNotFound, nil), nil
	}
	return response(http.StatusOK, body), nil
}

func response(status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/gzip"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

var (
	firstDay = time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	quick    = tcapi.Pace{First: time.Millisecond, Most: 5 * time.Millisecond, Throttled: time.Millisecond}
)

// may is three days in May.
func may() Scope { return Scope{Layer: teo.L7, Start: firstDay, End: firstDay.AddDate(0, 0, 3)} }

// world is a service, a store and a clock.
type world struct {
	t       testing.TB
	service *service
	store   *memoryStore
	now     time.Time
	head    *Head // what a state would keep
}

// newWorld serves two hosts for some hours of three days.
func newWorld(t testing.TB) *world {
	w := &world{t: t, service: newService(), store: newMemoryStore(), now: firstDay.AddDate(0, 1, 0)}
	for day := range 3 {
		for _, hour := range []int{3, 7} {
			at := firstDay.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
			w.service.add("www.example.com", "mainland", at, fmt.Sprintf("{\"a\":%d}\n", day*24+hour))
			w.service.add("www.example.com", "overseas", at, fmt.Sprintf("{\"b\":%d}\n", day*24+hour))
			w.service.add("api.example.com", "mainland", at, fmt.Sprintf("{\"c\":%d}\n{}\n", day*24+hour))
		}
	}
	return w
}

func (w *world) archive(change func(*Config)) *Archive {
	w.t.Helper()
	c := Config{
		Bucket: w.store.bucket(), Scope: may(), Witness: w.head, Agent: "terraform-provider-teo/test", Parallelism: 4, Transport: w.service,
		Pace: quick, MaxRetries: 2, Now: func() time.Time { return w.now },
		Relist: func(_ context.Context, scope Scope, start, end time.Time) ([]teo.Package, error) {
			return w.service.list(scope, start, end), nil
		},
	}
	if change != nil {
		change(&c)
	}
	a, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// apply runs once and keeps the head, as a state does.
func (w *world) apply(change func(*Config)) (*Summary, error) {
	w.t.Helper()
	a := w.archive(change)
	s, err := a.Run(w.t.Context(), w.service.list(a.config.Scope, a.config.Scope.Start, a.config.Scope.End), time.Time{})
	if s != nil && s.Head != nil {
		w.head = s.Head
	}
	return s, err
}

// mustApply wants no error.
func (w *world) mustApply(change func(*Config)) *Summary {
	w.t.Helper()
	s, err := w.apply(change)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// plan inspects.
func (w *world) plan(change func(*Config)) *Inspection {
	w.t.Helper()
	i, err := w.archive(change).Inspect(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// quiet wants that a plan finds nothing, that an apply writes nothing, and that
// the archive is valid.
func (w *world) quiet(change func(*Config)) {
	w.t.Helper()
	if i := w.plan(change); len(i.Findings)+len(i.Accepted)+len(i.Work)+len(i.Foreign) > 0 {
		w.t.Errorf("plan: findings %v, work %v, foreign %v", i.Findings, i.Work, i.Foreign)
	}
	before := w.store.snapshot()
	w.mustApply(change)
	w.same(before)
	w.valid()
}

// same wants that the store holds the same bytes as before.
func (w *world) same(before map[string]memoryObject) {
	w.t.Helper()
	after := w.store.snapshot()
	for key, o := range after {
		if was, ok := before[key]; !ok || !bytes.Equal(was.data, o.data) || !was.modified.Equal(o.modified) {
			w.t.Errorf("%s was written", key)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			w.t.Errorf("%s was removed", key)
		}
	}
}

// valid checks everything that a verification does.
func (w *world) valid() {
	w.t.Helper()
	for _, problem := range problems(w.store.snapshot()) {
		w.t.Error(problem)
	}
}

// problems checks an archive without the code that writes it, as far as
// possible: links, snapshots, tag files, manifests, and that no file is missing
// or too many.
func problems(objects map[string]memoryObject) []string {
	var found []string
	problem := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	s := newState()
	n := int64(1)
	for ; ; n++ {
		o, ok := objects[ledgerKey(n)]
		if !ok {
			break
		}
		e, err := decodeEntry(o.data)
		if err != nil {
			problem("entry %d: %s", n, err)
			return found
		}
		err = s.apply(e, hashOf(o.data))
		if hasHeadToken(e) {
			found = nil // a person has accepted what was wrong with the ledger before
		} else if err != nil {
			problem("entry %d: %s", n, err)
		}
	}
	for key := range objects {
		if m, ok := sequenceOf(key); ok && m >= n {
			problem("there is an entry %d but no entry %d", m, n)
		}
	}
	named := map[string]bool{}
	for day, b := range s.bags {
		files := map[string][]byte{}
		for _, name := range tagNames() {
			if o, ok := objects[bagFolder(day)+name]; ok {
				files[name] = o.data
				named[bagFolder(day)+name] = true
			}
		}
		t, err := decodeTagFiles(day, b.TagmanifestSHA256, files)
		if err != nil {
			problem("unfinished %s: %s", day, err)
			if t, err = decodeTags(day, b.TagmanifestSHA256, objects[tagsKey(day, b.TagmanifestSHA256)].data); err != nil {
				problem("%s: %s", day, err)
				continue
			}
		}
		if _, err := decodeTags(day, b.TagmanifestSHA256, objects[tagsKey(day, b.TagmanifestSHA256)].data); err != nil {
			problem("tags object of %s: %s", day, err)
		}
		if t.bag(b.Sequence) != b {
			problem("the ledger describes other tag files of %s", day)
		}
		for i := range t.records {
			r := &t.records[i]
			named[r.Key()] = true
			o, ok := objects[r.Key()]
			if !ok {
				problem("missing %s", r.Key())
				continue
			}
			c, err := newMeter().copy(nil, bytes.NewReader(o.data))
			if err != nil {
				problem("damaged %s: %s", r.Key(), err)
			} else if text := c.differs(r); text != "" {
				problem("%s: %s", r.Key(), text)
			}
		}
	}
	for key := range objects {
		if _, _, ok := bagDay(key); ok && !named[key] {
			problem("extra %s", key)
		} else if !ok && !isOwn(key) {
			problem("foreign %s", key)
		}
	}
	slices.Sort(found)
	return found
}

func hasHeadToken(e *Entry) bool {
	return slices.ContainsFunc(e.Accepted, func(a Acceptance) bool { return strings.HasPrefix(a.Token, "head:") })
}

// findings returns the findings of an error.
func findings(t testing.TB, err error) []Finding {
	t.Helper()
	f, ok := errors.AsType[*FindingsError](err)
	if !ok {
		t.Fatalf("got %v, want findings", err)
	}
	return f.Findings
}
