package bucket

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

const (
	// partSize is the least that S3 accepts for all parts but the last.
	partSize = 5 << 20

	// maxParts is the most that S3 accepts.
	maxParts = 10_000

	// spareParts is how many parts all writers of a bucket together may send
	// while they fill another one. A writer that gets no spare part waits until
	// its own is sent. So n writers use (n + spareParts) × partSize of memory.
	spareParts = 4

	chunkSize = 64 << 10
)

// chunks are reused from one part to the next.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// part is a buffer in chunks, so that a small object needs little memory.
type part struct {
	chunks []*[chunkSize]byte
	size   int64
}

// fill appends data and returns how much of it fits.
func (p *part) fill(data []byte) int {
	n := 0
	for n < len(data) && p.size < partSize {
		at := int(p.size % chunkSize)
		if at == 0 {
			p.chunks = append(p.chunks, chunks.Get().(*[chunkSize]byte)) //nolint:forcetypeassert // the pool has no others
		}
		c := copy(p.chunks[len(p.chunks)-1][at:], data[n:])
		n, p.size = n+c, p.size+int64(c)
	}
	return n
}

// ReadAt implements io.ReaderAt.
func (p *part) ReadAt(data []byte, offset int64) (int, error) {
	n := 0
	for n < len(data) && offset < p.size {
		at := offset % chunkSize
		end := min(chunkSize, at+p.size-offset)
		c := copy(data[n:], p.chunks[offset/chunkSize][at:end])
		n, offset = n+c, offset+int64(c)
	}
	if n < len(data) {
		return n, io.EOF
	}
	return n, nil
}

func (p *part) body() io.ReadSeeker { return io.NewSectionReader(p, 0, p.size) }

// md5 returns the value of Content-MD5.
func (p *part) md5() *string {
	h := md5.New()
	_, _ = io.Copy(h, p.body())
	return aws.String(base64.StdEncoding.EncodeToString(h.Sum(nil)))
}

// free makes the memory available to other parts. A part is never freed after a
// failed request: the transport may still be reading it.
func (p *part) free() {
	for _, c := range p.chunks {
		chunks.Put(c)
	}
	p.chunks, p.size = nil, 0
}

// objectWriter collects an object of at most one part in memory and puts it with
// a single request. A larger one is a multipart upload.
type objectWriter struct {
	*objectStore
	ctx    context.Context // that of Create, which covers the write
	broken context.Context // ends when a part fails
	key    string
	WriteOptions

	part   *part
	upload string // ID of the multipart upload
	group  *errgroup.Group
	sent   []*types.CompletedPart
	err    error // of a Write
}

func (b *objectStore) Create(ctx context.Context, key string, options WriteOptions) (Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, b.failed(ctx, "write", key, err)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	group, broken := errgroup.WithContext(ctx)
	return &objectWriter{objectStore: b, ctx: ctx, broken: broken, key: key, WriteOptions: options, part: new(part), group: group}, nil
}

func (w *objectWriter) Write(p []byte) (int, error) {
	n := 0
	for {
		n += w.part.fill(p[n:])
		if n == len(p) {
			return n, nil
		}
		// More follows a full part.
		if w.err == nil {
			w.err = w.failed(w.ctx, "write", w.key, w.outcome(w.send()))
		}
		if w.err != nil {
			return n, w.err
		}
	}
}

// send sends a full part: in the background if there is a spare one to fill
// meanwhile.
func (w *objectWriter) send() error {
	if w.broken.Err() != nil {
		return context.Cause(w.broken)
	}
	if w.upload == "" {
		in := &s3.CreateMultipartUploadInput{
			Bucket: &w.bucket, Key: aws.String(w.prefix + w.key), ServerSideEncryption: w.sseType, SSEKMSKeyId: optional(w.kmsKeyID),
		}
		if !w.sendMD5 {
			in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32 // that of the parts
		}
		options := w.withLock(w.Lock)
		if w.sendMD5 && len(options) > 0 {
			options = append(options, setHeader("Content-MD5", *new(part).md5()))
		}
		out, err := call(w.ctx, w.objectStore, func() (*s3.CreateMultipartUploadOutput, error) {
			return w.client.CreateMultipartUpload(w.ctx, in, options...)
		})
		if err != nil {
			return err
		}
		w.upload = aws.ToString(out.UploadId)
	}
	if len(w.sent) == maxParts {
		return fmt.Errorf("it is larger than %d GiB", maxParts*partSize>>30)
	}
	completed := new(types.CompletedPart)
	w.sent = append(w.sent, completed)
	full, number := w.part, int32(len(w.sent))
	w.part = new(part)
	select {
	case w.spares <- struct{}{}:
		w.group.Go(func() error {
			defer func() { <-w.spares }()
			return w.sendPart(full, number, completed)
		})
		return nil
	default:
		return w.sendPart(full, number, completed)
	}
}

// sendPart sends one part and frees it.
func (w *objectWriter) sendPart(p *part, number int32, completed *types.CompletedPart) error {
	in := &s3.UploadPartInput{Bucket: &w.bucket, Key: aws.String(w.prefix + w.key), UploadId: &w.upload, PartNumber: &number}
	if w.sendMD5 {
		in.ContentMD5 = p.md5()
	}
	calls := 0
	out, err := call(w.ctx, w.objectStore, func() (*s3.UploadPartOutput, error) {
		calls++
		in.Body = p.body()
		return w.client.UploadPart(w.ctx, in)
	})
	if err != nil {
		return err
	}
	if once(calls, out.ResultMetadata) {
		p.free()
	}
	*completed = types.CompletedPart{PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32}
	return nil
}

func (w *objectWriter) Commit() error {
	defer func() { _ = w.group.Wait() }() // releases w.broken
	if w.ctx.Err() != nil {
		w.err = context.Cause(w.ctx)
	}
	if w.err != nil {
		w.Abort()
		return w.err
	}
	var err error
	if w.upload == "" {
		err = w.put()
	} else {
		err = w.finish()
	}
	if err != nil && w.upload != "" {
		w.abandon()
	}
	return w.failed(w.ctx, "write", w.key, w.outcome(err))
}

// put writes an object of one part.
func (w *objectWriter) put() error {
	in := &s3.PutObjectInput{
		Bucket: &w.bucket, Key: aws.String(w.prefix + w.key), ContentLength: aws.Int64(w.part.size),
		ServerSideEncryption: w.sseType, SSEKMSKeyId: optional(w.kmsKeyID),
	}
	if w.sendMD5 {
		in.ContentMD5 = w.part.md5()
	}
	return w.publish(func(options ...func(*s3.Options)) error {
		calls := 0
		out, err := call(w.ctx, w.objectStore, func() (*s3.PutObjectOutput, error) {
			calls++
			in.Body = w.part.body()
			return w.client.PutObject(w.ctx, in, append(options, w.withLock(w.Lock)...)...)
		})
		if err == nil && once(calls, out.ResultMetadata) {
			w.part.free()
		}
		return err
	})
}

// finish sends the last part and completes the multipart upload.
func (w *objectWriter) finish() error {
	err := w.send()
	if wait := w.group.Wait(); wait != nil {
		err = wait
	}
	if err != nil {
		return err
	}
	parts := make([]types.CompletedPart, len(w.sent))
	for i, p := range w.sent {
		parts[i] = *p
	}
	in := &s3.CompleteMultipartUploadInput{
		Bucket: &w.bucket, Key: aws.String(w.prefix + w.key), UploadId: &w.upload,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	}
	if w.IfAbsent && !w.cos && w.endpoint != "" && !w.unconditional.Load() {
		// Some servers complete an upload whatever its condition says.
		if _, err := w.stat(w.ctx, w.key); err == nil {
			return ErrExist
		}
	}
	return w.publish(func(options ...func(*s3.Options)) error {
		_, err := call(w.ctx, w.objectStore, func() (*s3.CompleteMultipartUploadOutput, error) {
			return w.client.CompleteMultipartUpload(w.ctx, in, options...)
		})
		return err
	})
}

// publish sends the request that makes the object visible. A store that refuses
// the header of a conditional write gets the request without it, unless the key
// exists.
func (w *objectWriter) publish(send func(options ...func(*s3.Options)) error) error {
	if !w.IfAbsent || w.unconditional.Load() {
		return send()
	}
	condition := setHeader("If-None-Match", "*")
	if w.cos {
		condition = setHeader("x-cos-forbid-overwrite", "true")
	}
	err := send(condition)
	if !unconditional(err) || w.lockRefused(err) {
		return err
	}
	if found := w.outcome(err); errors.Is(found, ErrExist) {
		return found
	}
	if send() != nil {
		return err // the condition was not the reason
	}
	w.unconditional.Store(true)
	w.warn("the store has no conditional writes: run one apply at a time, because two at once can replace each other's objects")
	return nil
}

// outcome is ErrExist for an error of a conditional write to a key that exists.
// Stores refuse it in many ways: object lock, a bucket policy, another write that
// is under way, or the repetition of a request whose response was lost.
func (w *objectWriter) outcome(err error) error {
	if err == nil || !w.IfAbsent || w.ctx.Err() != nil {
		return err
	}
	if exists(err) {
		return ErrExist
	}
	if w.lockRefused(err) {
		return err
	}
	if status, _ := response(err); status < 400 || status > 499 && status != http.StatusNotImplemented {
		return err
	}
	if _, missing := w.stat(w.ctx, w.key); missing == nil {
		return ErrExist
	}
	return err
}

// lockRefused reports whether a write may have been refused because the bucket has
// no object lock. Some servers write the object all the same.
func (w *objectWriter) lockRefused(err error) bool {
	status, _ := response(err)
	return w.Lock.Mode != "" && status == http.StatusBadRequest
}

// once reports whether a request was sent only once.
func once(calls int, metadata middleware.Metadata) bool {
	attempts, ok := retry.GetAttemptResults(metadata)
	return ok && calls*len(attempts.Results) == 1
}

func (w *objectWriter) Abort() {
	_ = w.group.Wait()
	if w.upload != "" {
		w.abandon()
	}
}

// abandon aborts the multipart upload. Parts whose requests were canceled may
// still arrive and bring the upload back, so it is aborted until the store no
// longer knows it. Sweep removes what remains.
func (w *objectWriter) abandon() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), 15*time.Second)
	defer cancel()
	for i := range 3 {
		_, err := w.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &w.bucket, Key: aws.String(w.prefix + w.key), UploadId: &w.upload})
		if w.ctx.Err() == nil || err != nil || wait.For(ctx, 50*time.Millisecond<<i) != nil {
			return
		}
	}
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
