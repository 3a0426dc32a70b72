package bucket

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
)

// Options are the surroundings of a destination. The zero Options are fine for
// file and s3.
type Options struct {
	// Credentials sign the requests to a cos destination, which needs them.
	// The AWS SDK finds the credentials of an s3 destination.
	Credentials CredentialsProvider

	// COSDomain replaces https://cos.<region>.myqcloud.com for cos destinations
	// without an endpoint. It is a URL or a host; the name of the bucket is put
	// before the host.
	COSDomain string

	// Transport carries the requests of s3 and cos. If it is nil, they use the
	// proxy of the environment and, for s3, the certificates of AWS_CA_BUNDLE.
	Transport http.RoundTripper

	// MaxRetryDelay is the longest pause before a failed request is sent again;
	// 5 s if zero.
	MaxRetryDelay time.Duration

	// TempFolder is the beginning of the keys of unfinished writes to a file
	// destination, such as ".teo-archive/tmp/"; ".tmp/" if empty. Nothing else is
	// kept there: it is not listed, and Sweep removes old files.
	TempFolder string

	// Prefixes are beginnings of keys. Sweep of an s3 or cos destination aborts
	// only uploads whose keys begin with one of them; any upload if empty.
	Prefixes []string

	// Existing means that the destination is known to have objects. The folder of
	// a file destination is then not created, whatever its create_dir says: if it
	// does not exist, its disk is not mounted.
	Existing bool

	// Log, if not nil, receives messages at info level, such as where the
	// credentials come from. The fields hold nothing secret.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// tempFolder is the TempFolder with a slash at its end.
func (o Options) tempFolder() string {
	return cmp.Or(strings.Trim(o.TempFolder, "/"), ".tmp") + "/"
}

// Credentials sign requests to Tencent Cloud COS.
type Credentials struct {
	SecretID  string
	SecretKey string
	Token     string // of temporary credentials

	// Source says in words where the credentials come from, such as "the provider
	// configuration". It holds nothing secret.
	Source string
}

// CredentialsProvider finds credentials and refreshes them. It is safe for
// concurrent use.
type CredentialsProvider interface {
	// Credentials returns credentials that are valid now. It is called for every
	// request, so it keeps them while they are valid.
	Credentials(ctx context.Context) (Credentials, error)

	// Renew replaces credentials that the store refused as expired. It fails if
	// there are no others.
	Renew(ctx context.Context, refused Credentials) error
}

// Open opens a destination:
//
//	file:///srv/logs?prefix=teo/                   a folder; create_dir=true creates it
//	s3://bucket?region=us-east-1&prefix=teo/       Amazon S3, or with endpoint=… a compatible store
//	cos://bucket-1250000000?region=ap-guangzhou    Tencent Cloud COS
//
// It requests one entry of the listing to check that the destination exists and can
// be read. The error is an *Error or the context's cause.
func Open(ctx context.Context, destination string, options Options) (Bucket, error) {
	d, err := parse(destination)
	if err != nil {
		return nil, err
	}
	b, err := open(ctx, d, options)
	if err != nil {
		return nil, newError(ctx, d.String(), "open the destination", "", err)
	}
	return b, nil
}

func open(ctx context.Context, d *destination, options Options) (Bucket, error) {
	if d.scheme == "file" {
		return openFolder(ctx, d, options)
	}
	var b *objectStore
	var err error
	if d.scheme == "cos" {
		b, err = openCOS(d, options)
	} else {
		b, err = openS3(ctx, d, options)
	}
	if err != nil {
		return nil, err
	}
	if _, err := b.Clock(ctx); err != nil {
		_ = b.Close()
		return nil, err
	}
	return b, nil
}
