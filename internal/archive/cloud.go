package archive

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// partSize and partsAtOnce bound the memory of one upload to S3: a buffer is
// being filled while another is sent. 5 MiB is the least that S3 takes, and
// 10,000 parts of it make 48 GiB.
const (
	partSize    = 5 << 20
	partsAtOnce = 1
)

// cloud keeps objects in a bucket whose writes are atomic and lasting by
// themselves.
type cloud struct {
	bucket *blob.Bucket
	name   string
	parts  *parts // nil where there is no S3
}

func (c *cloud) probe(ctx context.Context) error {
	_, _, err := c.bucket.ListPage(ctx, blob.FirstPageToken, 1, nil)
	return destinationError(ctx, c.name, "list it", "", err)
}

func (c *cloud) list(ctx context.Context) ([]object, error) {
	var all []object
	token := blob.FirstPageToken
	for token != nil {
		page, next, err := c.bucket.ListPage(ctx, token, 1000, nil)
		if err != nil {
			return nil, destinationError(ctx, c.name, "list it", "", err)
		}
		for _, o := range page {
			// Consoles mark folders with empty objects.
			if o.Key == "" || o.Size == 0 && strings.HasSuffix(o.Key, "/") {
				continue
			}
			all = append(all, object{o.Key, o.Size})
		}
		token = next
	}
	return all, nil
}

func (c *cloud) open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := c.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, destinationError(ctx, c.name, "read", key, err)
	}
	return r, nil
}

func (c *cloud) create(ctx context.Context, key, contentType string) (upload, error) {
	return c.begin(ctx, key, &blob.WriterOptions{
		ContentType: contentType, DisableContentTypeDetection: true,
		BufferSize: partSize, MaxConcurrency: partsAtOnce,
	})
}

func (c *cloud) begin(ctx context.Context, key string, options *blob.WriterOptions) (*blobUpload, error) {
	inner, cancel := context.WithCancel(ctx)
	w, err := c.bucket.NewWriter(inner, key, options)
	if err != nil {
		cancel()
		return nil, destinationError(ctx, c.name, "write", key, err)
	}
	return &blobUpload{Writer: w, ctx: ctx, cancel: cancel, name: c.name, key: key}, nil
}

func (c *cloud) claim(ctx context.Context, key string, data []byte) error {
	options := &blob.WriterOptions{ContentType: "application/json", IfNotExist: true}
	err := c.bucket.WriteAll(ctx, key, data, options)
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.FailedPrecondition:
		return errExists
	case unconditional(err):
		// A store without conditional writes: the claim is read again by the
		// next run, which is as good as it gets.
		options.IfNotExist = false
		err = c.bucket.WriteAll(ctx, key, data, options)
	}
	return destinationError(ctx, c.name, "write", key, err)
}

func (c *cloud) remove(ctx context.Context, key string) error {
	err := c.bucket.Delete(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return destinationError(ctx, c.name, "delete", key, err)
}

func (c *cloud) settle(context.Context, []string) error { return nil }

func (c *cloud) sweep(ctx context.Context) error {
	var client *s3.Client
	if c.parts != nil && c.bucket.As(&client) {
		c.parts.abandon(ctx, client)
	}
	return nil
}

func (c *cloud) close() error { return c.bucket.Close() }

// blobUpload writes through a blob.Writer. Closing that writer publishes what it
// holds, so an abort cancels its context first.
type blobUpload struct {
	*blob.Writer
	ctx       context.Context //nolint:containedctx // the caller's, to tell its end from a fault
	cancel    context.CancelFunc
	flush     func() error // may be nil
	name, key string
}

func (u *blobUpload) Write(p []byte) (int, error) {
	n, err := u.Writer.Write(p)
	return n, destinationError(u.ctx, u.name, "write", u.key, err)
}

func (u *blobUpload) commit() error {
	if u.flush != nil {
		if err := u.flush(); err != nil {
			u.abort()
			return destinationError(u.ctx, u.name, "write", u.key, err)
		}
	}
	err := u.Close()
	u.cancel()
	if err != nil && errors.Is(err, context.Canceled) && u.ctx.Err() != nil {
		return context.Cause(u.ctx)
	}
	return destinationError(u.ctx, u.name, "write", u.key, err)
}

func (u *blobUpload) abort() {
	u.cancel()
	_ = u.Close()
}
