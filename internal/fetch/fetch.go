// Package fetch downloads log packages: with retries, fresh URLs for those that have
// expired, and limits for downloads that stall or trickle. It measures what it
// downloads, and writes it to wherever its caller says.
package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// Causes of a failed download; test for them with errors.Is.
var (
	// ErrGone means that the service does not serve the package any more: it
	// answered 404 or 410, or a fresh listing does not have the package.
	ErrGone = errors.New("the service no longer serves the package")

	// ErrNotPackage means that the response is not a gzip file, such as a page of
	// HTML.
	ErrNotPackage = bag.ErrNotPackage

	// ErrDamaged means that the response is cut short or cannot be decompressed.
	ErrDamaged = bag.ErrDamaged

	// ErrStalled means that no byte arrived within the stall timeout.
	ErrStalled = errors.New("the download stalled")

	// ErrTooSlow means that the download was slower than the minimum rate.
	ErrTooSlow = errors.New("the download was slower than the minimum rate")
)

const (
	// maxRelists is how often one package gets a fresh URL.
	maxRelists = 2

	// maxSlow is how often a package is downloaded that was too slow.
	maxSlow = 2
)

// Options of a Client.
type Options struct {
	// Transport sends the requests. It must not follow redirects.
	Transport http.RoundTripper

	// Agent is the User-Agent header.
	Agent string

	// Pace and MaxRetries are those of the retries of one package.
	Pace       tcapi.Pace
	MaxRetries int

	// StallTimeout is how long a download may receive nothing. Within each such
	// time it must receive MinRate bytes a second on average; 0 for no minimum.
	StallTimeout time.Duration
	MinRate      int64

	// Now is the clock.
	Now func() time.Time

	// Relist lists the packages of a day for fresh URLs. If it is nil, an expired
	// URL is a failure.
	Relist func(ctx context.Context, day string) ([]teo.Package, error)

	// Layer is the layer of all packages.
	Layer teo.Layer

	// Retried is told of each attempt that failed and is repeated; it may be nil.
	Retried func(p *teo.Package, err error)
}

// Client downloads packages. It is safe for concurrent use.
type Client struct {
	options  Options
	listings *listings
}

// New returns a client.
func New(options Options) *Client {
	return &Client{options: options, listings: newListings(options.Layer, options.Relist, options.Now)}
}

// Task is a package to download.
type Task struct {
	Package teo.Package

	// Earlier is the content of the version that this one may supersede; nil if
	// there is none or it has no content.
	Earlier *bag.Earlier

	// Create begins to write the package; it is called once for each attempt. If it
	// is nil, the package is measured and not stored.
	Create func(ctx context.Context) (bucket.Writer, error)

	// Keep is asked before the package is stored. If it returns false, nothing is
	// stored. If it is nil, every package is.
	Keep func(m *bag.Measure) bool

	// Stored opens what Create would write, when the store says that it exists: an
	// earlier attempt may have written it without an answer. Fetch succeeds if it
	// has the same bytes. If it is nil, an existing object is a failure.
	Stored func(ctx context.Context) (io.ReadCloser, error)
}

// Result is a package that was downloaded.
type Result struct {
	bag.Measure

	// Package is the package with the URL that it was downloaded from.
	Package teo.Package

	// RetrievedAt is when the download ended, in UTC and whole seconds.
	RetrievedAt time.Time

	// Stored reports whether the package was stored.
	Stored bool
}

// Fetch downloads, measures and stores a package, with retries and fresh URLs. m is
// used by no other goroutine meanwhile.
//
// A package that cannot be decompressed is downloaded again. If two downloads have
// the same bytes, and they are not a page of an error, it is stored as served, and
// Unreadable says why.
func (c *Client) Fetch(ctx context.Context, m *bag.Meter, t *Task) (*Result, error) {
	retries := tcapi.NewRetries(c.options.MaxRetries, c.options.Pace)
	a := attempt{client: c, meter: m, task: t, pkg: t.Package}
	relists, slow := 0, 0
	for {
		result, err := a.do(ctx)
		if err == nil {
			return result, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var pause time.Duration
		again := false
		f, isFault := errors.AsType[*fault](err)
		b, isBucket := errors.AsType[*bucket.Error](err)
		switch {
		case isFault && errors.Is(err, ErrTooSlow):
			slow++
			again = slow < maxSlow
		case isFault && f.expired && c.options.Relist != nil && relists < maxRelists:
			relists++
			fresh, relistErr := c.listings.fresh(ctx, &a.pkg)
			if relistErr != nil {
				return nil, fmt.Errorf("%w (%w)", relistErr, f.err)
			}
			again = fresh != nil
			if again {
				a.pkg = *fresh
			}
		case isFault:
			pause, again = retries.After(f.class, f.retryAfter)
		case isBucket && !b.Permanent() && !errors.Is(err, bucket.ErrExist):
			pause, again = retries.After(tcapi.Transient, 0)
		}
		if !again {
			return nil, err
		}
		if c.options.Retried != nil {
			c.options.Retried(&a.pkg, err)
		}
		if err := wait.For(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// attempt is what the attempts at one package share.
type attempt struct {
	client *Client
	meter  *bag.Meter
	task   *Task
	pkg    teo.Package // with the newest URL

	// unreadable is the hash of the last download that could not be decompressed.
	unreadable string
}

// do downloads the package once. Its errors are a *fault of the source, the
// destination's, or the context's.
func (a *attempt) do(ctx context.Context) (*Result, error) {
	w := &destination{task: a.task}
	result, err := a.download(ctx, w)
	if err != nil {
		w.abort()
		return nil, err
	}
	if a.task.Keep != nil && !a.task.Keep(&result.Measure) {
		w.abort()
		return result, nil
	}
	result.Stored, err = w.commit()
	if errors.Is(err, bucket.ErrExist) && a.task.Stored != nil {
		result.Stored, err = true, a.compare(ctx, result, err)
	}
	return result, err
}

// compare returns nil if what is stored already has the bytes of the result, else
// the error that it exists.
func (a *attempt) compare(ctx context.Context, result *Result, exists error) error {
	body, err := a.task.Stored(ctx)
	if err != nil {
		return err
	}
	defer body.Close()
	is, err := a.meter.Copy(nil, body, nil)
	if read, ok := errors.AsType[*bag.ReadError](err); ok {
		return read.Err
	}
	if is.SHA256 != result.SHA256 {
		return fmt.Errorf("%w with other bytes", exists)
	}
	return nil
}

// download requests the package and copies it to w.
func (a *attempt) download(ctx context.Context, w *destination) (*Result, error) {
	o := &a.client.options
	source, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body := newPaced(cancel, o.StallTimeout, o.MinRate)
	defer body.stop()
	resp, err := a.client.request(source, &a.pkg)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body.from = resp.Body

	head := make([]byte, 512)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, transportFault(source, &a.pkg, err)
	}
	head = head[:n]
	if isMarkup(resp.Header, head) {
		return nil, &fault{class: tcapi.Busy, err: describe(resp)}
	}
	if err := w.create(ctx); err != nil {
		return nil, err
	}
	measure, err := a.meter.Copy(w, io.MultiReader(bytes.NewReader(head), body), a.task.Earlier)
	if failed, ok := errors.AsType[*bag.WriteError](err); ok {
		return nil, failed.Err
	}
	if failed, ok := errors.AsType[*bag.ReadError](err); ok {
		return nil, transportFault(source, &a.pkg, failed.Err)
	}
	if resp.ContentLength >= 0 && measure.StoredBytes != resp.ContentLength {
		return nil, &fault{class: tcapi.Transient, err: fmt.Errorf("%w: %d of %d bytes arrived", ErrDamaged, measure.StoredBytes, resp.ContentLength)}
	}
	if err != nil && (measure.StoredBytes == 0 || measure.SHA256 != a.unreadable) {
		// The service may have been appending to the package.
		a.unreadable = measure.SHA256
		return nil, &fault{class: tcapi.Busy, err: err}
	}
	return &Result{Measure: measure, Package: a.pkg, RetrievedAt: o.Now().UTC().Truncate(time.Second)}, nil
}

// destination is where one attempt writes to, if anywhere.
type destination struct {
	task *Task
	w    bucket.Writer
}

func (d *destination) create(ctx context.Context) (err error) {
	if d.task.Create != nil {
		d.w, err = d.task.Create(ctx)
	}
	return err
}

// Write implements io.Writer.
func (d *destination) Write(p []byte) (int, error) {
	if d.w == nil {
		return len(p), nil
	}
	return d.w.Write(p)
}

func (d *destination) commit() (stored bool, err error) {
	if d.w == nil {
		return false, nil
	}
	err = d.w.Commit()
	return err == nil, err
}

func (d *destination) abort() {
	if d.w != nil {
		d.w.Abort()
	}
}
