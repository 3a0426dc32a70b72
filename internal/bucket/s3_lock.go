package bucket

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// headerPrefix is how the store's own headers begin.
func (b *objectStore) headerPrefix() string {
	if b.cos {
		return "x-cos-"
	}
	return "x-amz-"
}

// setHeader adds a header to a request before it is signed.
func setHeader(name, value string) func(*s3.Options) {
	return s3.WithAPIOptions(smithyhttp.SetHeaderValue(name, value))
}

// lockTime is the form of the end of a retention in a header.
const lockTime = "2006-01-02T15:04:05.000Z"

// withLock adds the headers of a lock. Its end is rounded up to a second, because
// some stores keep only whole ones.
func (b *objectStore) withLock(l Lock) []func(*s3.Options) {
	if l.Mode == "" {
		return nil
	}
	until := l.Until.UTC()
	if whole := until.Truncate(time.Second); whole.Before(until) {
		until = whole.Add(time.Second)
	}
	return []func(*s3.Options){
		setHeader(b.headerPrefix()+"object-lock-mode", l.Mode),
		setHeader(b.headerPrefix()+"object-lock-retain-until-date", until.Format(lockTime)),
	}
}

// lock returns the lock that the headers of a response show.
func (b *objectStore) lock(metadata middleware.Metadata) Lock {
	response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response)
	if !ok {
		return Lock{}
	}
	until, err := time.Parse(time.RFC3339, response.Header.Get(b.headerPrefix()+"object-lock-retain-until-date"))
	if err != nil {
		return Lock{}
	}
	return Lock{Mode: strings.ToUpper(response.Header.Get(b.headerPrefix() + "object-lock-mode")), Until: until.UTC()}
}

// lockOf returns the lock of an object that is read. Some servers, such as
// versitygw, show it in the response to HEAD and not in the one to GET.
func (b *objectStore) lockOf(ctx context.Context, key string, metadata middleware.Metadata) Lock {
	l := b.lock(metadata)
	if l.Mode != "" {
		b.showsLocks.Store(true)
		return l
	}
	if b.showsLocks.Load() {
		return l
	}
	if !b.hasLocks.Load() {
		p, err := b.Protection(ctx)
		b.hasLocks.Store(p.ObjectLock)
		b.showsLocks.Store(err == nil && !p.ObjectLock) // there is nothing to show
		if !p.ObjectLock {
			return l
		}
	}
	if o, err := b.stat(ctx, key); err == nil {
		return o.Lock
	}
	return l
}

// Protection reads the versioning and the object lock of the bucket. Credentials
// that may write may lack the permission to read them, and many stores have
// neither.
func (b *objectStore) Protection(ctx context.Context) (Protection, error) {
	var p Protection
	versioning, err := call(ctx, b, func() (*s3.GetBucketVersioningOutput, error) {
		return b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &b.bucket})
	})
	if unanswered(err) {
		return p, b.failed(ctx, "read the versioning of the bucket", "", err)
	}
	if err == nil {
		p.Versioned = versioning.Status == types.BucketVersioningStatusEnabled
		if b.cos && versioning.Status != "" {
			b.warn("the bucket has versions or had them once, which makes conditional writes ineffective in Tencent Cloud COS: run one apply at a time, because two at once can replace each other's objects")
		}
	}
	out, err := call(ctx, b, func() (*s3.GetObjectLockConfigurationOutput, error) {
		return b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &b.bucket})
	})
	if unanswered(err) {
		return p, b.failed(ctx, "read the object lock configuration", "", err)
	}
	if err != nil {
		return p, nil //nolint:nilerr // see above
	}
	if out.ObjectLockConfiguration == nil || out.ObjectLockConfiguration.ObjectLockEnabled != types.ObjectLockEnabledEnabled {
		return p, nil
	}
	p.ObjectLock, p.Modes = true, []string{Compliance}
	if !b.cos {
		p.Modes = []string{Governance, Compliance}
	}
	if rule := out.ObjectLockConfiguration.Rule; rule != nil && rule.DefaultRetention != nil {
		p.DefaultMode = string(rule.DefaultRetention.Mode)
		p.DefaultDays = int(aws.ToInt32(rule.DefaultRetention.Days) + 365*aws.ToInt32(rule.DefaultRetention.Years))
	}
	return p, nil
}

// unanswered reports whether a request failed without a response of the store.
func unanswered(err error) bool {
	status, code := response(err)
	return err != nil && status == 0 && code == ""
}
