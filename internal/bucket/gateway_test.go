package bucket_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket/storetest"
)

const (
	bucketName = "logs-1250000000"
	rootID     = storetest.ID
	rootSecret = storetest.Secret
)

// gateway is an S3 server with one bucket. A proxy before it records the requests
// and answers some of them itself.
type gateway struct {
	url     string // of the proxy
	address string // of the server
	client  *s3.Client

	versioned bool

	mu   sync.Mutex
	seen []*http.Request
	hook func(w http.ResponseWriter, r *http.Request, next http.Handler) bool
}

type gatewayOption int

const (
	versioned gatewayOption = iota + 1
	locked
	lockedByDefault
)

// startGateway starts versitygw, or skips the test where there is none.
func startGateway(t testing.TB, options ...gatewayOption) *gateway {
	t.Helper()
	return start(t, storetest.Versitygw, options...)
}

func start(t testing.TB, s storetest.Server, options ...gatewayOption) *gateway {
	t.Helper()
	g := &gateway{address: s.Start(t)}
	g.client = s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + g.address), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(rootID, rootSecret, ""), RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
	})
	in := &s3.CreateBucketInput{Bucket: aws.String(bucketName)}
	g.versioned = len(options) > 0
	if slices.Contains(options, locked) || slices.Contains(options, lockedByDefault) {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_, err := g.client.CreateBucket(t.Context(), in)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	var err error
	if slices.Contains(options, versioned) {
		_, err = g.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
			Bucket: in.Bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		})
	}
	if slices.Contains(options, lockedByDefault) {
		_, err = g.client.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{
			Bucket: in.Bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{
				ObjectLockEnabled: types.ObjectLockEnabledEnabled,
				Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(1)}},
			},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	proxy := g.proxy()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.seen = append(g.seen, r.Clone(context.WithoutCancel(r.Context())))
		hook := g.hook
		g.mu.Unlock()
		if hook == nil || !hook(w, r, proxy) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// proxy forwards requests to the server as they are.
func (g *gateway) proxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: g.address})
			r.Out.Host = r.In.Host // it is signed
		},
	}
}

// intercept calls f for every request from now on; f reports whether it has
// answered.
func (g *gateway) intercept(f func(w http.ResponseWriter, r *http.Request, next http.Handler) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hook = f
}

// requests returns the requests so far and forgets them.
func (g *gateway) requests() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := g.seen
	g.seen = nil
	return seen
}

// refuse answers with an error of S3.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", "REQUEST1")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>Refused.</Message><RequestId>REQUEST1</RequestId></Error>`, code)
}

func (g *gateway) destination(prefix, more string) string {
	return "s3://" + bucketName + "?region=us-east-1&endpoint=" + url.QueryEscape(g.url) + "&prefix=" + prefix + more
}

func (g *gateway) open(t testing.TB, prefix, more string) bucket.Bucket {
	t.Helper()
	return open(t, g.destination(prefix, more), bucket.Options{})
}

func open(t testing.TB, destination string, options bucket.Options) bucket.Bucket {
	t.Helper()
	options.MaxRetryDelay = 20 * time.Millisecond
	b, err := bucket.Open(t.Context(), destination, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// uploads counts multipart uploads that are neither completed nor aborted.
func (g *gateway) uploads(t *testing.T) int {
	t.Helper()
	out, err := g.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String(bucketName)})
	if err != nil && strings.Contains(err.Error(), "NoSuchUpload") {
		return 0 // gofakes3
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

func s3Place(g *gateway) place {
	return place{
		open:          func(t *testing.T, prefix string) bucket.Bucket { t.Helper(); return g.open(t, prefix, "") },
		unfinished:    g.uploads,
		keepsVersions: g.versioned,
	}
}

func TestMain(m *testing.M) {
	if mode := os.Getenv("BUCKET_TEST_CHILD"); mode != "" {
		child(mode)
		return
	}
	// The AWS SDK finds these credentials, and nothing else of this machine.
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": rootID, "AWS_SECRET_ACCESS_KEY": rootSecret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
