package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	// maxRelists is how often one package gets a fresh URL.
	maxRelists = 2

	// maxSlow is how often a package is downloaded that was too slow.
	maxSlow = 2
)

// task is a package to download.
type task struct {
	pkg  teo.Package
	id   identity
	day  string
	path string // of the first version

	// committed is the version that the newest bag has; nil if there is none.
	// damaged means that its payload is missing or damaged.
	committed *Record
	damaged   bool

	// versioned means that the first version's path is taken, so that the
	// download gets the name of a later version.
	versioned bool

	// number is the position of the task in the run, from 1; incoming is the number
	// of temporary objects that it has written. Together they name the next one.
	number, incoming int
}

// fault is why one attempt to download failed, and what can be done about it.
type fault struct {
	class      tcapi.Class
	retryAfter time.Duration
	expired    bool // a fresh URL may help
	err        error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// fetch downloads, verifies and stores a package, with retries and fresh URLs. It
// returns the record of what is stored.
func (r *run) fetch(ctx context.Context, m *meter, t *task) (Record, error) {
	retries := tcapi.NewRetries(r.config.MaxRetries, r.config.Pace)
	relists, slow, pkg := 0, 0, t.pkg
	for {
		record, err := r.attempt(ctx, m, t, &pkg)
		if err == nil {
			return record, nil
		}
		var wait time.Duration
		again := false
		f, isFault := errors.AsType[*fault](err)
		b, isBucket := errors.AsType[*bucket.Error](err)
		switch {
		case ctx.Err() != nil:
			return Record{}, context.Cause(ctx)
		case errors.Is(err, errTaken) && !t.versioned:
			t.versioned, again = true, true
		case isFault && errors.Is(err, ErrTooSlow):
			slow++
			again = slow < maxSlow
		case isFault && f.expired && r.config.Relist != nil && relists < maxRelists:
			relists++
			fresh, relistErr := r.relists.fresh(ctx, &pkg)
			if relistErr != nil {
				return Record{}, fmt.Errorf("%w (%w)", relistErr, f.err)
			}
			pkg, again = fresh, true
		case isFault:
			wait, again = retries.After(f.class, f.retryAfter)
		case isBucket && !b.Permanent(), errors.Is(err, bucket.ErrUnknownOutcome):
			wait, again = retries.After(tcapi.Transient, 0)
		}
		if !again {
			return Record{}, err
		}
		r.event(Event{Kind: EventRetried, Day: t.day, Package: t.id.label(), Err: err})
		if err := tcapi.Sleep(ctx, wait); err != nil {
			return Record{}, err
		}
	}
}

// errTaken means that the first version's path contains something else.
var errTaken = errors.New("the path is taken by another version")

// attempt downloads a package once. Its errors are a *fault of the source, a
// *bucket.Error, errTaken, or the context's.
func (r *run) attempt(ctx context.Context, m *meter, t *task, pkg *teo.Package) (Record, error) {
	key := bagFolder(t.day) + t.path
	if t.versioned {
		key = r.incomingKey(t)
	}
	record := r.describe(t, pkg)
	var w bucket.Writer
	err := r.download(ctx, m, pkg, func() (io.Writer, error) {
		var err error
		w, err = r.config.Bucket.Create(ctx, key, bucket.IfAbsent)
		return w, err
	}, &record)
	if err != nil {
		if w != nil {
			w.Abort()
		}
		return Record{}, err
	}
	if t.versioned {
		if err := w.Commit(); err != nil {
			return Record{}, err
		}
		return r.place(ctx, t, key, record)
	}
	record.Path = t.path
	if err := r.checkpoints.write(ctx, record); err != nil {
		w.Abort()
		return Record{}, err
	}
	err = w.Commit()
	if errors.Is(err, bucket.ErrExist) {
		return r.adopt(ctx, key, record)
	}
	return record, err
}

// adopt is called when the first version's path exists already. The existing
// bytes are used if they are those of the record, or if a checkpoint vouches for
// them and they have the size that the service lists.
func (r *run) adopt(ctx context.Context, key string, record Record) (Record, error) {
	is, err := r.hash(ctx, key)
	if err != nil {
		return Record{}, err
	}
	if is == record.SHA256 {
		return record, nil
	}
	list, err := r.config.Bucket.List(ctx, checkpointFolder)
	if err != nil {
		return Record{}, err
	}
	all, err := readCheckpoints(ctx, r.config.Bucket, list)
	if err != nil {
		return Record{}, err
	}
	for _, other := range vouched(all, key) {
		if other.SHA256 != is {
			continue
		}
		if equalSize(other.Size, record.Size) {
			return other, nil
		}
		// Both are candidates; the commit decides.
		r.candidate(other)
		break
	}
	return Record{}, errTaken
}

// hash returns the SHA-256 of an object.
func (r *run) hash(ctx context.Context, key string) (string, error) {
	body, err := r.config.Bucket.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer body.Close()
	sha, _, err := hashAll(body)
	return sha, err
}

// place copies a download from its temporary name to its own: over the committed
// payload if it has the same bytes and that is damaged, else to the name of a
// later version.
func (r *run) place(ctx context.Context, t *task, incoming string, record Record) (Record, error) {
	if t.committed != nil && record.SHA256 == t.committed.SHA256 {
		record.Path = t.committed.Path
		if !t.damaged {
			return record, nil
		}
		// Every writer of this name writes the same bytes.
		return record, bucket.Copy(ctx, r.config.Bucket, incoming, record.Key(), bucket.ReplaceDurable)
	}
	record.Path = versionPath(t.path, record.SHA256)
	if err := r.checkpoints.write(ctx, record); err != nil {
		return Record{}, err
	}
	return record, r.copyVersion(ctx, incoming, &record)
}

// copyVersion copies an object to the path of a record, whose name contains its
// hash. What exists there under the name of these bytes and has others, such as
// after a loss of power, is overwritten.
func (r *run) copyVersion(ctx context.Context, from string, record *Record) error {
	err := bucket.Copy(ctx, r.config.Bucket, from, record.Key(), bucket.IfAbsent)
	if !errors.Is(err, bucket.ErrExist) {
		return err
	}
	is, err := r.hash(ctx, record.Key())
	if err != nil || is == record.SHA256 {
		return err
	}
	return bucket.Copy(ctx, r.config.Bucket, from, record.Key(), bucket.ReplaceDurable)
}

// describe returns a record with everything but the content.
func (r *run) describe(t *task, pkg *teo.Package) Record {
	record := Record{
		Layer: t.id.layer, Domain: pkg.Domain, Area: pkg.Area, Name: pkg.Name, Start: pkg.Start.UTC(), End: endOf(pkg).UTC(),
		Size: pkg.Size, RequestID: pkg.RequestID,
	}
	if t.id.layer == teo.L4 {
		record.Domain, record.ProxyID = "", pkg.Host()
	}
	record.SourceScheme, record.SourceHost, record.SourcePath = sourceOf(pkg.URL)
	return record
}

// endOf is when a package's slot ends, at the latest.
func endOf(pkg *teo.Package) time.Time {
	if !pkg.End.IsZero() {
		return pkg.End.Time
	}
	return pkg.Start.Add(time.Hour)
}

// download requests a package, and writes it to what open returns, which is
// called when the first bytes are those of a gzip file. It fills in the content
// of the record.
func (r *run) download(ctx context.Context, m *meter, pkg *teo.Package, open func() (io.Writer, error), record *Record) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body := &paced{cancel: cancel, timeout: r.config.StallTimeout, minRate: r.config.MinRate}
	body.timer = time.AfterFunc(body.timeout, body.check)
	defer body.timer.Stop()
	resp, f := r.request(ctx, pkg)
	if f != nil {
		return f
	}
	defer resp.Body.Close()
	body.from = resp.Body

	head := make([]byte, 3)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return transportFault(ctx, err)
	}
	if n == len(head) && !bytes.Equal(head, []byte{0x1f, 0x8b, 8}) {
		return &fault{class: tcapi.Fatal, err: describeResponse(resp)}
	}
	w, err := open()
	if err != nil {
		return err
	}
	c, err := m.copy(w, io.MultiReader(bytes.NewReader(head[:n]), body))
	switch {
	case m.tee.writeErr != nil:
		return m.tee.writeErr
	case m.tee.readErr != nil:
		return transportFault(ctx, m.tee.readErr)
	case err != nil:
		// The bytes arrived as they were sent. Asking again helps if they were
		// being replaced at the time, and seldom otherwise.
		return &fault{class: tcapi.Busy, err: err}
	case resp.ContentLength >= 0 && c.stored != resp.ContentLength:
		return &fault{class: tcapi.Transient, err: fmt.Errorf("%w: %d of %d bytes arrived", ErrDamaged, c.stored, resp.ContentLength)}
	}
	c.into(record)
	at := r.config.Now().UTC().Truncate(time.Second)
	record.RetrievedAt = &at
	return nil
}

// request sends the request for a package. The caller closes the body.
func (r *run) request(ctx context.Context, pkg *teo.Package) (*http.Response, *fault) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pkg.URL, http.NoBody)
	if err != nil || req.URL.Host == "" {
		return nil, &fault{err: errors.New("the listed URL cannot be used")} // err would show it
	}
	// Without this the transport would ask for compression and undo it.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", r.config.Agent)
	resp, err := r.config.Transport.RoundTrip(req)
	if err != nil {
		return nil, transportFault(ctx, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be reused
	f := &fault{
		class: tcapi.ClassOfStatus(resp.StatusCode), retryAfter: tcapi.RetryAfter(resp.Header, r.config.Now()),
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

// transportFault classifies a failure of the network and keeps the URL out of it.
func transportFault(ctx context.Context, err error) *fault {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		if errors.Is(cause, ErrStalled) || errors.Is(cause, ErrTooSlow) {
			return &fault{class: tcapi.Transient, err: cause}
		}
		return &fault{err: cause}
	}
	return &fault{class: tcapi.ClassOfTransport(err), err: fmt.Errorf("the download broke off: %w", err)}
}

// describeResponse says what was received instead of a package.
func describeResponse(resp *http.Response) error {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || len(media) > 60 {
		media = "unknown"
	}
	return fmt.Errorf("%w (Content-Type %s)", ErrNotPackage, media)
}

// paced is a body that must neither stall nor trickle: within each timeout it
// must receive at least a byte, and as many as the minimum rate asks for. Time
// that the destination takes between two reads does not count.
type paced struct {
	from    io.Reader
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
	minRate int64

	// received is counted since the last check; waited is the time that reads
	// have taken since then, without the current one.
	received atomic.Int64
	waited   time.Duration
}

// check is called when reads have taken a whole timeout.
func (p *paced) check() {
	switch n := p.received.Load(); n {
	case 0:
		p.cancel(fmt.Errorf("%w: no byte arrived for %s", ErrStalled, p.timeout))
	default:
		p.cancel(fmt.Errorf("%w: %d bytes arrived in %s, less than %d bytes per second", ErrTooSlow, n, p.timeout, p.minRate))
	}
}

func (p *paced) Read(b []byte) (int, error) {
	start := time.Now()
	p.timer.Reset(p.timeout - p.waited)
	n, err := p.from.Read(b)
	p.timer.Stop()
	p.waited += time.Since(start)
	total := p.received.Add(int64(n))
	enough := total > 0
	if p.minRate > 0 {
		enough = total >= int64(float64(p.minRate)*p.timeout.Seconds())
	}
	if enough {
		p.received.Store(0)
		p.waited = 0
	}
	return n, err
}

// relists hands out fresh URLs. If many expire at once, one request for a day
// serves all of its packages.
type relists struct {
	config *Config
	mu     sync.Mutex
	days   map[string]*relisted
}

// relisted is the newest listing of a day; done is closed when it is there.
type relisted struct {
	done  chan struct{}
	found map[identity]teo.Package
	err   error
}

// fresh returns the package with another URL than it has.
func (l *relists) fresh(ctx context.Context, pkg *teo.Package) (teo.Package, error) {
	day := dayOf(pkg.Start.Time)
	id := identityOf(l.config.Scope.Layer, pkg)
	d, own := l.after(day, nil)
	for {
		if own {
			d.found, d.err = l.list(ctx, day, pkg.Start.Time)
			close(d.done)
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return *pkg, context.Cause(ctx)
		}
		again, ok := d.found[id]
		switch {
		case ok && (own || again.URL != pkg.URL):
			return again, nil
		case !ok && d.err == nil:
			return *pkg, fmt.Errorf("%w: it is no longer listed", ErrSourceGone)
		case own:
			return *pkg, fmt.Errorf("its URL has expired, and the listing for a fresh one failed: %w", d.err)
		}
		// The listing failed, or it is the one that the expired URL is from.
		d, own = l.after(day, d)
	}
}

// after returns a listing of a day that is not old, and whether the caller has to
// make it.
func (l *relists) after(day string, old *relisted) (d *relisted, own bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d = l.days[day]; d != old && d != nil {
		return d, false
	}
	d = &relisted{done: make(chan struct{})}
	l.days[day] = d
	return d, true
}

// list lists a day within the window, or all of it if the package is outside.
func (l *relists) list(ctx context.Context, day string, at time.Time) (map[identity]teo.Package, error) {
	start := dayStart(day)
	end := start.Add(24 * time.Hour)
	if scope := l.config.Scope; scope.Contains(at) {
		if scope.Start.After(start) {
			start = scope.Start
		}
		if !scope.End.IsZero() && scope.End.Before(end) {
			end = scope.End
		}
	}
	rows, err := l.config.Relist(ctx, l.config.Scope, start, end)
	if err != nil {
		return nil, err
	}
	found := make(map[identity]teo.Package, len(rows))
	for _, row := range rows {
		found[identityOf(l.config.Scope.Layer, &row)] = row
	}
	return found, nil
}
