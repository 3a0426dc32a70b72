package bucket

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
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
	region                 string // of the destination, for hints
	name                   string
	cos                    bool // writes are conditional by the header of COS
	sendMD5                bool // no other checksum is sent
	sseType                types.ServerSideEncryption
	kmsKeyID               string

	// unconditional is set once the store has refused a conditional write.
	unconditional atomic.Bool

	// spares bounds the parts that are sent while another one is filled.
	spares chan struct{}
}

// maxAttempts is how often a request is sent.
const maxAttempts = 5

func newObjectStore(d *destination, options Options) *objectStore {
	return &objectStore{
		http: newClient(options.Transport),
		retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff, o.RateLimiter = maxAttempts, cmp.Or(options.MaxRetryDelay, 5*time.Second), ratelimit.None
		}),
		scheme: d.scheme, bucket: d.bucket, prefix: d.prefix, region: d.query.Get("region"), name: d.String(),
		spares: make(chan struct{}, spareParts),
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
	if err == nil || b.source == nil || ctx.Err() != nil {
		return out, err
	}
	if _, code := response(err); !slices.Contains(expiredCodes, code) && code != "InvalidAccessKeyId" {
		return out, err
	}
	if b.source.refresh(ctx) != nil {
		return out, err
	}
	return send()
}

// probe requests one entry of the listing.
func (b *objectStore) probe(ctx context.Context) error {
	_, err := call(ctx, b, func() (*s3.ListObjectsV2Output, error) {
		return b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &b.prefix, MaxKeys: aws.Int32(1)})
	})
	return b.failed(ctx, "list", "", err)
}

func (b *objectStore) List(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	in := &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: aws.String(b.prefix + prefix), EncodingType: types.EncodingTypeUrl}
	for {
		out, err := call(ctx, b, func() (*s3.ListObjectsV2Output, error) { return b.client.ListObjectsV2(ctx, in) })
		if err != nil {
			return nil, b.failed(ctx, "list", prefix, err)
		}
		for _, o := range out.Contents {
			key := aws.ToString(o.Key)
			if out.EncodingType == types.EncodingTypeUrl {
				if key, err = url.QueryUnescape(key); err != nil {
					return nil, b.failed(ctx, "list", prefix, err)
				}
			}
			key, ok := strings.CutPrefix(key, b.prefix)
			if !ok {
				return nil, b.failed(ctx, "list", prefix, errors.New("the store listed an object outside the prefix"))
			}
			if size := aws.ToInt64(o.Size); key != "" && (size != 0 || !strings.HasSuffix(key, "/")) {
				objects = append(objects, Object{Key: key, Size: size, Modified: aws.ToTime(o.LastModified)})
			}
		}
		if !aws.ToBool(out.IsTruncated) {
			break
		}
		next := aws.ToString(out.NextContinuationToken)
		if next == "" || next == aws.ToString(in.ContinuationToken) {
			return nil, b.failed(ctx, "list", prefix, errors.New("the store did not say where its listing continues"))
		}
		in.ContinuationToken = &next
	}
	slices.SortFunc(objects, func(x, y Object) int { return strings.Compare(x.Key, y.Key) })
	return objects, nil
}

func (b *objectStore) Open(ctx context.Context, key string) (io.ReadCloser, error) {
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
	return &reader{ReadCloser: out.Body, ctx: ctx, name: b.name, key: key, cause: b.cause}, nil
}

// exists reports whether there is an object with the key.
func (b *objectStore) exists(ctx context.Context, key string) (bool, error) {
	_, err := call(ctx, b, func() (*s3.HeadObjectOutput, error) {
		return b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
	})
	if notFound(err) {
		return false, nil
	}
	return err == nil, err
}

func (b *objectStore) Remove(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return b.failed(ctx, "remove", key, err)
	}
	_, err := call(ctx, b, func() (*s3.DeleteObjectOutput, error) {
		return b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
	})
	if notFound(err) {
		return nil
	}
	return b.failed(ctx, "remove", key, err)
}

// Sync has nothing to do: a store answers a write when the object is durable.
func (b *objectStore) Sync(ctx context.Context, _ []string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Sweep aborts multipart uploads, whose parts no listing of objects shows, but
// which are paid for. Credentials that may write may lack the permission to list them.
func (b *objectStore) Sweep(ctx context.Context, age time.Duration, prefixes ...string) error {
	for _, prefix := range prefixes {
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

func (b *objectStore) Retention(ctx context.Context) (Retention, error) {
	var r Retention
	versioned, _, err := b.versioning(ctx)
	if err != nil {
		return r, err
	}
	r.Versioned = versioned
	out, err := call(ctx, b, func() (*s3.GetObjectLockConfigurationOutput, error) {
		return b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &b.bucket})
	})
	if status, code := response(err); err != nil && status == 0 && code == "" {
		return r, b.failed(ctx, "read the object lock configuration", "", err)
	}
	if err == nil && out.ObjectLockConfiguration != nil {
		rule := out.ObjectLockConfiguration.Rule
		r.Locked = rule != nil && rule.DefaultRetention != nil
	}
	return r, nil
}

// versioning reports whether the bucket keeps versions now or did so once, and
// whether that is known: credentials that may write may lack the permission.
func (b *objectStore) versioning(ctx context.Context) (ever, known bool, err error) {
	out, err := call(ctx, b, func() (*s3.GetBucketVersioningOutput, error) {
		return b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.bucket})
	})
	if err != nil {
		if status, code := response(err); status != 0 || code != "" {
			return false, false, nil
		}
		return false, false, b.failed(ctx, "read the versioning of the bucket", "", err)
	}
	return out.Status != "", true, nil
}

// Arbitrates is false for COS buckets that were ever versioned, where the header
// that makes a write conditional has no effect, and for stores that have refused
// a conditional write.
func (b *objectStore) Arbitrates(ctx context.Context) (bool, error) {
	if b.unconditional.Load() {
		return false, nil
	}
	if !b.cos {
		return true, nil
	}
	ever, known, err := b.versioning(ctx)
	return known && !ever, err
}

func (b *objectStore) String() string { return b.name }

// Close has nothing to do: idle connections end by themselves.
func (b *objectStore) Close() error { return nil }
