package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// mostRelists is how often one package gets a fresh URL.
const mostRelists = 2

// archive copies a package, with retries and fresh URLs.
func (r *run) archive(ctx context.Context, tools *reader, t *task) (*entry, error) {
	retries := tcapi.NewRetries(r.MaxRetries, r.Pace)
	relists, pkg := 0, t.pkg
	for {
		e, err := r.attempt(ctx, tools, t, &pkg)
		if err == nil {
			return e, nil
		}
		var wait time.Duration
		again := false
		f, ok := errors.AsType[*fault](err)
		d, isDestination := errors.AsType[*DestinationError](err)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case ok && f.expired && r.Relist != nil && relists < mostRelists:
			relists++
			fresh, relistErr := r.listing.fresh(ctx, &pkg)
			if relistErr != nil {
				return nil, fmt.Errorf("%w (%w)", relistErr, f.err)
			}
			pkg, again = fresh, true
		case ok:
			wait, again = retries.After(f.class, f.retryAfter)
		case isDestination && !d.hopeless():
			wait, again = retries.After(tcapi.Transient, 0)
		}
		if !again {
			return nil, err
		}
		r.event(Event{Kind: EventRetried, Day: t.day(), Package: label(t.pkg.Identity()), Err: err})
		if err := tcapi.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// attempt copies a package once. Its errors are a *fault of the source, a
// *DestinationError, or the context's.
func (r *run) attempt(ctx context.Context, tools *reader, t *task, pkg *teo.Package) (*entry, error) {
	download, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(r.StallTimeout, func() { cancel(errStalled) })
	defer timer.Stop()
	resp, f := r.request(download, pkg)
	if f != nil {
		return nil, f
	}
	defer resp.Body.Close()
	body := &watched{resp.Body, timer, r.StallTimeout}

	// Nothing is opened for what cannot be a package.
	head := make([]byte, 3)
	n, err := io.ReadFull(body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, transportFault(download, err)
	}
	if n == len(head) && !bytes.Equal(head, gzipMagic) {
		return nil, &fault{class: tcapi.Fatal, err: describe(resp)}
	}

	e := new(entry)
	if t.aside {
		e.Staged = r.asideKey()
	}
	key := bagFolder(t.day()) + t.path
	if t.aside {
		key = e.Staged
	}
	u, err := r.Store.create(ctx, key, payloadType)
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done {
			u.abort()
		}
	}()
	err = tools.copy(u, io.MultiReader(bytes.NewReader(head[:n]), body), &e.Record)
	timer.Stop()
	switch {
	case tools.tap.writeErr != nil:
		return nil, tools.tap.writeErr
	case tools.tap.readErr != nil:
		return nil, transportFault(download, tools.tap.readErr)
	case err != nil:
		// The bytes came as they were sent; asking again helps if they were
		// being replaced just then, and seldom otherwise.
		return nil, &fault{class: tcapi.Busy, err: err}
	case resp.ContentLength >= 0 && e.Record.StoredBytes != resp.ContentLength:
		return nil, &fault{class: tcapi.Transient, err: fmt.Errorf("%w: %d bytes came of %d", ErrDamaged, e.Record.StoredBytes, resp.ContentLength)}
	}
	r.describe(&e.Record, t, pkg)
	if err := r.journal.record(ctx, *e); err != nil {
		return nil, err
	}
	done = true
	return e, u.commit()
}

// gzipMagic begins every gzip member that holds a deflate stream.
var gzipMagic = []byte{0x1f, 0x8b, 8}

// describe fills in what a record says beside its content.
func (r *run) describe(record *Record, t *task, pkg *teo.Package) {
	record.Layer = teo.L7
	record.Domain, record.Area, record.Name = pkg.Host(), pkg.Area, pkg.Name
	record.Start, record.End = pkg.Start.UTC(), latest(*pkg).UTC()
	record.Size, record.RequestID = pkg.Size, pkg.RequestID
	record.Path, record.SourcePath = t.path, pkg.SourcePath()
	record.RetrievedAt = r.Now().UTC().Truncate(time.Millisecond)
	if u, err := url.Parse(pkg.URL); err == nil {
		record.SourceHost = u.Host
	}
	if t.old == nil {
		return
	}
	record.Supersedes = t.old.Supersedes
	if t.old.SHA256 != record.SHA256 {
		record.Supersedes = append(append([]string(nil), t.old.Supersedes...), t.old.SHA256)
	}
}
