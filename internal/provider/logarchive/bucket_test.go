package logarchive_test

import (
	"fmt"
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	bucketName   = "logs-1250000000"
	bucketKey    = "test"
	bucketSecret = "testsecret"
)

// withAWSCredentials adds what the AWS SDK looks for.
func withAWSCredentials(w *providertest.Workspace) {
	w.Env = append(w.Env, "AWS_ACCESS_KEY_ID="+bucketKey, "AWS_SECRET_ACCESS_KEY="+bucketSecret, "AWS_EC2_METADATA_DISABLED=true")
}

// startS3 starts versitygw, a real S3 server, with one bucket, and returns its
// URL and a client. The test is skipped if there is none.
func startS3(t testing.TB, keyID, secret string, prepare func(*s3.CreateBucketInput)) (string, *s3.Client) {
	t.Helper()
	return startS3In(t, "us-east-1", keyID, secret, prepare)
}

// startS3In is startS3 in a region.
func startS3In(t testing.TB, region, keyID, secret string, prepare func(*s3.CreateBucketInput)) (string, *s3.Client) {
	t.Helper()
	binary := os.Getenv("VERSITYGW")
	if binary == "" {
		binary = filepath.Join("..", "..", "..", "bin", "tools", "versitygw")
		if _, err := os.Stat(binary); err != nil {
			if binary, err = exec.LookPath("versitygw"); err != nil {
				t.Skip("there is no S3 server: set VERSITYGW, or run make bin/tools/versitygw")
			}
		}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	cmd := exec.Command(binary, "--access", keyID, "--secret", secret, "--region", region, "--port", address, "--quiet", //nolint:gosec,noctx // a tool of the tests, killed below
		"posix", "--versioning-dir", t.TempDir(), t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second) //nolint:noctx // bounded by itself
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the S3 server does not listen")
		}
	}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + address), Region: region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(keyID, secret, ""),
	})
	in := &s3.CreateBucketInput{Bucket: aws.String(bucketName)}
	if prepare != nil {
		prepare(in)
	}
	if _, err := client.CreateBucket(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return "http://" + address, client
}

// inBucket is the URL of a destination on a server.
func inBucket(server string) string {
	return "s3://" + bucketName + "?region=us-east-1&use_path_style=true&endpoint=" + url.QueryEscape(server) + "&prefix=a/"
}

// bucketWorkspace archives one day to the bucket of a server.
func bucketWorkspace(t *testing.T, server string, lines ...string) *providertest.Workspace {
	t.Helper()
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(archiveSim(t))+archiveBlock(inBucket(server), "2022-05-02", lines...)+verificationBlock(inBucket(server), "depends_on = [teo_l7_log_archive.test]")+
		"output \"verification\" {\n  value = data.teo_log_archive_verification.test\n}\n")
	withAWSCredentials(w)
	return w
}

// Whatever reads or writes a bucket without TLS warns.
func TestRequestsWithoutTLSAreWarnedAbout(t *testing.T) {
	t.Parallel()
	server, _ := startS3(t, bucketKey, bucketSecret, nil)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if r.In.Host == "store.example" {
			r.Out.URL.Host = strings.TrimPrefix(server, "http://")
		}
	}})
	t.Cleanup(proxy.Close)
	destination := inBucket("http://store.example") + "&insecure=true"
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(archiveSim(t), fmt.Sprintf("http_proxy = %q", proxy.URL))+archiveBlock(destination, "2022-05-02")+
		verificationBlock(destination, "depends_on = [teo_l7_log_archive.test]")+fmt.Sprintf(
		"data \"teo_l7_log_coverage\" \"test\" {\n  start_time = \"2022-05-01T00:00:00Z\"\n  end_time = \"2022-05-02T00:00:00Z\"\n  archive = %q\n  depends_on = [teo_l7_log_archive.test]\n}\n", destination))
	withAWSCredentials(w)
	warned := func(arguments ...string) int {
		t.Helper()
		stdout, stderr, err := w.Run(append(arguments, "-json", "-input=false")...)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
		}
		return strings.Count(stdout, `"@message":"Warning: Limits of the store"`)
	}
	if n := warned("plan"); n != 1 {
		t.Errorf("the plan of the archive warns %d times", n)
	}
	w.Apply()
	if n := warned("plan"); n != 3 {
		t.Errorf("the plan of the archive, its verification and its coverage warn %d times", n)
	}
}

func lockedBucket(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = aws.Bool(true) }

func TestEveryObjectIsLockedAndTheVerificationReadsItBack(t *testing.T) {
	t.Parallel()
	server, client := startS3(t, bucketKey, bucketSecret, lockedBucket)
	// May 2 of 2022 and 3,650 days.
	w := bucketWorkspace(t, server, "retention = {\n    mode = \"COMPLIANCE\"\n    days = 3650\n  }", `on_destroy = "delete"`)
	w.Apply()
	if _, changes := w.Plan(); changes {
		t.Error("the second plan has changes")
	}
	stdout, _, err := w.Run("output", "-json", "verification")
	if err != nil || !strings.Contains(stdout, `"valid":true`) || !strings.Contains(stdout, `"retained_until":"2032-04-29T00:00:00Z"`) {
		t.Errorf("%v\n%s", err, stdout)
	}
	versions, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(bucketName)})
	if err != nil || len(versions.Versions) < 10 {
		t.Fatal(versions, err)
	}
	for _, v := range versions.Versions {
		head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucketName), Key: v.Key, VersionId: v.VersionId})
		if err != nil || head.ObjectLockMode != types.ObjectLockModeCompliance || head.ObjectLockRetainUntilDate == nil || head.ObjectLockRetainUntilDate.Before(at(t, "2032-04-29T00:00:00Z")) {
			t.Errorf("%s is not locked (%v)", *v.Key, err)
		}
	}

	// A destroy names what remains.
	said, _ := w.Plan("-destroy")
	contains(t, said, "locked objects remain as versions until their retention ends")
	contains(t, succeeds(w, "destroy", "-auto-approve", "-input=false"), "Warning: Bucket keeps former versions")
	after, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: aws.String(bucketName)})
	if err != nil || len(after.Versions) < len(versions.Versions) {
		t.Errorf("%d of %d versions remain (%v)", len(after.Versions), len(versions.Versions), err)
	}
}

func TestAPolicyThatTheBucketCannotKeepIsSaidByThePlan(t *testing.T) {
	t.Parallel()
	plain, client := startS3(t, bucketKey, bucketSecret, nil)
	retention := "retention = {\n    mode = \"COMPLIANCE\"\n    days = 30\n  }"
	w := bucketWorkspace(t, plain, retention)
	if _, stderr, err := w.Run("plan", "-input=false"); err == nil || !strings.Contains(providertest.Collapsed(stderr), "Error: Store without object lock") {
		t.Errorf("%v\n%s", err, stderr)
	}
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String(bucketName), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	w = bucketWorkspace(t, plain, "expire_after_days = 3000")
	said, _ := w.Plan()
	contains(t, said, "Warning: Bucket keeps former versions", "what expires remains", "lifecycle rule")
	w = bucketWorkspace(t, plain, "erase = { \"dt=2022-05-01/\" = \"request 7\" }")
	said, _ = w.Plan()
	contains(t, said, "Warning: Bucket keeps former versions", "what is erased remains")

	locked, client := startS3(t, bucketKey, bucketSecret, lockedBucket)
	if _, err := client.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{
		Bucket: aws.String(bucketName), ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeCompliance, Days: aws.Int32(60)}},
		},
	}); err != nil {
		t.Fatal(err)
	}
	w = bucketWorkspace(t, locked, retention, "expire_after_days = 40")
	said, _ = w.Plan()
	contains(t, said, "Warning: Bucket retains objects for longer", "is 60 days (COMPLIANCE)")
}

// Here a real S3 server knows the key of the provider, and is reached through endpoint.
func TestCOSIsSignedWithTheCredentialsOfTheProvider(t *testing.T) {
	t.Parallel()
	server, client := startS3(t, teosim.DefaultSecretID, teosim.DefaultSecretKey, nil)
	sim := archiveSim(t)
	destination := "cos://" + bucketName + "?region=us-east-1&endpoint=" + url.QueryEscape(server) + "&prefix=a/"
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(sim)+archiveBlock(destination, "2022-05-02")+fmt.Sprintf(`
data "teo_log_archive_verification" "test" {
  destination = %q
  depends_on  = [teo_l7_log_archive.test]
}

output "valid" {
  value = data.teo_log_archive_verification.test.valid
}
`, destination))
	w.Apply()
	out, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucketName), Prefix: aws.String("a/dt=2022-05-01/")})
	if err != nil || len(out.Contents) != 8 {
		t.Errorf("%d objects in the bag, want 3 packages and 5 tag files (%v)", len(out.Contents), err)
	}
	if valid, _, err := w.Run("output", "valid"); err != nil || strings.TrimSpace(valid) != "true" {
		t.Errorf("valid is %s (%v)", valid, err)
	}
	w.Unchanged()
}

// A refresh reads the ledger only. A plan lists the destination once, and reads no bag
// and no records if they are as the ledger says.
func TestAPlanReadsNoBag(t *testing.T) {
	t.Parallel()
	server, _ := startS3(t, bucketKey, bucketSecret, nil)
	var mu sync.Mutex
	var listings, entries, others int
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(address)
		r.Out.Host = r.In.Host // it is signed
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		query := r.URL.Query()
		switch {
		case query.Has("list-type") && query.Get("max-keys") != "1":
			listings++
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/.teo-archive/ledger/"):
			entries++
		case strings.Contains(r.URL.Path, "/dt="), strings.Contains(r.URL.Path, "/records/"):
			others++
		}
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	w := providertest.NewWorkspace(t, providertest.ProviderBlock(archiveSim(t))+archiveBlock(inBucket(proxy.URL), "2022-05-05"))
	withAWSCredentials(w)
	w.Apply()
	sequence, _ := w.Head()
	mu.Lock()
	if listings == 0 || entries == 0 || others == 0 {
		t.Errorf("the requests of an apply are not recognized: %d %d %d", listings, entries, others)
	}
	listings, entries, others = 0, 0, 0
	mu.Unlock()
	w.Unchanged()
	// Both read the ledger, and ask for entries that do not exist yet.
	if listings > 6 || entries > 2*int(sequence)+10 || others != 0 {
		t.Errorf("a plan lists %d times, reads %d of %d entries and %d files of bags and records", listings, entries, sequence, others)
	}
}

// cosAction is the action that COS asks a policy for.
func cosAction(r *http.Request) string {
	query, object := r.URL.Query(), strings.Contains(strings.TrimPrefix(r.URL.Path, "/"+bucketName), "/a/")
	switch {
	case !object && query.Has("uploads"):
		return "ListMultipartUploads"
	case !object && query.Has("versioning"):
		return "GetBucketVersioning"
	case !object && query.Has("object-lock"):
		return "GetBucketObjectLockConfiguration"
	case !object && r.Method == http.MethodHead:
		return "HeadBucket"
	case !object:
		return "GetBucket"
	case r.Method == http.MethodHead:
		return "HeadObject"
	case r.Method == http.MethodGet && query.Has("uploadId"):
		return "ListParts"
	case r.Method == http.MethodGet:
		return "GetObject"
	case r.Method == http.MethodDelete && query.Has("uploadId"):
		return "AbortMultipartUpload"
	case r.Method == http.MethodDelete:
		return "DeleteObject"
	case r.Method == http.MethodPost && query.Has("uploads"):
		return "InitiateMultipartUpload"
	case r.Method == http.MethodPost:
		return "CompleteMultipartUpload"
	case query.Has("uploadId"):
		return "UploadPart"
	}
	return "PutObject"
}

// A run, a repair, an erasure, a verification and a destroy.
func TestTheBucketPolicyAllowsEveryRequest(t *testing.T) {
	t.Parallel()
	policy := string(readFile(t, filepath.Join("..", "..", "..", "examples", "compliance", "bucket-policy.json")))
	server, _ := startS3(t, bucketKey, bucketSecret, lockedBucket)
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	sent := map[string]bool{}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(address)
		r.Out.Host = r.In.Host // it is signed
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		sent[cosAction(r)] = true
		if r.Header.Get("X-Amz-Object-Lock-Mode") != "" {
			sent["PutObjectRetention"] = true
		}
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	w := bucketWorkspace(t, proxy.URL, "retention = {\n    mode = \"GOVERNANCE\"\n    days = 3650\n  }", `on_destroy = "delete"`, "erase = { \"dt=2022-05-01/\" = \"x\" }")
	w.Apply()
	succeeds(w, "destroy", "-auto-approve", "-input=false")
	for _, action := range []string{"GetBucket", "GetBucketVersioning", "GetBucketObjectLockConfiguration", "GetObject", "PutObject", "PutObjectRetention", "DeleteObject"} {
		if !sent[action] {
			t.Errorf("%s was not sent, but %v", action, sent)
		}
	}
	for action := range sent {
		if !strings.Contains(policy, `"name/cos:`+action+`"`) {
			t.Errorf("the policy lacks %s", action)
		}
	}
}

// changesEncoding forwards to a server, as a gateway that negotiates its own
// compression does. It breaks the signature of a request that signs Accept-Encoding.
func changesEncoding(t *testing.T, server string) string {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(address)
		r.Out.Host = r.In.Host // it is signed
		r.Out.Header.Set("Accept-Encoding", "gzip,gzip(gfe)")
	}})
	t.Cleanup(proxy.Close)
	signed := s3.New(s3.Options{
		BaseEndpoint: aws.String(proxy.URL), Region: "us-east-1", UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(bucketKey, bucketSecret, ""),
	})
	if _, err := signed.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String(bucketName)}); err == nil {
		t.Error("the gateway does not break the signature of the SDK")
	}
	return proxy.URL
}

// Destinations as people write them for other stores than AWS. %s is the endpoint of a
// server.
func TestDestinationsOfOtherStoresAreAccepted(t *testing.T) {
	t.Parallel()
	server, client := startS3(t, bucketKey, bucketSecret, nil)
	elsewhere, elsewhereClient := startS3In(t, "RegionOne", bucketKey, bucketSecret, nil)
	for name, test := range map[string]struct {
		destination string
		env         string
		client      *s3.Client
		prefix      string // of the objects
	}{
		"endpoint of the environment": {
			destination: "s3://" + bucketName + "?region=us-east-1&prefix=env/", env: "AWS_ENDPOINT_URL_S3=" + server, client: client, prefix: "env/",
		},
		"region of OpenStack": {
			destination: "s3://" + bucketName + "?region=RegionOne&endpoint=" + url.QueryEscape(elsewhere) + "&prefix=a/", client: elsewhereClient, prefix: "a/",
		},
		"plus in the prefix": {
			destination: "s3://" + bucketName + "?region=us-east-1&endpoint=" + url.QueryEscape(server) + "&prefix=plus+sign/", client: client, prefix: "plus+sign/",
		},
		"gateway that changes Accept-Encoding": {
			destination: "s3://" + bucketName + "?region=us-east-1&endpoint=" + url.QueryEscape(changesEncoding(t, server)) + "&prefix=gateway/", client: client, prefix: "gateway/",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.NewWorkspace(t, providertest.ProviderBlock(archiveSim(t))+archiveBlock(test.destination, "2022-05-02"))
			withAWSCredentials(w)
			w.Env = append(w.Env, test.env)
			w.Apply()
			out, err := test.client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucketName), Prefix: aws.String(test.prefix + "dt=2022-05-01/")})
			if err != nil || len(out.Contents) != 8 {
				t.Errorf("%d objects in the bag, want 3 packages and 5 tag files (%v)", len(out.Contents), err)
			}
			w.Unchanged()
		})
	}
}

// Destinations that would leak, go elsewhere or leave the folder are refused before
// anything is written.
func TestADestinationThatLeaksOrLeavesItsFolderIsRefused(t *testing.T) {
	t.Parallel()
	folder, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, "dt=2022-05-01")); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
			t.Errorf("%v was written outside the destination (%v)", entries, err)
		}
	})
	for name, test := range map[string]struct {
		destination string
		env         string
		want        []string
	}{
		"plain http":                    {destination: "s3://" + bucketName + "?region=us-east-1&endpoint=http://store.example", want: []string{"over plain http", "use an https:// endpoint"}},
		"plain http of the environment": {destination: "s3://" + bucketName + "?region=us-east-1", env: "AWS_ENDPOINT_URL_S3=http://store.example", want: []string{"over plain http", "use an https:// endpoint"}},
		"plain http of COS":             {destination: "cos://" + bucketName + "?region=ap-guangzhou&endpoint=http://store.example", want: []string{"over plain http", "use an https:// endpoint"}},
		"tenant without endpoint":       {destination: "s3://acme:logs?region=us-east-1", want: []string{"a tenant before the name of the bucket needs an endpoint"}},
		"linked folder":                 {destination: fileURL(folder), want: []string{"dt=2022-05-01", "it is a symbolic link"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := providertest.NewWorkspace(t, providertest.ProviderBlock(archiveSim(t))+archiveBlock(test.destination, "2022-05-02"))
			withAWSCredentials(w)
			w.Env = append(w.Env, test.env)
			contains(t, w.Refused("Error: "), test.want...)
		})
	}
}
