package archive

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/fetch"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// task is one package to download.
type task struct {
	day  string
	path string // below the bag
	row  teo.Package
	id   bag.Identity

	// failing means that earlier runs could not archive the package.
	failing bool

	// current is the version that the package supersedes; nil for none.
	current *bag.Record

	// wanted are versions whose bytes are gone or damaged. If the download has the
	// bytes of one, it is stored in its place.
	wanted []wanted

	// stored are the hashes of the versions that are at the destination. Their
	// bytes are not archived again.
	stored []string

	// listed is the size that the service listed last for the current version.
	listed *int64

	// accepted means that the package may fail: its loss is accepted.
	accepted bool

	folder string // of the open bag, set when the task starts
}

// wanted is a version whose bytes are gone or damaged.
type wanted struct {
	record  bag.Record
	damaged bool // the file exists with other bytes
	lost    bool // the ledger has the loss
	last    bool // no later version was committed
	why     string
}

func (t *task) key() string { return ledger.PackageKey(t.day, t.path) }

// result is the outcome of a task.
type result struct {
	task *task

	record *bag.Record // stored in the bag
	back   *wanted     // stored in its place
	same   bool        // its bytes are at the destination already
	bytes  int64

	// refused is a damaged version that the store refused to replace; record has its
	// bytes.
	refused *wanted

	err error
}

// copyPackage downloads a package: into the place of a version whose bytes are gone,
// if it has those, else into the bag.
func copyPackage(ctx context.Context, c *Config, f *fetch.Client, m *bag.Meter, t *task) *result {
	if ctx.Err() != nil {
		return &result{task: t, err: context.Cause(ctx)}
	}
	var refused *wanted
	if len(t.wanted) > 0 {
		res, again := restore(ctx, c, f, m, t)
		if res != nil {
			return res
		}
		refused = again
	}
	key := t.folder + "/" + t.path
	var earlier *bag.Earlier
	if t.current != nil && t.current.ContentSHA256 != "" {
		earlier = &bag.Earlier{UncompressedBytes: t.current.UncompressedBytes, SHA256: t.current.ContentSHA256}
	}
	got, err := f.Fetch(ctx, m, &fetch.Task{
		Package: t.row, Earlier: earlier,
		Create: func(ctx context.Context) (bucket.Writer, error) {
			return c.Bucket.Create(ctx, key, bucket.WriteOptions{IfAbsent: true, Lock: c.lockOfDay(t.day)})
		},
		Keep:   func(m *bag.Measure) bool { return !slices.Contains(t.stored, m.SHA256) },
		Stored: opener(c.Bucket, key),
	})
	switch {
	case err != nil:
		return &result{task: t, err: err}
	case !got.Stored:
		return &result{task: t, same: true}
	}
	record := newRecord(c.Layer, t, got)
	res := &result{task: t, record: &record, bytes: record.StoredBytes}
	if refused != nil && refused.record.SHA256 == record.SHA256 {
		res.refused = refused
	}
	return res
}

func opener(b bucket.Bucket, key string) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return b.Open(ctx, key) }
}

// restore downloads a package into the place of a version that is missing or
// damaged. It returns no result if the package has other bytes. It then returns the
// version that the store refused to replace, if any.
func restore(ctx context.Context, c *Config, f *fetch.Client, m *bag.Meter, t *task) (*result, *wanted) {
	tried := -1
	for i := len(t.wanted) - 1; i >= 0 && i != tried; {
		w := &t.wanted[i]
		tried = i
		key := w.record.Key()
		sha := ""
		got, err := f.Fetch(ctx, m, &fetch.Task{
			Package: t.row,
			Create: func(ctx context.Context) (bucket.Writer, error) {
				return c.Bucket.Create(ctx, key, bucket.WriteOptions{IfAbsent: !w.damaged, Lock: c.lockOfDay(t.day)})
			},
			Keep:   func(m *bag.Measure) bool { sha = m.SHA256; return sha == w.record.SHA256 },
			Stored: opener(c.Bucket, key),
		})
		switch {
		case errors.Is(err, bucket.ErrExist) && !w.damaged:
			w.damaged, tried = true, -1 // it is there with other bytes
			continue
		case (errors.Is(err, bucket.ErrExist) || errors.Is(err, bucket.ErrDenied)) && sha == w.record.SHA256:
			return nil, w
		case err != nil:
			return &result{task: t, err: err}, nil
		case got.Stored:
			return &result{task: t, back: w, bytes: got.StoredBytes}, nil
		case slices.Contains(t.stored, sha):
			return &result{task: t, same: true}, nil
		}
		i = slices.IndexFunc(t.wanted, func(o wanted) bool { return o.record.SHA256 == sha })
	}
	return nil, nil
}

// newRecord describes a package that was stored in a bag.
func newRecord(layer teo.Layer, t *task, got *fetch.Result) bag.Record {
	r := bag.NewRecord(layer, &got.Package)
	r.Bag, r.Path, r.RetrievedAt = t.folder, t.path, got.RetrievedAt
	got.Into(&r)
	if t.current == nil {
		return r
	}
	r.Supersedes = &bag.Superseded{Path: t.current.Key(), SHA256: t.current.SHA256}
	return r
}
