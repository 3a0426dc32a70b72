package archive

import (
	"cmp"
	"errors"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

func TestMain(m *testing.M) {
	// The AWS SDK finds its keys in the environment, and nothing else of it.
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testsecret", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// gateway is a real S3 server with one bucket, "logs", behind a proxy that
// keeps what was asked.
type gateway struct {
	url  string
	mu   sync.Mutex
	seen []*http.Request
	// refuse answers in place of the server, where it is not nil; status and code
	// say how, and are those of AccessDenied where they are not set.
	refuse func(*http.Request) bool
	status int
	code   string
}

func (g *gateway) requests() []*http.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

func (g *gateway) refusing(f func(*http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse = f
}

// lacking answers with a status and a code from now on.
func (g *gateway) lacking(status int, code string, f func(*http.Request) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuse, g.status, g.code = f, status, code
}

func (g *gateway) destination(more string) string {
	return "s3://logs?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(g.url) + "&prefix=a/b/" + more
}

func (g *gateway) open(t *testing.T, more string) *Store {
	t.Helper()
	store, err := Open(t.Context(), g.destination(more))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// startGateway starts versitygw, or skips the test where there is none.
func startGateway(t *testing.T) *gateway {
	t.Helper()
	binary := os.Getenv("VERSITYGW")
	if binary == "" {
		binary = filepath.Join("..", "..", "bin", "tools", "versitygw")
		if _, err := os.Stat(binary); err != nil {
			if binary, err = exec.LookPath("versitygw"); err != nil {
				t.Skip("there is no S3 server: set VERSITYGW, or make it in bin/tools")
			}
		}
	}
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	cmd := exec.Command(binary, "--access", "test", "--secret", "testsecret", "--region", "us-east-1", "--port", address, "--quiet", "posix", root) //nolint:gosec,noctx // a tool of the tests, killed below
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second) //nolint:noctx // bounded by itself
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the S3 server does not listen")
		}
	}
	g := new(gateway)
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host // it is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.seen = append(g.seen, r.Clone(r.Context()))
		refused := g.refuse != nil && g.refuse(r)
		status, code := cmp.Or(g.status, http.StatusForbidden), cmp.Or(g.code, "AccessDenied")
		g.mu.Unlock()
		if refused {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			fmt.Fprintf(w, `<Error><Code>%s</Code><Message>Refused</Message></Error>`, code)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

// trailers counts the requests that a store like COS would refuse.
func trailers(requests []*http.Request) (uploads, refused int) {
	for _, r := range requests {
		if r.Method != http.MethodPut {
			continue
		}
		uploads++
		if r.Header.Get("X-Amz-Trailer") != "" || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") ||
			strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			refused++
		}
	}
	return uploads, refused
}

func TestS3(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	w := newWorld(t, 96, nil)
	store := g.open(t, "")
	s := w.run(w.archive(store, nil))
	if s.PackageCount != 96 {
		t.Errorf("%+v", s)
	}
	checkBags(t, contents(t, store))
	w.downloads()

	before := contents(t, store)
	lost := keysUnder(before, "dt=2022-05-02/data/")[5]
	if err := store.remove(t.Context(), lost); err != nil {
		t.Fatal(err)
	}
	w.sim.Update(func(c *teosim.Catalogue) { c.L7[0].Members = 2 })
	r, err := w.archive(store, nil).Inspect(t.Context())
	if err != nil || len(r.Problems) != 1 || r.Problems[0].Kind != Missing || r.Problems[0].Path != lost {
		t.Errorf("%+v, %v", r, err)
	}
	w.run(w.archive(store, nil))
	if n := w.downloads(); n != 2 {
		t.Errorf("%d downloads for one that grew and one that was lost", n)
	}
	after := contents(t, store)
	checkBags(t, after)
	if after[lost] != before[lost] {
		t.Error("the lost package is not as it was")
	}
	uploads, refused := trailers(g.requests())
	if uploads < 100 || refused > 0 {
		t.Errorf("%d of %d uploads have a trailing checksum", refused, uploads)
	}

	if left, err := w.archive(store, nil).Delete(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if left := contents(t, store); len(left) > 0 {
		t.Errorf("left: %d", len(left))
	}
}

// TestS3TrailersAreFound proves that the check above can fail.
func TestS3TrailersAreFound(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	store := g.open(t, "&request_checksum_calculation=when_supported")
	_ = store.put(t.Context(), "a", []byte("b"))
	// The SDK chooses a trailer only over TLS or for streams; a checksum header
	// is the least it adds.
	found := false
	for _, r := range g.requests() {
		for name := range r.Header {
			found = found || r.Method == http.MethodPut && (strings.HasPrefix(name, "X-Amz-Checksum") || name == "X-Amz-Trailer")
		}
	}
	if !found {
		t.Error("no checksum of the SDK was seen, even where it was asked for")
	}
	quiet := g.open(t, "")
	mark := len(g.requests())
	_ = quiet.put(t.Context(), "a", []byte("b"))
	for _, r := range g.requests()[mark:] {
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Amz-Checksum") || name == "X-Amz-Trailer" || name == "X-Amz-Sdk-Checksum-Algorithm" {
				t.Errorf("%s %s", r.Method, name)
			}
		}
	}
}

func TestS3LargePackages(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	w := newWorld(t, 2, func(o *teosim.GenerateOptions) { o.StoredBytes, o.Uncompressed = 17<<20, true })
	store := g.open(t, "")
	var client *s3.Client
	if !store.objects.(*cloud).bucket.As(&client) {
		t.Fatal("no S3 client")
	}
	unfinished := func() int {
		bucket := "logs"
		out, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Uploads)
	}
	// What breaks off in the middle leaves nothing, neither seen nor hidden.
	w.sim.Inject(teosim.Fault{Name: teosim.CutBody, Action: teosim.DownloadAction, Times: 100})
	if _, err := w.archive(store, nil).Run(t.Context(), w.listed()); err == nil {
		t.Error("half a package was archived")
	}
	if keys := keysUnder(contents(t, store), "dt="); len(keys) > 0 || unfinished() > 0 {
		t.Errorf("%v, %d uploads", keys, unfinished())
	}
	w.sim.ClearFaults()
	// What a killed process has left is swept up by the next run.
	key, bucket := "a/b/dt=2022-05-01/data/x", "logs"
	if _, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key}); err != nil {
		t.Fatal(err)
	}
	mine := "mine"
	if _, err := client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &bucket, Key: &mine}); err != nil {
		t.Fatal(err)
	}
	w.run(w.archive(store, nil))
	if n := unfinished(); n != 1 {
		t.Errorf("%d uploads are left, one is not the archive's", n)
	}
	checkBags(t, contents(t, store))
}

func TestS3Faults(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for name, destination := range map[string]string{
		"bucket": strings.Replace(g.destination(""), "s3://logs", "s3://nothere", 1),
		"keys":   g.destination("&anonymous=true"),
	} {
		if _, err := Open(t.Context(), destination); err == nil {
			t.Errorf("%s: opened", name)
		} else if _, ok := errors.AsType[*DestinationError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t, 48, nil)
	store := g.open(t, "")
	payload := 0
	g.refusing(func(r *http.Request) bool {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".gz") {
			payload++
		}
		return payload > 10 && r.Method == http.MethodPut
	})
	_, err := w.archive(store, nil).Run(t.Context(), w.listed())
	d, ok := errors.AsType[*DestinationError](err)
	if !ok || !strings.Contains(err.Error(), "AccessDenied") || !d.hopeless() || strings.Contains(err.Error(), "testsecret") {
		t.Fatalf("%v", err)
	}
	if n := w.downloads(); n > 20 {
		t.Errorf("%d downloads for a bucket that takes none", n)
	}
	g.refusing(nil)
	standing := 0
	for key := range contents(t, store) {
		if strings.HasSuffix(key, ".gz") {
			standing++
		}
	}
	w.run(w.archive(store, nil))
	// A write that was given up may still arrive after it was looked for.
	if n := w.downloads(); standing < 5 || n > 48-standing || n < 44-standing {
		t.Errorf("%d downloads, %d packages were there", n, standing)
	}
	checkBags(t, contents(t, store))
}

// A store without conditional writes refuses If-None-Match in one way or the
// other; it takes an archive all the same.
func TestS3WithoutConditionalWrites(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for i, answer := range []struct {
		status int
		code   string
	}{{501, "NotImplemented"}, {400, "InvalidArgument"}, {400, "InvalidRequest"}, {501, "Whatever"}} {
		conditions := 0
		g.lacking(answer.status, answer.code, func(r *http.Request) bool {
			if r.Header.Get("If-None-Match") == "" {
				return false
			}
			conditions++
			return true
		})
		store := g.open(t, fmt.Sprintf("%d/", i))
		w := newWorld(t, 2, nil)
		if s := w.run(w.archive(store, nil)); s.PackageCount != 2 || conditions == 0 {
			t.Errorf("%v: %+v after %d conditional writes", answer, s, conditions)
		}
	}
	// Every other refusal is one.
	g.lacking(http.StatusForbidden, "SignatureDoesNotMatch", func(r *http.Request) bool { return r.Method == http.MethodPut })
	w := newWorld(t, 2, nil)
	_, err := w.archive(g.open(t, "denied/"), nil).Run(t.Context(), w.listed())
	if d, ok := errors.AsType[*DestinationError](err); !ok || !d.hopeless() || !strings.Contains(err.Error(), "SignatureDoesNotMatch") {
		t.Errorf("%v", err)
	}
}
