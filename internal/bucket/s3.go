package bucket

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var _ Bucket = (*objectStore)(nil)

// objectStore keeps objects in a bucket of Amazon S3, of a store with the same
// API, or of Tencent Cloud COS, which has that API too and differs in how a write
// is made conditional.
type objectStore struct {
	client  *s3.Client
	http    s3.HTTPClient
	retryer aws.Retryer
	source  *source

	scheme, bucket, prefix string
	region                 string // for hints
	endpoint               string // empty for the store's own
	name                   string
	cos                    bool // writes are conditional by the header of COS
	sendMD5                bool // no other checksum is sent
	sseType                types.ServerSideEncryption
	kmsKeyID               string

	prefixes []string // of the keys that Sweep may touch
	warnings

	// unconditional is set once the store has refused a conditional write, and
	// done the same write without the condition.
	unconditional atomic.Bool

	// hasLocks is set once the bucket is known to have object lock, and showsLocks
	// once the response to a GET has shown a lock or there is none to show.
	hasLocks, showsLocks atomic.Bool

	// spares bounds the parts that are sent while another one is filled.
	spares chan struct{}
}

func newObjectStore(d *destination, options Options) *objectStore {
	if len(options.Prefixes) == 0 {
		options.Prefixes = []string{""}
	}
	return &objectStore{
		http:    newClient(options.Transport),
		retryer: newRetryer(options, 0, ""),
		scheme:  d.scheme, bucket: d.bucket, prefix: d.prefix, region: d.query.Get("region"), name: d.String(),
		prefixes: options.Prefixes, spares: make(chan struct{}, spareParts),
	}
}

// common are the options of every client.
func (b *objectStore) common(o *s3.Options) {
	o.HTTPClient, o.Retryer = b.http, b.retryer
	// Waiting for "100 Continue" costs a round trip for each part.
	o.ContinueHeaderThresholdBytes = -1
	o.DisableLogOutputChecksumValidationSkipped = true
}

// cosForm is the destination with the cos scheme.
func (b *objectStore) cosForm() string {
	d := destination{scheme: "cos", bucket: b.bucket}
	text := d.String() + "?region=" + b.region
	if b.prefix != "" {
		text += "&prefix=" + b.prefix
	}
	return text
}

// call sends a request, and once more with other credentials if the store says
// that they have expired.
func call[T any](ctx context.Context, b *objectStore, send func() (T, error)) (T, error) {
	out, err := send()
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	if _, code := response(err); !slices.Contains(expiredCodes, code) && code != "InvalidAccessKeyId" {
		return out, err
	}
	if !b.source.renew(ctx) {
		return out, err
	}
	return send()
}

// Clock requests one entry of the listing, which also shows that the bucket can be
// read.
func (b *objectStore) Clock(ctx context.Context) (time.Time, error) {
	out, err := call(ctx, b, func() (*s3.ListObjectsV2Output, error) {
		return b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &b.prefix, MaxKeys: aws.Int32(1)})
	})
	if err != nil {
		return time.Time{}, b.failed(ctx, "list", "", err)
	}
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		now = time.Now()
	}
	return now, nil
}

func (b *objectStore) Stat(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, b.failed(ctx, "stat", key, err)
	}
	o, err := b.stat(ctx, key)
	if notFound(err) {
		err = ErrNotExist
	}
	return o, b.failed(ctx, "stat", key, err)
}

func (b *objectStore) stat(ctx context.Context, key string) (Object, error) {
	out, err := call(ctx, b, func() (*s3.HeadObjectOutput, error) {
		return b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
	})
	if err != nil {
		return Object{}, err
	}
	return Object{Key: key, Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified), Lock: b.lock(out.ResultMetadata)}, nil
}

func (b *objectStore) Open(ctx context.Context, key string) (*Reader, error) {
	if err := checkKey(key); err != nil {
		return nil, b.failed(ctx, "read", key, err)
	}
	out, err := call(ctx, b, func() (*s3.GetObjectOutput, error) {
		return b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
	})
	if notFound(err) {
		err = ErrNotExist
	}
	if err != nil {
		return nil, b.failed(ctx, "read", key, err)
	}
	return &Reader{
		ReadCloser: &reader{ReadCloser: out.Body, ctx: ctx, name: b.name, key: key, cause: b.cause},
		Object:     Object{Key: key, Size: aws.ToInt64(out.ContentLength), Modified: aws.ToTime(out.LastModified), Lock: b.lockOf(ctx, key, out.ResultMetadata)},
	}, nil
}

func (b *objectStore) Remove(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return b.failed(ctx, "remove", key, err)
	}
	_, err := call(ctx, b, func() (*s3.DeleteObjectOutput, error) {
		return b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
	})
	if err == nil || notFound(err) {
		return nil
	}
	return b.failed(ctx, "remove", key, err)
}

// Sync has nothing to do: a store answers a write when the object is durable.
func (b *objectStore) Sync(ctx context.Context, _ []string) error {
	return context.Cause(ctx)
}

// Sweep aborts multipart uploads, whose parts no listing of objects shows, but
// which are paid for. Credentials that may write may lack the permission to list them.
func (b *objectStore) Sweep(ctx context.Context, age time.Duration) error {
	for _, prefix := range b.prefixes {
		pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{Bucket: &b.bucket, Prefix: aws.String(b.prefix + prefix)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return nil //nolint:nilerr // see above
			}
			now, ok := awsmiddleware.GetServerTime(page.ResultMetadata)
			for _, u := range page.Uploads {
				if !ok || u.Initiated == nil || now.Sub(*u.Initiated) <= age || !strings.HasPrefix(aws.ToString(u.Key), b.prefix+prefix) {
					continue
				}
				_, _ = b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &b.bucket, Key: u.Key, UploadId: u.UploadId})
			}
		}
	}
	return nil
}

func (b *objectStore) String() string { return b.name }

// Close has nothing to do: idle connections end by themselves.
func (b *objectStore) Close() error { return nil }
