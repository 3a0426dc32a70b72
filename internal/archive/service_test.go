package archive

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// service lists packages and serves them, without a network.
type service struct {
	mu       sync.Mutex
	packages map[string]*served // by URL path
	lists    int
	requests int
}

type served struct {
	pkg     teo.Package
	members []string
	raw     []byte                                      // instead of members
	handler func(*http.Request) (*http.Response, error) // instead of both
	hidden  bool                                        // not listed
	gone    bool                                        // not served
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
	p.pkg = teo.Package{
		Domain: host, Area: area, Name: name, URL: "https://log.example.com" + path + "?sign=secret",
		Start: teo.Time{Time: start}, End: teo.Time{Time: start.Add(time.Hour)}, RequestID: "request-1",
	}
	p.members, p.raw, p.hidden, p.gone = members, nil, false, false
	return p
}

// change changes a package.
func (s *service) change(p *served, change func(*served)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(p)
}

// list lists what starts within a window.
func (s *service) list(start, end time.Time) []teo.Package {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists++
	var list []teo.Package
	for _, p := range s.packages {
		if p.hidden || p.pkg.Start.Before(start) || !p.pkg.Start.Before(end) {
			continue
		}
		pkg := p.pkg
		size := int64(len(strings.Join(p.members, "")))
		if p.raw != nil {
			size = int64(len(p.raw))
		}
		pkg.Size = &size
		list = append(list, pkg)
	}
	slices.SortFunc(list, teo.ByTime)
	return list
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests++
	p := cmp.Or(s.packages[r.URL.Host+r.URL.Path], s.packages[r.URL.Path])
	var body []byte
	var handler func(*http.Request) (*http.Response, error)
	if p != nil && !p.gone {
		if handler = p.handler; p.raw != nil {
			body = p.raw
		} else {
			body = compressed(p.members)
		}
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

var compressions sync.Map

// compressed compresses members, each text once.
func compressed(members []string) []byte {
	var b []byte
	for _, text := range members {
		data, ok := compressions.Load(text)
		if !ok {
			data = compress(text)
			compressions.Store(text, data)
		}
		b = append(b, data.([]byte)...)
	}
	return b
}

func response(status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/gzip"}},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// plain decompresses a package.
func plain(data []byte) string {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(r)
	return string(text)
}

var (
	firstDay = time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC)
	quick    = tcapi.Pace{First: time.Millisecond, Most: 5 * time.Millisecond, Throttled: time.Millisecond}
)

// lister is a Config.List of the service.
func (s *service) lister() func(context.Context, time.Time, time.Time, int) ([]teo.Package, error) {
	return func(_ context.Context, start, end time.Time, most int) ([]teo.Package, error) {
		list := s.list(start, end)
		if len(list) > most {
			return nil, &teo.TooManyError{Action: "DownloadL7Logs", Total: int64(len(list)), Most: most}
		}
		return list, nil
	}
}
