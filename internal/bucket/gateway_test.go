package bucket_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

const (
	bucketName = "logs-1250000000"
	rootID     = "test"
	rootSecret = "testsecret"
)

// server is a real S3 server that is built from its Go module.
type server struct {
	name     string
	variable string // of the environment, with the path of the binary
	command  func(binary, address, dir string) *exec.Cmd
	lacks    map[string]string // test of conform → why the server cannot pass it
}

var (
	versitygw = server{name: "versitygw", variable: "VERSITYGW", command: func(binary, address, dir string) *exec.Cmd {
		return exec.Command(binary, "--access", rootID, "--secret", rootSecret, "--region", "us-east-1", "--port", address, //nolint:noctx // killed by gateway
			"--quiet", "posix", "--versioning-dir", dir+".versions", dir)
	}}
	minio = server{name: "minio", variable: "MINIO", command: func(binary, address, dir string) *exec.Cmd {
		cmd := exec.Command(binary, "server", "--quiet", "--address", address, dir) //nolint:noctx // killed by gateway
		cmd.Env = append(os.Environ(), "MINIO_ROOT_USER="+rootID, "MINIO_ROOT_PASSWORD="+rootSecret, "MINIO_BROWSER=off", "MINIO_UPDATE=off", "CI=true")
		return cmd
	}}
	rclone = server{name: "rclone", variable: "RCLONE", command: func(binary, address, dir string) *exec.Cmd {
		return exec.Command(binary, "--config", os.DevNull, "serve", "s3", "--addr", address, "--auth-key", rootID+","+rootSecret, "--vfs-cache-mode", "off", dir) //nolint:noctx // killed by gateway
	}}
	gofakes3 = server{name: "gofakes3", variable: "GOFAKES3", command: func(binary, address, _ string) *exec.Cmd {
		return exec.Command(binary, "-host", address, "-backend", "memory", "-quiet") //nolint:noctx // killed by gateway
	}}
)

// binary finds the server, or skips the test.
func (s server) binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(s.variable); path != "" {
		return path
	}
	path := filepath.Join("..", "..", "bin", "tools", s.name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	path, err := exec.LookPath(s.name)
	if err != nil {
		t.Skipf("%s is missing: set %s, or run make bin/tools/%[1]s", s.name, s.variable)
	}
	return path
}

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
	return start(t, versitygw, options...)
}

func start(t testing.TB, s server, options ...gatewayOption) *gateway {
	t.Helper()
	binary := s.binary(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{address: listener.Addr().String()}
	_ = listener.Close()
	dir := filepath.Join(t.TempDir(), "data")
	for _, path := range []string{dir, dir + ".versions"} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := s.command(binary, g.address, dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() && output.Len() > 0 {
			t.Logf("%s: %.2000s", s.name, output.String())
		}
	})
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
