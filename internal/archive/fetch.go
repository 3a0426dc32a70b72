package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// fault is why one attempt to download failed, and what can be done about it.
type fault struct {
	class      tcapi.Class
	retryAfter time.Duration
	expired    bool // a fresh URL may help
	err        error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// errStalled is the cause of a context whose download brought nothing.
var errStalled = errors.New("no byte came within the stall timeout")

// request asks for a package. Its body is closed with release.
func (a *Archive) request(ctx context.Context, pkg *teo.Package) (*http.Response, *fault) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pkg.URL, http.NoBody)
	if err != nil || req.URL.Host == "" {
		return nil, &fault{err: errors.New("the listed URL cannot be used")} // err would show it
	}
	// Without this the transport would ask for compression and undo it.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", a.Agent)
	resp, err := a.Transport.RoundTrip(req)
	if err != nil {
		return nil, transportFault(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be kept
	f := &fault{
		class: tcapi.ClassOfStatus(resp.StatusCode), retryAfter: retryAfter(resp.Header, a.Now()),
		err: fmt.Errorf("%s answered %d %s", req.URL.Hostname(), resp.StatusCode, http.StatusText(resp.StatusCode)),
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		f.expired = true
	case http.StatusNotFound, http.StatusGone:
		f.expired, f.err = true, fmt.Errorf("%w: %w", ErrSourceGone, f.err)
	}
	return nil, f
}

// transportFault sorts a failure of the network, and keeps the URL out of it.
func transportFault(ctx context.Context, err error) *fault {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if ctx.Err() != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errStalled) {
			return &fault{class: tcapi.Transient, err: cause}
		}
		return &fault{err: context.Cause(ctx)}
	}
	return &fault{class: tcapi.ClassOfTransport(err), err: fmt.Errorf("the download broke off: %w", err)}
}

func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// describe says what came in place of a package.
func describe(resp *http.Response) error {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || len(media) > 60 {
		media = "unknown"
	}
	return fmt.Errorf("%w (Content-Type %s)", ErrNotPackage, media)
}

// watched is a body that must not stall. The time that the destination takes
// between two reads does not count.
type watched struct {
	io.ReadCloser
	timer   *time.Timer
	timeout time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.timeout)
	defer w.timer.Stop()
	return w.ReadCloser.Read(p)
}

// listing hands out fresh URLs. When many expire at once, one request for a day
// serves all of its packages.
type listing struct {
	archive *Archive
	mu      sync.Mutex
	days    map[string]*dayListing
}

type dayListing struct {
	mu    sync.Mutex
	found map[teo.Identity]teo.Package
}

// fresh returns the package with another URL than it has.
func (l *listing) fresh(ctx context.Context, pkg *teo.Package) (teo.Package, error) {
	day := dayOf(pkg.Start.Time)
	l.mu.Lock()
	if l.days == nil {
		l.days = map[string]*dayListing{}
	}
	d := l.days[day]
	if d == nil {
		d = new(dayListing)
		l.days[day] = d
	}
	l.mu.Unlock()

	d.mu.Lock()
	defer d.mu.Unlock()
	if again, ok := d.found[pkg.Identity()]; ok && again.URL != pkg.URL {
		return again, nil // another copy has asked since
	}
	start := pkg.Start.UTC().Truncate(24 * time.Hour)
	end := start.Add(24 * time.Hour)
	if scope := l.archive.Scope; scope.Start.After(start) && !scope.Start.After(pkg.Start.Time) {
		start = scope.Start
	}
	if scope := l.archive.Scope; scope.End.Before(end) && scope.End.After(pkg.Start.Time) {
		end = scope.End
	}
	rows, err := l.archive.Relist(ctx, start, end)
	if err != nil {
		return *pkg, fmt.Errorf("its URL has expired, and the listing for a fresh one failed: %w", err)
	}
	d.found = make(map[teo.Identity]teo.Package, len(rows))
	for _, row := range rows {
		d.found[row.Identity()] = row
	}
	again, ok := d.found[pkg.Identity()]
	if !ok {
		return *pkg, fmt.Errorf("%w: it is listed no more", ErrSourceGone)
	}
	return again, nil
}
