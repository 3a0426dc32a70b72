package archive

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket/storetest"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// Two runs at once on a real store, which create an archive and then add to it, leave
// one archive. Each succeeds or says that another run was faster, and the next one finds
// nothing to do.
func TestStoresTwoRunsAtOnce(t *testing.T) { //nolint:paralleltest // it sets environment variables
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": storetest.ID, "AWS_SECRET_ACCESS_KEY": storetest.Secret, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	t.Run("file", func(t *testing.T) { twoRuns(t, "file://"+filepath.ToSlash(t.TempDir())+"?prefix=a/") })
	for _, server := range []storetest.Server{storetest.Versitygw, storetest.Rclone, storetest.Gofakes3, storetest.MinIO} { //nolint:paralleltest // as above
		t.Run(server.Name, func(t *testing.T) {
			endpoint := "http://" + server.Start(t)
			client := s3.New(s3.Options{
				BaseEndpoint: aws.String(endpoint), Region: "us-east-1", UsePathStyle: true,
				Credentials: credentials.NewStaticCredentialsProvider(storetest.ID, storetest.Secret, ""),
			})
			if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("logs")}); err != nil {
				t.Fatal(err)
			}
			twoRuns(t, "s3://logs?region=us-east-1&prefix=a/&endpoint="+url.QueryEscape(endpoint))
		})
	}
}

func twoRuns(t *testing.T, destination string) {
	t.Helper()
	w := newWorld(t)
	at := func(c *Config) {
		b, err := bucket.Open(t.Context(), destination, bucket.Options{TempFolder: TempFolder, Prefixes: Prefixes()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		c.Bucket = b
	}
	other := w.other()
	w.now = firstDay.Add(50 * time.Hour) // the first day is stable, and not sealed
	other.now = w.now
	atOnce := func(packages int64) {
		t.Helper()
		var runs sync.WaitGroup
		done := make([]bool, 2)
		for i, run := range []*world{w, other} {
			archive := run.open(at)
			runs.Go(func() {
				r, err := archive.Run(t.Context(), nil)
				if errors.Is(err, ledger.ErrConflict) {
					return // the other one was faster
				}
				if err != nil || r == nil {
					t.Errorf("%v", err)
					return
				}
				run.archive, run.head, run.member, done[i] = r.Archive, &r.Head, r.Member, true
			})
		}
		runs.Wait()
		if t.Failed() {
			return
		}
		if !done[0] && !done[1] {
			t.Error("none of the runs succeeds")
		}
		for i, run := range []*world{w, other} {
			if !done[i] {
				run.mustApply(at)
			}
		}
		if w.archive != other.archive {
			t.Errorf("two archives: %s and %s", w.archive, other.archive)
		}
		last := w
		if other.head.Sequence > w.head.Sequence {
			last = other
		}
		before := *last.head
		r := last.mustApply(at)
		if r.PackageCount != packages || r.PendingCount != 6 || r.LostCount != 0 || r.Head != before {
			t.Errorf("%+v after entry %d, want %d packages", *r.Summary, before.Sequence, packages)
		}
		v, err := Verify(t.Context(), last.open(at).config.Bucket, VerifyOptions{ExpectedHead: r.Head.SHA256})
		if err != nil || len(v.Problems) > 0 || v.PackageCount != packages {
			t.Errorf("%+v, %v", v, err)
		}
	}
	atOnce(6)
	w.service.add("new.example.com", "mainland", firstDay.Add(5*time.Hour), "{}\n")
	w.service.add("www.example.com", "mainland", firstDay.Add(3*time.Hour), "{}\n", "{}\n")
	atOnce(7)
}
