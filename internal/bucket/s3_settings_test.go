package bucket_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
)

// recorder answers every request and keeps it.
type recorder struct {
	seen   []*http.Request
	status int
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.seen = append(r.seen, request)
	if request.Body != nil {
		_, _ = io.Copy(io.Discard, request.Body)
		_ = request.Body.Close()
	}
	w := httptest.NewRecorder()
	if r.status != 0 {
		refuse(w, r.status, "InternalError")
	} else {
		w.Header().Set("ETag", `"e"`)
		fmt.Fprint(w, `<ListBucketResult/>`)
	}
	return w.Result(), nil
}

// configFile writes the default profile.
func configFile(t *testing.T, profile string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[default]\n"+profile+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every setting that the AWS SDK and the AWS command line document for the
// environment and for a profile, and that concerns S3, counts as if it stood in
// the destination. The destination goes first.
func TestEverySettingOfTheAWSSDKCounts(t *testing.T) {
	const virtual, path = "https://logs.s3.eu-west-1.amazonaws.com/", "https://store.example/logs"
	for name, test := range map[string]struct {
		environment map[string]string
		profile     string // what stands in [default]
		more        string // in the destination
		address     string
		region      string
		md5         bool // no checksum of the SDK
		validates   bool // asks for the checksum of an object, although there is an endpoint
		unvalidated bool // does not ask for it, although there is none
		cos         bool
	}{
		"nothing":                       {address: virtual},
		"AWS_REGION":                    {environment: map[string]string{"AWS_REGION": "us-west-2"}, address: "https://logs.s3.us-west-2.amazonaws.com/", region: "us-west-2"},
		"AWS_DEFAULT_REGION":            {environment: map[string]string{"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-2"}, address: "https://logs.s3.us-west-2.amazonaws.com/", region: "us-west-2"},
		"region":                        {environment: map[string]string{"AWS_REGION": ""}, profile: "region = us-west-2", address: "https://logs.s3.us-west-2.amazonaws.com/", region: "us-west-2"},
		"region of the destination":     {environment: map[string]string{"AWS_REGION": "us-west-2"}, more: "region=eu-west-1", address: virtual},
		"AWS_ENDPOINT_URL":              {environment: map[string]string{"AWS_ENDPOINT_URL": "https://store.example"}, address: "https://logs.store.example/", md5: true},
		"AWS_ENDPOINT_URL_S3":           {environment: map[string]string{"AWS_ENDPOINT_URL": "https://no.example", "AWS_ENDPOINT_URL_S3": "https://store.example"}, address: "https://logs.store.example/", md5: true},
		"AWS_ENDPOINT_URL_S3, loopback": {environment: map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"}, address: "http://127.0.0.1:9000/logs", md5: true},
		"AWS_ENDPOINT_URL_S3 of COS":    {environment: map[string]string{"AWS_ENDPOINT_URL_S3": "https://cos.eu-west-1.myqcloud.com"}, address: "https://logs.cos.eu-west-1.myqcloud.com/", md5: true, cos: true},
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": {
			environment: map[string]string{"AWS_ENDPOINT_URL_S3": "https://store.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, address: virtual,
		},
		"endpoint of the destination":                 {environment: map[string]string{"AWS_ENDPOINT_URL_S3": "https://no.example"}, more: "endpoint=https://store.example", address: "https://logs.store.example/", md5: true},
		"endpoint_url":                                {profile: "endpoint_url = https://store.example", address: "https://logs.store.example/", md5: true},
		"services":                                    {profile: "services = here\n\n[services here]\ns3 =\n  endpoint_url = https://store.example", address: "https://logs.store.example/", md5: true},
		"ignore_configured_endpoint_urls":             {profile: "endpoint_url = https://store.example\nignore_configured_endpoint_urls = true", address: virtual},
		"AWS_REQUEST_CHECKSUM_CALCULATION":            {environment: map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"}, address: virtual, md5: true},
		"AWS_REQUEST_CHECKSUM_CALCULATION 2":          {environment: map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported"}, more: "endpoint=https://store.example", address: "https://logs.store.example/"},
		"request_checksum_calculation":                {profile: "request_checksum_calculation = when_required", address: virtual, md5: true},
		"checksums of the destination":                {environment: map[string]string{"AWS_REQUEST_CHECKSUM_CALCULATION": "when_required"}, more: "request_checksum_calculation=when_supported", address: virtual},
		"request_checksum_calculation=when_supported": {more: "endpoint=https://store.example&request_checksum_calculation=when_supported", address: "https://logs.store.example/"},
		"AWS_RESPONSE_CHECKSUM_VALIDATION":            {environment: map[string]string{"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}, address: virtual, unvalidated: true},
		"AWS_RESPONSE_CHECKSUM_VALIDATION 2":          {environment: map[string]string{"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_supported"}, more: "endpoint=https://store.example", address: "https://logs.store.example/", md5: true, validates: true},
		"AWS_RESPONSE_CHECKSUM_VALIDATION 3":          {environment: map[string]string{"AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}, profile: "response_checksum_validation = when_supported", address: virtual, unvalidated: true},
		"response_checksum_validation":                {profile: "response_checksum_validation = when_required", address: virtual, unvalidated: true},
		"response_checksum_validation 2":              {profile: "response_checksum_validation = when_supported", more: "endpoint=https://store.example", address: "https://logs.store.example/", md5: true, validates: true},
		"AWS_USE_FIPS_ENDPOINT":                       {environment: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, address: "https://logs.s3-fips.eu-west-1.amazonaws.com/"},
		"use_fips_endpoint":                           {profile: "use_fips_endpoint = true", address: "https://logs.s3-fips.eu-west-1.amazonaws.com/"},
		"fips of the destination":                     {environment: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, more: "fips=false", address: virtual},
		"AWS_USE_DUALSTACK_ENDPOINT":                  {environment: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, address: "https://logs.s3.dualstack.eu-west-1.amazonaws.com/"},
		"use_dualstack_endpoint":                      {profile: "use_dualstack_endpoint = true", address: "https://logs.s3.dualstack.eu-west-1.amazonaws.com/"},
		"dualstack of the destination":                {environment: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, more: "dualstack=false", address: virtual},
		"s3 addressing_style":                         {profile: "s3 =\n  addressing_style = path", more: "endpoint=https://store.example", address: path, md5: true},
		"s3 addressing_style virtual":                 {profile: "s3 =\n    addressing_style = virtual\nregion = x", more: "endpoint=https://store.example", address: "https://logs.store.example/", md5: true},
		"s3 addressing_style, overruled":              {profile: "s3 =\n  addressing_style = path", more: "endpoint=https://store.example&use_path_style=false", address: "https://logs.store.example/", md5: true},
		"endpoint with a path":                        {more: "endpoint=https://store.example/storage/v1/s3", address: "https://store.example/storage/v1/s3/logs", md5: true},
		"endpoint with a path, virtual":               {more: "endpoint=https://store.example/s3&use_path_style=false", address: "https://logs.store.example/s3", md5: true},
		"endpoint without a domain":                   {more: "endpoint=https://minio:9000", address: "https://minio:9000/logs", md5: true},
		"endpoint without a domain, virtual":          {more: "endpoint=https://minio:9000&use_path_style=false", address: "https://logs.minio:9000/", md5: true},
		"endpoint with a slash":                       {more: "endpoint=https://store.example/", address: "https://logs.store.example/", md5: true},
		"use_path_style":                              {more: "endpoint=https://store.example&use_path_style=true", address: path, md5: true},
		"s3 use_accelerate_endpoint":                  {profile: "s3 =\n  use_accelerate_endpoint = true", address: "https://logs.s3-accelerate.amazonaws.com/"},
		"s3 use_dualstack_endpoint":                   {profile: "s3 =\n  use_dualstack_endpoint = true", address: "https://logs.s3.dualstack.eu-west-1.amazonaws.com/"},
		"AWS_PROFILE":                                 {environment: map[string]string{"AWS_PROFILE": "other"}, profile: "region = x\n\n[profile other]\nendpoint_url = https://store.example\ns3 =\n  addressing_style = path", address: path, md5: true},
		"AWS_DEFAULT_PROFILE":                         {environment: map[string]string{"AWS_DEFAULT_PROFILE": "other"}, profile: "region = x\n\n[profile other]\nendpoint_url = https://store.example\ns3 =\n  addressing_style = path", address: path, md5: true},
		"profile of the destination":                  {environment: map[string]string{"AWS_PROFILE": "nope"}, more: "profile=other", profile: "region = x\n\n[profile other]\naws_access_key_id = a\naws_secret_access_key = b\nendpoint_url = https://store.example\ns3 =\n  addressing_style = path", address: path, md5: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", configFile(t, test.profile))
			t.Setenv("AWS_REGION", "eu-west-1")
			for name, value := range test.environment {
				t.Setenv(name, value)
			}
			r := new(recorder)
			b, err := bucket.Open(t.Context(), "s3://logs?"+test.more, bucket.Options{Transport: r})
			if err != nil {
				t.Fatal(err)
			}
			if err := write(t, b, "x", []byte("1"), ifAbsent); err != nil {
				t.Fatal(err)
			}
			u := *r.seen[0].URL
			u.RawQuery = ""
			if u.String() != test.address {
				t.Errorf("%s, want %s", u.String(), test.address)
			}
			region := test.region
			if region == "" {
				region = "eu-west-1"
			}
			if scope := r.seen[0].Header.Get("Authorization"); !strings.Contains(scope, "/"+region+"/s3/") {
				t.Error(scope)
			}
			put := r.seen[1].Header
			if md5 := put.Get("Content-Md5") != "" && put.Get("X-Amz-Trailer") == ""; md5 != test.md5 {
				t.Errorf("%v", put)
			}
			if _, err := b.Open(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(r.seen, func(r *http.Request) bool { return r.URL.Query().Get("x-id") == "GetObject" })
			validates := test.validates || strings.Contains(test.address, "amazonaws") && !test.unvalidated
			if got := r.seen[i].Header.Get("X-Amz-Checksum-Mode") == "ENABLED"; got != validates {
				t.Errorf("%v", r.seen[i].Header)
			}
			if cos := put.Get("X-Cos-Forbid-Overwrite") == "true" && put.Get("If-None-Match") == ""; cos != test.cos {
				t.Errorf("%v", put)
			}
			// The same place, however the endpoint is given.
			explicit := "s3://logs?endpoint=" + url.QueryEscape(r.seen[0].URL.Scheme+"://"+strings.TrimPrefix(u.Host, "logs.")+strings.TrimSuffix(u.Path, "/logs"))
			if !bucket.SamePlace(t.Context(), "s3://logs?"+test.more, explicit) {
				t.Errorf("not the same place as %s", explicit)
			}
		})
	}
}

// An endpoint replaces what FIPS and dual-stack would choose.
func TestAnEndpointExcludesFIPSAndDualStack(t *testing.T) { //nolint:paralleltest // it sets the environment
	for _, name := range []string{"fips", "dualstack"} {
		const destination = "s3://logs?region=us-east-1&endpoint=https://store.example"
		refused := func(destination string) {
			t.Helper()
			r := new(recorder)
			_, err := bucket.Open(t.Context(), destination, bucket.Options{Transport: r})
			if !isError(err, nil) || !strings.Contains(err.Error(), name+" chooses an endpoint of AWS, and there is another endpoint") || len(r.seen) > 0 {
				t.Errorf("%s: %v after %d requests", destination, err, len(r.seen))
			}
		}
		refused(destination + "&" + name + "=true")
		t.Setenv("AWS_USE_"+strings.ToUpper(name)+"_ENDPOINT", "true")
		refused(destination)
		if _, err := bucket.Open(t.Context(), destination+"&"+name+"=false", bucket.Options{Transport: new(recorder)}); err != nil {
			t.Error(err)
		}
		t.Setenv("AWS_USE_"+strings.ToUpper(name)+"_ENDPOINT", "")
	}
}

func TestRetriesOfTheEnvironmentAndTheProfileCount(t *testing.T) {
	for name, want := range map[string]int{"": 5, "AWS_MAX_ATTEMPTS=2": 2, "AWS_RETRY_MODE=adaptive": 5, "max_attempts = 3": 3, "retry_mode = adaptive": 5} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "AWS_") {
				variable, value, _ := strings.Cut(name, "=")
				t.Setenv(variable, value)
			} else {
				t.Setenv("AWS_CONFIG_FILE", configFile(t, name))
			}
			r := &recorder{status: http.StatusInternalServerError}
			_, err := bucket.Open(t.Context(), "s3://logs?region=us-east-1", bucket.Options{Transport: r, MaxRetryDelay: 1})
			if err == nil || len(r.seen) != want {
				t.Errorf("%d requests, %v", len(r.seen), err)
			}
		})
	}
}

// AWS_CA_BUNDLE, and ca_bundle of a profile, count beside the certificates of the provider.
func TestACABundleOfTheEnvironmentOrTheProfileIsTrusted(t *testing.T) { //nolint:paralleltest // it sets the environment
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `<ListBucketResult/>`) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	destination := "s3://logs?region=us-east-1&endpoint=" + url.QueryEscape(server.URL)
	bundle := filepath.Join(t.TempDir(), "bundle")
	for i, transport := range []http.RoundTripper{nil, &http.Transport{}, nil, &http.Transport{}} {
		t.Setenv("AWS_CA_BUNDLE", "")
		t.Setenv("AWS_CONFIG_FILE", os.DevNull)
		options := bucket.Options{Transport: transport, MaxRetryDelay: 1}
		if _, err := bucket.Open(t.Context(), destination, options); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%v", err)
		}
		if i < 2 {
			t.Setenv("AWS_CA_BUNDLE", bundle)
		} else {
			t.Setenv("AWS_CONFIG_FILE", configFile(t, "ca_bundle = "+bundle))
		}
		if _, err := bucket.Open(t.Context(), destination, options); !errors.Is(err, os.ErrNotExist) && !strings.Contains(fmt.Sprint(err), "no such file") {
			t.Errorf("%v", err)
		}
		if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bucket.Open(t.Context(), destination, options); err != nil {
			t.Errorf("%v", err)
		}
		_ = os.Remove(bundle)
	}
}

// An endpoint of the environment is checked as one of the destination is.
func TestAnEndpointOfTheEnvironmentMustNotBePlainHTTP(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://store.example")
	r := new(recorder)
	if _, err := bucket.Open(t.Context(), "s3://logs?region=us-east-1", bucket.Options{Transport: r}); !isError(err, nil) || !strings.Contains(err.Error(), "over plain http") || len(r.seen) > 0 {
		t.Errorf("%v after %d requests", err, len(r.seen))
	}
	b, err := bucket.Open(t.Context(), "s3://logs?region=us-east-1&insecure=true", bucket.Options{Transport: r})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Warnings(); len(got) != 1 || !strings.Contains(got[0], "without TLS (insecure=true)") {
		t.Errorf("%q", got)
	}
	// Loopback needs no permission, and is no reason for a warning.
	b, err = bucket.Open(t.Context(), "s3://logs?region=us-east-1&endpoint=http://127.0.0.1:9", bucket.Options{Transport: r})
	if err != nil || len(b.Warnings()) > 0 {
		t.Errorf("%v", err)
	}
}

// verifier is a store that checks signatures with code of its own, after a gateway
// has changed Accept-Encoding.
func verifier(t *testing.T) (address string, seen func() []string) {
	t.Helper()
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Accept-Encoding", "gzip,gzip(gfe)")
		fields := map[string]string{}
		for field := range strings.SplitSeq(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 "), ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			fields[name] = value
		}
		_, scope, _ := strings.Cut(fields["Credential"], "/")
		if signature(r, rootSecret, scope, strings.Split(fields["SignedHeaders"], ";")) != fields["Signature"] {
			refuse(w, http.StatusForbidden, "SignatureDoesNotMatch")
			return
		}
		path, _, _ := strings.Cut(r.RequestURI, "?")
		paths = append(paths, strings.Split(scope, "/")[1]+" "+path)
		w.Header().Set("ETag", `"e"`)
		fmt.Fprint(w, `<ListBucketResult/>`)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string { return paths }
}

// Names that other stores use are signed correctly: regions, tenants, endpoints
// with a path, and a plus in the prefix. A gateway may change Accept-Encoding.
func TestNamesOfOtherStoresAreSignedCorrectly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ destination, want string }{
		{"s3://logs?region=us-east-1&endpoint=%s", "us-east-1 /logs"},
		{"s3://logs?region=RegionOne&endpoint=%s", "RegionOne /logs"},
		{"s3://logs?region=GRA&endpoint=%s", "GRA /logs"},
		{"s3://logs?region=region_one&endpoint=%s", "region_one /logs"},
		{"s3://logs?region=us.east&endpoint=%s", "us.east /logs"},
		{"s3://acme:logs?region=default&endpoint=%s", "default /acme%3Alogs"},
		{"s3://logs?region=stub&endpoint=%s/storage/v1/s3", "stub /storage/v1/s3/logs"},
		{"s3://logs?region=stub&endpoint=%s/storage/v1/s3/&prefix=plus+sign", "stub /storage/v1/s3/logs"},
		{"s3://acme:logs?region=RegionOne&endpoint=%s/a/&prefix=plus+sign", "RegionOne /a/acme%3Alogs"},
		{"cos://logs-1250000000?region=ap-guangzhou&endpoint=%s/a", "ap-guangzhou /a/logs-1250000000"},
	} {
		address, seen := verifier(t)
		options := bucket.Options{Credentials: &rotating{fixed: true, current: bucket.Credentials{SecretID: rootID, SecretKey: rootSecret}}}
		b, err := bucket.Open(t.Context(), fmt.Sprintf(test.destination, address), options)
		if err != nil {
			t.Errorf("%s: %v", test.destination, err)
			continue
		}
		mustWrite(t, b, "x y", nil)
		key := "/x%20y"
		if strings.Contains(test.destination, "plus+sign") {
			key = "/plus%2Bsign/x%20y"
		}
		if got := seen(); !slices.Equal(got, []string{test.want, test.want + key}) {
			t.Errorf("%s: %q", test.destination, got)
		}
	}
	for destination, want := range map[string]string{
		"s3://logs?region=RegionOne":      "other names need an endpoint",
		"s3://acme:logs?region=us-east-1": "a tenant before the name of the bucket needs an endpoint",
	} {
		if _, err := bucket.Open(t.Context(), destination, bucket.Options{}); !isError(err, nil) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", destination, err)
		}
	}
}
