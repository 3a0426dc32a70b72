package bucket_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// cos is a proxy before versitygw that speaks COS as far as the driver needs it:
// it checks signature, token, expiry and the hash of the body with its own code,
// translates the header that forbids to overwrite, and signs the request again.
//
// It shows that requests are signed correctly with temporary credentials that are
// replaced when they expire, and that the driver's use of the API works with a
// real server. It does not show that COS itself behaves as documented.
type cos struct {
	gateway *gateway
	url     string

	mu       sync.Mutex
	issued   int
	keys     map[string]*temporary
	lifetime int // in requests
	refusals map[string]int
	served   int
}

// temporary are temporary credentials. They expire after a number of requests.
type temporary struct {
	bucket.Credentials
	left int
}

func startCOS(t *testing.T, g *gateway) *cos {
	t.Helper()
	c := &cos{gateway: g, keys: map[string]*temporary{}, lifetime: 500, refusals: map[string]int{}}
	proxy := g.proxy()
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if status, code := c.check(r, body); code != "" {
			refuse(w, status, code)
			return
		}
		forbid := r.Header.Get("X-Cos-Forbid-Overwrite") == "true"
		out := r.Clone(r.Context())
		for name := range out.Header {
			if strings.HasPrefix(name, "X-Cos-") || name == "Authorization" || name == "X-Amz-Security-Token" || name == "Accept-Encoding" {
				out.Header.Del(name)
			}
		}
		if forbid {
			out.Header.Set("If-None-Match", "*")
		}
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		hash := sha256.Sum256(body)
		// The signer takes the path from the URL.
		out.URL, _ = url.Parse("http://" + r.Host + r.RequestURI)
		if err := signer.SignHTTP(r.Context(), aws.Credentials{AccessKeyID: rootID, SecretAccessKey: rootSecret}, out, hex.EncodeToString(hash[:]), "s3", "us-east-1", time.Now()); err != nil {
			t.Error(err)
		}
		if !forbid {
			proxy.ServeHTTP(w, out)
			return
		}
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, out)
		if answer.Code == http.StatusPreconditionFailed {
			refuse(w, http.StatusConflict, "FileAlreadyExists")
			return
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// check verifies a request and returns what COS answers if it is refused.
func (c *cos) check(r *http.Request, body []byte) (status int, code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() {
		if code == "" {
			c.served++
		} else {
			c.refusals[code]++
		}
	}()
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") || r.Header.Get("X-Amz-Trailer") != "" {
		return http.StatusNotImplemented, "NotImplemented"
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	id, scope, _ := strings.Cut(fields["Credential"], "/")
	k := c.keys[id]
	switch {
	case k == nil:
		return http.StatusForbidden, "InvalidAccessKeyId"
	case r.Header.Get("X-Amz-Security-Token") != k.Token:
		return http.StatusForbidden, "InvalidToken"
	case signature(r, k.SecretKey, scope, strings.Split(fields["SignedHeaders"], ";")) != fields["Signature"]:
		return http.StatusForbidden, "SignatureDoesNotMatch"
	case k.left == 0:
		return http.StatusForbidden, "ExpiredToken"
	}
	k.left--
	if hash := sha256.Sum256(body); r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(hash[:]) {
		return http.StatusBadRequest, "XAmzContentSHA256Mismatch"
	}
	for _, name := range []string{"x-cos-forbid-overwrite", "host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"} {
		if (r.Header.Get(name) != "" || name == "host") && !slices.Contains(strings.Split(fields["SignedHeaders"], ";"), name) {
			return http.StatusForbidden, "AccessDenied"
		}
	}
	return 0, ""
}

// signature computes the Signature Version 4 of a request.
func signature(r *http.Request, secret, scope string, signed []string) string {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	var headers strings.Builder
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	values, _ := url.ParseQuery(query)
	request := strings.Join([]string{
		r.Method, path, strings.ReplaceAll(values.Encode(), "+", "%20"), headers.String(), strings.Join(signed, ";"), r.Header.Get("X-Amz-Content-Sha256"),
	}, "\n")
	hash := sha256.Sum256([]byte(request))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// issue returns new credentials.
func (c *cos) issue() bucket.Credentials {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.issued++
	k := &temporary{left: c.lifetime, Credentials: bucket.Credentials{
		SecretID: fmt.Sprintf("AKIDtemporary%d", c.issued), SecretKey: fmt.Sprintf("hunter2-%d", c.issued), Token: fmt.Sprintf("token-%d/+=", c.issued),
		Source: "the test",
	}}
	if c.keys != nil {
		c.keys[k.SecretID] = k
	}
	return k.Credentials
}

// rotating is a CredentialsProvider that does not know when its credentials expire. It
// returns expired ones until Renew is called.
type rotating struct {
	cos     *cos
	mu      sync.Mutex
	current bucket.Credentials
	renewed int
	fixed   bool
}

func (r *rotating) Credentials(context.Context) (bucket.Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current.SecretID == "" {
		r.current = r.cos.issue()
	}
	return r.current, nil
}

func (r *rotating) Renew(_ context.Context, refused bucket.Credentials) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fixed {
		return errors.New("there are no others")
	}
	if refused == r.current {
		r.current = r.cos.issue()
		r.renewed++
	}
	return nil
}

func (c *cos) destination(prefix string) string {
	return "cos://" + bucketName + "?region=us-east-1&endpoint=" + url.QueryEscape(c.url) + "&prefix=" + prefix
}

func cosPlace(c *cos) place {
	credentials := &rotating{cos: c}
	return place{
		open: func(t *testing.T, prefix string) bucket.Bucket {
			t.Helper()
			return open(t, c.destination(prefix), bucket.Options{Credentials: credentials})
		},
		unfinished:    c.gateway.uploads,
		keepsVersions: c.gateway.versioned,
	}
}

// Credentials expire while objects are written, in the middle of a multipart
// upload too.
func TestCOSCredentialsMayExpireDuringAWrite(t *testing.T) {
	t.Parallel()
	c := startCOS(t, startGateway(t))
	c.lifetime = 3
	credentials := &rotating{cos: c}
	b := open(t, c.destination("teo/"), bucket.Options{Credentials: credentials})
	for i := range 8 {
		data := pattern(1000+i%3*twoParts, byte(i))
		key := fmt.Sprintf("data/%d", i)
		mustWrite(t, b, key, data)
		if !holds(t, b, key, data) {
			t.Errorf("%s has other content", key)
		}
		if err := write(t, b, key, data, ifAbsent); !isError(err, bucket.ErrExist) {
			t.Errorf("%v", err)
		}
	}
	if got := len(keys(t, b, "")); got != 8 {
		t.Errorf("%d objects", got)
	}
	if credentials.renewed < 8 || c.refusals["ExpiredToken"] < 8 || len(c.refusals) != 1 {
		t.Errorf("%d renewals after %v", credentials.renewed, c.refusals)
	}
	// Credentials that cannot be refreshed are an error.
	credentials.fixed = true
	var err error
	for range c.lifetime + 1 {
		_, err = list(t.Context(), b, bucket.Range{})
	}
	e, ok := errors.AsType[*bucket.Error](err)
	if !ok || !e.Permanent() || !strings.Contains(err.Error(), "the credentials from the test have expired") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// The proxy rejects a wrong signature.
func TestTheProxyOfCOSRefusesAWrongSignature(t *testing.T) {
	t.Parallel()
	c := startCOS(t, startGateway(t))
	for name, change := range map[string]func(*bucket.Credentials){
		"SignatureDoesNotMatch": func(k *bucket.Credentials) { k.SecretKey += "x" },
		"InvalidToken":          func(k *bucket.Credentials) { k.Token = "" },
		"InvalidAccessKeyId":    func(k *bucket.Credentials) { k.SecretID += "x" },
	} {
		k := c.issue()
		change(&k)
		_, err := bucket.Open(t.Context(), c.destination(""), bucket.Options{Credentials: &rotating{cos: c, current: k, fixed: true}})
		if !isError(err, nil) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fakeCOS is a small COS in memory with the documented semantics of
// x-cos-forbid-overwrite: FileAlreadyExists if the object exists, unless the
// bucket was ever versioned. It rejects requests that COS is not documented to accept.
type fakeCOS struct {
	url string

	mu         sync.Mutex
	objects    map[string][]byte
	modified   map[string]time.Time
	uploads    map[string]map[string][]byte
	next       int
	versioning string // Status of GetBucketVersioning

	objectLock   string // ObjectLockEnabled; empty for a bucket without object lock
	defaultDays  int    // of DefaultRetention
	locks        map[string]time.Time
	uploadLocks  map[string]time.Time
	refusal      int  // status for a replacement and a removal of a locked object
	lockBefore   bool // a locked object is refused before x-cos-forbid-overwrite is looked at
	withoutMD5   []string
	wrongHeaders []string
}

// retention returns until when a request asks for a lock, as COS documents its
// headers. With object lock every write needs Content-MD5.
func (f *fakeCOS) retention(r *http.Request) (until time.Time, ok bool) {
	mode, text := r.Header.Get("X-Cos-Object-Lock-Mode"), r.Header.Get("X-Cos-Object-Lock-Retain-Until-Date")
	if (mode != "" || f.objectLock != "" && r.Method == http.MethodPut) && r.Header.Get("Content-Md5") == "" {
		f.withoutMD5 = append(f.withoutMD5, r.Method+" "+r.URL.String())
		return until, false
	}
	if mode == "" && text == "" {
		return time.Now().AddDate(0, 0, f.defaultDays), true
	}
	until, err := time.Parse("2006-01-02T15:04:05.000Z", text)
	if f.objectLock == "" || mode != "COMPLIANCE" || err != nil {
		f.wrongHeaders = append(f.wrongHeaders, mode+" "+text)
		return until, false
	}
	return until, true
}

func startFakeCOS(t *testing.T) *fakeCOS {
	t.Helper()
	f := &fakeCOS{locks: map[string]time.Time{}, uploadLocks: map[string]time.Time{}, refusal: http.StatusForbidden, objects: map[string][]byte{}, modified: map[string]time.Time{}, uploads: map[string]map[string][]byte{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// ServeHTTP answers a request. Neither a body nor an answer is on its way while the
// lock is held: a client that does not read would hold up all others.
func (f *fakeCOS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	answer := httptest.NewRecorder()
	f.answer(answer, r, body)
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (f *fakeCOS) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range r.Header {
		lower := strings.ToLower(name)
		if lower == "if-none-match" || lower == "x-amz-trailer" || strings.HasPrefix(lower, "x-amz-checksum") || strings.HasPrefix(lower, "x-amz-sdk-checksum") {
			refuse(w, http.StatusNotImplemented, "NotImplemented")
			return
		}
	}
	key, ok := strings.CutPrefix(r.URL.Path, "/"+bucketName+"/")
	if !ok {
		f.serveBucket(w, r)
		return
	}
	q := r.URL.Query()
	forbidden := r.Header.Get("X-Cos-Forbid-Overwrite") == "true" && f.objects[key] != nil && f.versioning == ""
	isLocked := f.objects[key] != nil && f.locks[key].After(time.Now())
	replaces := r.Method == http.MethodPut && !q.Has("partNumber") || r.Method == http.MethodPost && q.Has("uploadId") || r.Method == http.MethodDelete && !q.Has("uploadId")
	switch {
	case isLocked && replaces && (f.lockBefore || !forbidden):
		refuse(w, f.refusal, "Locked")
	case r.Method == http.MethodPost && q.Has("uploads"):
		f.next++
		id := fmt.Sprint(f.next)
		until, ok := f.retention(r)
		if !ok && r.Header.Get("X-Cos-Object-Lock-Mode") != "" {
			refuse(w, http.StatusBadRequest, "InvalidRequest")
			return
		}
		f.uploadLocks[id] = until
		f.uploads[id] = map[string][]byte{}
		fmt.Fprintf(w, `<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>`, id)
	case q.Has("uploadId") && f.uploads[q.Get("uploadId")] == nil:
		refuse(w, http.StatusNotFound, "NoSuchUpload")
	case r.Method == http.MethodPut && q.Has("partNumber"):
		f.uploads[q.Get("uploadId")][fmt.Sprintf("%5s", q.Get("partNumber"))] = body
		w.Header().Set("ETag", `"e"`)
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		delete(f.uploads, q.Get("uploadId"))
		w.WriteHeader(http.StatusNoContent)
	case forbidden:
		refuse(w, http.StatusConflict, "FileAlreadyExists")
	case r.Method == http.MethodPost && q.Has("uploadId"):
		parts := f.uploads[q.Get("uploadId")]
		delete(f.uploads, q.Get("uploadId"))
		var all []byte
		for _, number := range slices.Sorted(mapKeys(parts)) {
			all = append(all, parts[number]...)
		}
		f.put(key, all)
		f.locks[key] = f.uploadLocks[q.Get("uploadId")]
		fmt.Fprint(w, `<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>`)
	case r.Method == http.MethodPut:
		until, ok := f.retention(r)
		if !ok {
			refuse(w, http.StatusBadRequest, "InvalidRequest")
			return
		}
		f.put(key, body)
		f.locks[key] = until
		w.Header().Set("ETag", `"e"`)
	case r.Method == http.MethodDelete:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case f.objects[key] == nil:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		if f.locks[key].After(time.Now()) {
			w.Header().Set("X-Cos-Object-Lock-Mode", "COMPLIANCE")
			w.Header().Set("X-Cos-Object-Lock-Retain-Until-Date", f.locks[key].UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		w.Header().Set("Last-Modified", f.modified[key].UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", fmt.Sprint(len(f.objects[key])))
		_, _ = w.Write(f.objects[key])
	}
}

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func (f *fakeCOS) put(key string, data []byte) {
	f.objects[key], f.modified[key] = append([]byte{}, data...), time.Now()
}

func (f *fakeCOS) serveBucket(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Has("versioning") && f.versioning == "denied":
		refuse(w, http.StatusForbidden, "AccessDenied")
	case q.Has("versioning"):
		status := ""
		if f.versioning != "" {
			status = "<Status>" + f.versioning + "</Status>"
		}
		fmt.Fprintf(w, `<VersioningConfiguration>%s</VersioningConfiguration>`, status)
	case q.Has("object-lock") && f.objectLock != "":
		rule := ""
		if f.defaultDays > 0 {
			rule = fmt.Sprintf(`<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>%d</Days></DefaultRetention></Rule>`, f.defaultDays)
		}
		fmt.Fprintf(w, `<ObjectLockConfiguration><ObjectLockEnabled>%s</ObjectLockEnabled>%s</ObjectLockConfiguration>`, f.objectLock, rule)
	case q.Has("object-lock"):
		refuse(w, http.StatusNotFound, "ObjectLockConfigurationNotFoundError")
	case q.Get("list-type") == "2":
		f.list(w, q)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

// list answers with pages of at most 100 objects.
func (f *fakeCOS) list(w io.Writer, q url.Values) {
	limit := 100
	if q.Get("max-keys") == "1" {
		limit = 1
	}
	fmt.Fprint(w, `<ListBucketResult><EncodingType>url</EncodingType>`)
	last := ""
	for _, key := range slices.Sorted(mapKeys(f.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("continuation-token") {
			continue
		}
		if limit == 0 {
			fmt.Fprintf(w, `<IsTruncated>true</IsTruncated><NextContinuationToken>%s</NextContinuationToken>`, last)
			break
		}
		limit--
		last = key
		fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>%d</Size><LastModified>%s</LastModified></Contents>`,
			strings.ReplaceAll(url.QueryEscape(key), "+", "%20"), len(f.objects[key]), f.modified[key].UTC().Format(time.RFC3339))
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

func (f *fakeCOS) open(t *testing.T, prefix string) bucket.Bucket {
	t.Helper()
	return open(t, "cos://"+bucketName+"?region=ap-guangzhou&endpoint="+url.QueryEscape(f.url)+"&prefix="+prefix, bucket.Options{Credentials: permanent{}})
}

// permanent are credentials that do not expire.
type permanent struct{}

func (permanent) Credentials(context.Context) (bucket.Credentials, error) {
	return bucket.Credentials{SecretID: "AKIDpermanent", SecretKey: "hunter2", Source: "the test"}, nil
}

func (permanent) Renew(context.Context, bucket.Credentials) error { return errors.New("not renewable") }

func fakePlace(f *fakeCOS) place {
	return place{
		open: f.open,
		unfinished: func(*testing.T) int {
			f.mu.Lock()
			defer f.mu.Unlock()
			return len(f.uploads)
		},
	}
}

// The header of COS has no effect on a bucket that was ever versioned.
func TestVersionsOfCOSDisableConditionalWrites(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]struct{ versioned, warns bool }{
		"":          {false, false},
		"Enabled":   {true, true},
		"Suspended": {false, true},
		"denied":    {false, false},
	} {
		f := startFakeCOS(t)
		f.versioning = status
		b := f.open(t, "teo/")
		if got, err := b.Protection(t.Context()); got.Versioned != want.versioned || err != nil {
			t.Errorf("%q: %+v, %v", status, got, err)
		}
		if got := b.Warnings(); (len(got) == 1 && strings.Contains(got[0], "run one apply at a time")) != want.warns {
			t.Errorf("%q: %q", status, got)
		}
		mustWrite(t, b, "x", []byte("1"))
		err := write(t, b, "x", []byte("2"), ifAbsent)
		if overwritten := err == nil; overwritten != (status != "") {
			t.Errorf("%q: %v", status, err)
		}
	}
}

// addresses records the targets of requests and fails all of them.
type addresses struct{ seen []string }

func (a *addresses) RoundTrip(r *http.Request) (*http.Response, error) {
	a.seen = append(a.seen, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
	return &http.Response{
		StatusCode: http.StatusForbidden, Header: http.Header{"X-Cos-Request-Id": {"NWE="}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>`)),
	}, nil
}

func TestABucketOfCOSHasItsAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ destination, domain, want string }{
		{"cos://logs-1250000000?region=ap-guangzhou", "", "https://logs-1250000000.cos.ap-guangzhou.myqcloud.com/"},
		{"cos://logs-1250000000?region=ap-guangzhou", "https://cluster-1.cos-cdc.ap-guangzhou.myqcloud.com/", "https://logs-1250000000.cluster-1.cos-cdc.ap-guangzhou.myqcloud.com/"},
		{"cos://logs-1250000000?region=ap-guangzhou", "cos.internal.example", "https://logs-1250000000.cos.internal.example/"},
		{"cos://logs-1250000000?region=ap-guangzhou&endpoint=https://cos.example", "https://ignored.example", "https://cos.example/logs-1250000000"},
		{"s3://logs?region=us-east-1", "https://ignored.example", "https://logs.s3.us-east-1.amazonaws.com/"},
		{"s3://logs?region=us-east-1&fips=true", "", "https://logs.s3-fips.us-east-1.amazonaws.com/"},
		{"s3://logs?region=us-east-1&endpoint=https://s3.example", "", "https://logs.s3.example/"},
		{"s3://logs?region=us-east-1&endpoint=https://s3.example&use_path_style=true", "", "https://s3.example/logs"},
		{"s3://logs?region=us-east-1&endpoint=http://127.0.0.1:9000", "", "http://127.0.0.1:9000/logs"},
	} {
		a := new(addresses)
		_, err := bucket.Open(t.Context(), test.destination, bucket.Options{Credentials: permanent{}, COSDomain: test.domain, Transport: a})
		if len(a.seen) != 1 || a.seen[0] != test.want {
			t.Errorf("%s with %q: %v, want %s", test.destination, test.domain, a.seen, test.want)
		}
		e, ok := errors.AsType[*bucket.Error](err)
		if !ok || !e.Permanent() || !strings.HasSuffix(err.Error(), ": cannot list: AccessDenied (HTTP 403, request ID NWE=): Access Denied") {
			t.Errorf("%s: %v", test.destination, err)
		}
	}
	_, err := bucket.Open(t.Context(), "cos://logs-1250000000?region=x", bucket.Options{Credentials: permanent{}, COSDomain: "https://a:b@c"})
	if !isError(err, nil) || !strings.Contains(err.Error(), "the COS domain cannot be used as an endpoint: endpoint must be a URL") {
		t.Errorf("%v", err)
	}
}

// headers records the headers of writes and accepts everything.
type headers struct{ writes []http.Header }

func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	if r.Method == http.MethodPut {
		h.writes = append(h.writes, r.Header)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader("<ListBucketResult/>"))}, nil
}

// Each store gets the condition that it supports. The requests use https, so no real
// server is involved.
func TestEachStoreGetsTheConditionThatItSupports(t *testing.T) {
	t.Parallel()
	for destination, cos := range map[string]bool{
		"cos://logs-1250000000?region=ap-guangzhou":                                               true,
		"s3://logs-1250000000?region=ap-guangzhou&endpoint=https://cos.ap-guangzhou.myqcloud.com": true,
		"s3://logs?region=us-east-1":                                                              false,
		"s3://logs?region=us-east-1&endpoint=https://s3.example":                                  false,
		"cos://logs-1250000000?region=x&endpoint=https://store.example":                           true,
	} {
		h := new(headers)
		b := open(t, destination, bucket.Options{Credentials: permanent{}, Transport: h})
		for _, mode := range []bucket.WriteOptions{ifAbsent, ifAbsentDurable, replace} {
			if err := write(t, b, "x", []byte("1"), mode); err != nil {
				t.Fatal(err)
			}
		}
		for i, w := range h.writes {
			conditional := i < 2
			if (w.Get("If-None-Match") == "*") != (conditional && !cos) || (w.Get("X-Cos-Forbid-Overwrite") == "true") != (conditional && cos) {
				t.Errorf("%s, write %d: %v", destination, i, w)
			}
			if aws := destination == "s3://logs?region=us-east-1"; (w.Get("X-Amz-Trailer") != "") != aws || (w.Get("Content-Md5") == "") != aws {
				t.Errorf("%s, write %d: %v", destination, i, w)
			}
		}
		if len(h.writes) != 3 {
			t.Errorf("%s: %d writes", destination, len(h.writes))
		}
	}
}
