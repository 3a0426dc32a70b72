package bucket_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// publishes reports whether a request makes an object visible.
func publishes(r *http.Request) bool {
	q := r.URL.Query()
	return r.Method == http.MethodPut && !q.Has("partNumber") || r.Method == http.MethodPost && q.Has("uploadId")
}

// hangUp ends the connection without a response.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// apply lets a request take effect and drops the response.
func apply(r *http.Request, next http.Handler) { next.ServeHTTP(httptest.NewRecorder(), r) }

// The response to a write that took effect can be lost. A conditional write then
// says that the object exists, and its content shows whose it is.
func TestAResponseOfS3CanBeLost(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for _, size := range sizes {
		for name, lose := range map[string]func(w http.ResponseWriter, r *http.Request, next http.Handler){
			"after": func(w http.ResponseWriter, r *http.Request, next http.Handler) { apply(r, next); hangUp(w) },
			"before": func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				_, _ = io.Copy(io.Discard, r.Body)
				hangUp(w)
			},
			"500": func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				apply(r, next)
				refuse(w, http.StatusInternalServerError, "InternalError")
			},
			"503": func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
				_, _ = io.Copy(io.Discard, r.Body)
				refuse(w, http.StatusServiceUnavailable, "SlowDown")
			},
		} {
			for _, mode := range []bucket.WriteOptions{ifAbsent, replace} {
				b := g.open(t, fmt.Sprintf("lost/%d/%s/%t/", size, name, mode.IfAbsent), "")
				var lost atomic.Int32
				g.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
					if !publishes(r) || lost.Add(1) > 1 {
						return false
					}
					lose(w, r, next)
					return true
				})
				data := pattern(size, 1)
				err := write(t, b, "x", data, mode)
				g.intercept(nil)
				applied := name == "after" || name == "500"
				switch {
				case applied && size == twoParts && !mode.IfAbsent:
					// Some servers accept that an upload is completed again, and
					// some say that it does not exist.
				case applied && size == twoParts && err == nil:
				case applied && mode.IfAbsent:
					if !isError(err, bucket.ErrExist) {
						t.Errorf("%s, %d bytes, %+v: %v", name, size, mode, err)
					}
				case err != nil:
					t.Errorf("%s, %d bytes, %+v: %v", name, size, mode, err)
				}
				if !holds(t, b, "x", data) {
					t.Errorf("%s, %d bytes, %+v: other content", name, size, mode)
				}
			}
		}
	}
	if n := g.uploads(t); n > 0 {
		t.Errorf("%d multipart uploads are left", n)
	}
}

// What may pass is tried again, and what cannot pass is not.
func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := g.open(t, "x/", "")
	for _, test := range []struct {
		status    int
		code      string
		permanent bool
		requests  int32
	}{
		{http.StatusInternalServerError, "InternalError", false, 5},
		{http.StatusForbidden, "AccessDenied", true, 1},
		{http.StatusForbidden, "InvalidAccessKeyId", true, 1},
		{http.StatusBadRequest, "ExpiredToken", true, 1},
		{http.StatusBadRequest, "RequestTimeout", false, 5},
		{http.StatusNotFound, "NoSuchBucket", true, 1},
		{http.StatusConflict, "ConditionalRequestConflict", false, 5},
		{http.StatusBadRequest, "EntityTooLarge", false, 1},
	} {
		var sent atomic.Int32
		g.intercept(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if !publishes(r) {
				return false
			}
			sent.Add(1)
			refuse(w, test.status, test.code)
			return true
		})
		err := write(t, b, "x", []byte("1"), ifAbsent)
		e, ok := errors.AsType[*bucket.Error](err)
		if !ok || e.Permanent() != test.permanent || sent.Load() != test.requests ||
			!strings.Contains(err.Error(), "cannot write x: ") ||
			!strings.Contains(err.Error(), fmt.Sprintf("%s (HTTP %d, request ID REQUEST1): Refused", test.code, test.status)) {
			t.Errorf("%s after %d requests: %v", test.code, sent.Load(), err)
		}
	}
}

// 409 ConditionalRequestConflict means that another write is under way.
func TestAConflictIsAnotherWriteUnderWay(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for _, size := range sizes {
		b := g.open(t, fmt.Sprintf("conflict/%d/", size), "")
		for _, present := range []bool{false, true} {
			var sent atomic.Int32
			if present {
				g.intercept(nil)
				mustWrite(t, b, "true", []byte("winner"))
			}
			g.intercept(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				if !publishes(r) || sent.Add(1) > 2 {
					return false
				}
				_, _ = io.Copy(io.Discard, r.Body)
				refuse(w, http.StatusConflict, "ConditionalRequestConflict")
				return true
			})
			err := write(t, b, fmt.Sprint(present), pattern(size, 0), ifAbsent)
			if present && !isError(err, bucket.ErrExist) || !present && err != nil {
				t.Errorf("%d bytes, present: %t: %v", size, present, err)
			}
		}
	}
}

// Stores without conditional writes reject them in different ways. The driver
// says so, and writes without the condition.
func TestAStoreWithoutConditionalWritesIsWrittenToWithoutThem(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for i, answer := range []struct {
		status int
		code   string
	}{{501, "NotImplemented"}, {400, "InvalidArgument"}, {400, "InvalidRequest"}, {501, "Whatever"}} {
		g.intercept(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			if r.Header.Get("If-None-Match") == "" {
				return false
			}
			_, _ = io.Copy(io.Discard, r.Body)
			refuse(w, answer.status, answer.code)
			return true
		})
		for _, size := range sizes {
			b := g.open(t, fmt.Sprintf("plain/%d/%d/", i, size), "")
			if err := write(t, b, "present", pattern(size, 0), replace); err != nil {
				t.Fatal(err)
			}
			if err := write(t, b, "present", pattern(size, 1), ifAbsent); !isError(err, bucket.ErrExist) || !holds(t, b, "present", pattern(size, 0)) {
				t.Errorf("%v: %v", answer, err)
			}
			if got := b.Warnings(); len(got) > 0 {
				t.Errorf("%v: %q", answer, got)
			}
			mustWrite(t, b, "x", pattern(size, 1))
			mustWrite(t, b, "x", pattern(size, 2))
			if !holds(t, b, "x", pattern(size, 2)) {
				t.Errorf("%v: other content", answer)
			}
			if got := b.Warnings(); len(got) != 1 || !strings.Contains(got[0], "no conditional writes: run one apply at a time") {
				t.Errorf("%v: %q", answer, got)
			}
		}
	}
}

// Stores other than AWS get no trailing checksums, and Content-MD5 instead, which
// locked buckets require.
func TestStoresOtherThanAWSGetContentMD5(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for more, want := range map[string]bool{"": false, "&request_checksum_calculation=when_supported": true} {
		b := g.open(t, "checksums/", more)
		g.requests()
		for _, size := range sizes {
			if err := write(t, b, "x", pattern(size, 0), replace); err != nil {
				t.Fatal(err)
			}
		}
		if !holds(t, b, "x", pattern(twoParts, 0)) {
			t.Error("other content")
		}
		uploads := 0
		for _, r := range g.requests() {
			if r.Method != http.MethodPut {
				continue
			}
			uploads++
			checksum := r.Header.Get("X-Amz-Trailer") != ""
			for name := range r.Header {
				checksum = checksum || strings.HasPrefix(name, "X-Amz-Checksum") || strings.HasPrefix(name, "X-Amz-Sdk-Checksum")
			}
			if checksum != want || (r.Header.Get("Content-Md5") != "") == want || r.Header.Get("Expect") != "" {
				t.Errorf("%q: %v", more, r.Header)
			}
		}
		if uploads != 3 {
			t.Errorf("%d uploads", uploads)
		}
	}
}

func TestAWriteAsksForEncryption(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := g.open(t, "sse/", "&ssetype=aws:kms&kmskeyid=key-1")
	g.requests()
	for _, size := range sizes {
		_ = write(t, b, "x", pattern(size, 0), replace) // the server may not know KMS
	}
	seen := 0
	for _, r := range g.requests() {
		if r.Method == http.MethodPut && !r.URL.Query().Has("partNumber") || r.URL.Query().Has("uploads") {
			seen++
			if r.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" || r.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") != "key-1" {
				t.Errorf("%s %s: %v", r.Method, r.URL, r.Header)
			}
		}
	}
	if seen != 2 {
		t.Errorf("%d requests", seen)
	}
}

// Credentials that may write may lack the permission to read the configuration of the
// bucket.
func TestAMissingPermissionToReadTheProtectionIsNoError(t *testing.T) {
	t.Parallel()
	g := startGateway(t, versioned)
	b := g.open(t, "denied/", "")
	g.intercept(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		denied := r.URL.Query().Has("versioning") || r.URL.Query().Has("object-lock") || r.URL.Query().Has("uploads")
		if denied {
			refuse(w, http.StatusForbidden, "AccessDenied")
		}
		return denied
	})
	if p, err := b.Protection(t.Context()); err != nil || p.Versioned || p.ObjectLock {
		t.Errorf("%+v, %v", p, err)
	}
	if err := b.Sweep(t.Context(), 0); err != nil {
		t.Errorf("%v", err)
	}
}

func TestASweepAbortsOldUploadsOfThePrefixesOnly(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := open(t, g.destination("teo/", ""), bucket.Options{Prefixes: []string{"dt=", ".teo-archive/"}})
	for _, key := range []string{"teo/dt=1/x", "teo/.teo-archive/x", "teo/mine", "mine"} {
		if _, err := g.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(bucketName), Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sweep(t.Context(), time.Hour); err != nil || g.uploads(t) != 4 {
		t.Errorf("%v, %d uploads", err, g.uploads(t))
	}
	// The time of an upload has whole seconds, as the Date header has.
	if err := b.Sweep(t.Context(), -2*time.Second); err != nil || g.uploads(t) != 2 {
		t.Errorf("%v, %d uploads", err, g.uploads(t))
	}
}

func TestAKilledUploadIsInvisible(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := g.open(t, "teo/", "")
	if n := killWhileWriting(t, g.destination("teo/", ""), b); n < 2 {
		t.Errorf("%d objects", n)
	}
	if err := b.Sweep(t.Context(), -2*time.Second); err != nil || g.uploads(t) != 0 {
		t.Errorf("%v, %d uploads", err, g.uploads(t))
	}
}

// A part that fails ends the write, and nothing of it remains.
func TestAPartThatFailsEndsTheWrite(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := g.open(t, "teo/", "")
	g.intercept(func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		failed := r.URL.Query().Get("partNumber") == "2"
		if failed {
			refuse(w, http.StatusForbidden, "AccessDenied")
		}
		return failed
	})
	for _, size := range []int{twoParts, 11 << 20, 31 << 20} {
		err := write(t, b, "x", pattern(size, 0), ifAbsent)
		if e, ok := errors.AsType[*bucket.Error](err); !ok || !e.Permanent() || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	// A request whose response is lost is sent again.
	var lost sync.Map
	g.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) bool {
		number := r.URL.Query().Get("partNumber")
		if _, again := lost.LoadOrStore(number, true); again || number == "" {
			return false
		}
		apply(r, next)
		hangUp(w)
		return true
	})
	data := pattern(31<<20, 0) // more parts than spare ones
	mustWrite(t, b, "y", data)
	if !holds(t, b, "y", data) {
		t.Error("other content")
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"y"}) || g.uploads(t) != 0 {
		t.Errorf("%v, %d uploads", got, g.uploads(t))
	}
}

func TestAStoreThatCannotBeListedSaysWhatToCheck(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	for destination, want := range map[string]string{
		strings.Replace(g.destination("", ""), bucketName, "nothere", 1): "NoSuchBucket",
		g.destination("", "&anonymous=true"):                             "AccessDenied",
		"s3://logs?region=us-east-1&endpoint=http://127.0.0.1:1":         "cannot list: dial tcp 127.0.0.1:1: connect: connection refused; check the name of the bucket, region and endpoint, and the network",
	} {
		_, err := bucket.Open(t.Context(), destination, bucket.Options{MaxRetryDelay: time.Millisecond})
		if !isError(err, nil) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), rootSecret) {
			t.Errorf("%s: %v", destination, err)
		}
	}
	for header, want := range map[string]string{
		"eu-central-1": "the bucket is in another region; use region=eu-central-1",
	} {
		g.intercept(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
			w.Header().Set("X-Amz-Bucket-Region", header)
			refuse(w, http.StatusMovedPermanently, "PermanentRedirect")
			return true
		})
		_, err := bucket.Open(t.Context(), g.destination("", ""), bucket.Options{})
		if e, ok := errors.AsType[*bucket.Error](err); !ok || !e.Permanent() || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// The messages for wrong, expired and missing credentials say what to do.
func TestAnErrorOfCredentialsSaysWhatToDo(t *testing.T) {
	g := startGateway(t)
	var lines []string
	log := func(_ context.Context, message string, fields map[string]any) {
		lines = append(lines, fmt.Sprint(message, fields))
	}
	openWith := func(destination string) error {
		lines = nil
		b, err := bucket.Open(t.Context(), destination, bucket.Options{Log: log})
		if err == nil {
			_ = b.List
		}
		return err
	}
	if err := openWith(g.destination("", "")); err != nil || len(lines) != 1 || !strings.Contains(lines[0], "credentials from the environment variables AWS_ACCESS_KEY_ID") {
		t.Errorf("%v, %q", err, lines)
	}
	g.intercept(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		refuse(w, http.StatusBadRequest, "ExpiredToken")
		return true
	})
	if err := openWith(g.destination("", "")); err == nil || !strings.Contains(err.Error(),
		"; the credentials from the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY have expired; get new ones") {
		t.Errorf("%v", err)
	}
	g.intercept(nil)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	if err := openWith(g.destination("", "")); err == nil || !strings.Contains(err.Error(), "SignatureDoesNotMatch") ||
		!strings.Contains(err.Error(), "check the credentials from the environment variables") || !strings.Contains(err.Error(), "if they are right, a gateway or CDN changes requests on the way") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	// No credentials.
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	for destination, want := range map[string]string{
		"s3://logs?region=us-east-1": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with profile=… or AWS_PROFILE",
		"s3://logs-1250000000?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com&prefix=teo/": "set AWS_ACCESS_KEY_ID to the SecretId and AWS_SECRET_ACCESS_KEY to the SecretKey, " +
			"or use cos://logs-1250000000?region=ap-guangzhou&prefix=teo/ to sign in with the credentials of the provider configuration",
		"s3://logs?region=us-east-1&profile=nope": "check the AWS configuration files and the profile",
		"s3://logs": "its region is missing; use the region of the bucket, such as s3://logs?region=us-east-1, or set AWS_REGION",
		"cos://logs-1250000000?region=ap-guangzhou": "set secret_id and secret_key in the provider configuration",
	} {
		err := openWith(destination)
		if !isError(err, nil) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", destination, err)
		}
	}
	// The credentials of a profile.
	path := t.TempDir() + "/credentials"
	if err := os.WriteFile(path, []byte("[prod]\naws_access_key_id = test\naws_secret_access_key = testsecret\nregion = us-east-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", path)
	if err := openWith(strings.Replace(g.destination("", "&profile=prod"), "region=us-east-1&", "", 1)); err != nil ||
		len(lines) != 1 || !strings.Contains(lines[0], "from the AWS configuration files "+path) || strings.Contains(lines[0], rootSecret) {
		t.Errorf("%v, %q", err, lines)
	}
}

// discard is a store that accepts every upload and keeps nothing.
func discard(t testing.TB, delay time.Duration) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(delay)
		w.Header().Set("ETag", `"e"`)
		switch q := r.URL.Query(); {
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		case q.Has("list-type"):
			fmt.Fprint(w, `<ListBucketResult/>`)
		case q.Has("uploads"):
			fmt.Fprint(w, `<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>`)
		case r.Method == http.MethodPost:
			fmt.Fprint(w, `<CompleteMultipartUploadResult/>`)
		}
	}))
	t.Cleanup(server.Close)
	return "s3://logs?region=us-east-1&endpoint=" + url.QueryEscape(server.URL)
}

// TestLargeWritesUseBoundedMemory writes eight large objects at once.
func TestLargeWritesUseBoundedMemory(t *testing.T) { //nolint:paralleltest // it measures the process
	if testing.Short() {
		t.Skip("it writes 512 MiB")
	}
	b := open(t, discard(t, 5*time.Millisecond), bucket.Options{})
	data := pattern(1<<20, 0)
	most := peak(func() {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				w, err := b.Create(t.Context(), fmt.Sprint(i), ifAbsent)
				if err != nil {
					t.Error(err)
					return
				}
				for range 64 {
					if _, err := w.Write(data); err != nil {
						t.Error(err)
						break
					}
				}
				if err := w.Commit(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
	t.Logf("%d MiB", most>>20)
	limit := uint64(90 << 20)
	if raceDetector() {
		limit *= 2 // it makes sync.Pool forget
	}
	if most > limit {
		t.Errorf("%d MiB of memory for eight writes", most>>20)
	}
}

// peak returns the most memory in use while f runs, beyond what was in use
// before.
func peak(f func()) uint64 {
	use := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	before := use()
	var most uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			most = max(most, use())
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most - min(before, most)
}

// raceDetector reports whether the race detector is on.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// What a store writes into its errors is shown on one line and printable.
func TestTextOfAStoreIsPrintable(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	b := g.open(t, "", "")
	const hostile = "&#x9b;31m&#x202e;cod.exe"
	g.intercept(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("X-Amz-Request-Id", "\u009b2J"+strings.Repeat("r", 1000))
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%[1]s&#xa;https://a/b?sign=5ecre7 %s</Message></Error>", hostile, strings.Repeat("A", 2<<20))
		return true
	})
	_, err := b.Open(t.Context(), "key\x1b]0;title")
	if err == nil || len(err.Error()) > 2000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) || strings.Contains(err.Error(), "5ecre7") {
		t.Fatalf("%.2000q", err)
	}
	for _, want := range []string{`\u009b31m\u202ecod.exe (HTTP 403, request ID \u009b2Jrrr`, `cannot read key\x1b]0;title: `, "b?(hidden)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s lacks %s", err, want)
		}
	}
}

// echo is a store that repeats a text in its answers, or in what is not an answer.
type echo struct {
	text   string
	broken bool
}

func (e *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch {
	case e.text == "":
		_, _ = fmt.Fprint(w, "<ListBucketResult/>")
		return w.Result(), nil
	case e.broken:
		return nil, fmt.Errorf("malformed response %q", e.text)
	}
	for _, name := range []string{"X-Amz-Request-Id", "X-Cos-Request-Id", "X-Amz-Bucket-Region"} {
		w.Header().Set(name, e.text)
	}
	code := "ExpiredToken"
	if r.Method != http.MethodGet {
		code = "Refused " + e.text
	}
	w.WriteHeader(http.StatusMovedPermanently)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>Not %s.</Message></Error>", code, e.text)
	return w.Result(), nil
}

// A store can repeat the credentials of a request in each of its texts, and encode
// them.
func TestSecretsThatAStoreRepeatsAreHidden(t *testing.T) { //nolint:paralleltest // it sets the environment
	for scheme, credentials := range map[string][]bucket.Credentials{
		"s3":  {{SecretID: "AKIDhunter2", SecretKey: "secret/hunter2+", Token: "token/hunter2+=="}},
		"cos": {new(cos).issue(), (&cos{issued: 1}).issue()}, // the second ones replace the first ones
	} {
		first := credentials[0]
		t.Setenv("AWS_ACCESS_KEY_ID", first.SecretID)
		t.Setenv("AWS_SECRET_ACCESS_KEY", first.SecretKey)
		t.Setenv("AWS_SESSION_TOKEN", first.Token)
		for _, used := range credentials {
			for _, secret := range []string{used.SecretID, used.SecretKey, used.Token} {
				for _, text := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte("x" + secret))} {
					for _, broken := range []bool{false, true} {
						store := new(echo)
						b := open(t, scheme+"://"+bucketName+"?region=us-east-1", bucket.Options{
							Transport: store, Credentials: &rotating{cos: &cos{issued: 1}, current: first},
						})
						*store = echo{text, broken && used == first}
						_, errList := b.Clock(t.Context())
						for _, err := range []error{errList, b.Remove(t.Context(), "key")} {
							if !isError(err, nil) || strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), "(hidden)") {
								t.Errorf("%s, %q: %v", scheme, text, err)
							}
						}
					}
				}
			}
		}
	}
}
