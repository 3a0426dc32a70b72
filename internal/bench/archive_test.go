package bench

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// BenchmarkArchiveMemory is a complete `terraform apply` of an archive in S3, with 8
// copies at the same time. peak-B is the largest resident memory of the provider's
// processes. The S3 server is versitygw, see `make bin/tools/versitygw`.
func BenchmarkArchiveMemory(b *testing.B) {
	count, bytes := 16, int64(50<<20)
	if testing.Short() {
		count, bytes = 8, 20<<10
	}
	cli, err := tfcli.Find(b.Context())
	if err != nil {
		b.Skip(err)
	}
	endpoint, root := startS3(b)
	sim := simtest.Start(b, teosim.Options{
		Catalogue: teosim.Generate(teosim.GenerateOptions{Count: count, StoredBytes: bytes}), Rates: teosim.Unlimited(),
	})
	env := append(simtest.Environment(sim), "AWS_ACCESS_KEY_ID="+s3ID, "AWS_SECRET_ACCESS_KEY="+s3Secret)
	provider := build(b, ".")
	for n := 0; b.Loop(); n++ {
		name := fmt.Sprintf("logs%d", n)
		if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil { // a bucket of versitygw
			b.Fatal(err)
		}
		box := newBox(b, cli, provider, fmt.Sprintf(`
resource "teo_l7_log_archive" "all" {
  destination = "s3://%s?region=us-east-1&endpoint=%s&use_path_style=true"
  start_time  = %q
  end_time    = %q
  zone_ids    = [%q]
}

output "packages" {
  value = teo_l7_log_archive.all.package_count == %d ? true : tobool("not all packages are archived")
}
`, name, endpoint, windowStart, windowEnd, zoneID, count), env)
		stop := watch(provider.Binary())
		terraform(b, box, "apply", "-input=false", "-auto-approve", "-no-color")
		b.ReportMetric(stop(), "peak-B")
	}
}

const s3ID, s3Secret = "bench", "benchsecret"

// startS3 starts versitygw and returns its endpoint and the folder of its buckets.
func startS3(b *testing.B) (endpoint, root string) {
	b.Helper()
	binary := os.Getenv("VERSITYGW")
	if _, err := os.Stat(binary); err != nil {
		b.Skip("there is no S3 server: set VERSITYGW, or run make bin/tools/versitygw")
	}
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	root = b.TempDir()
	cmd := exec.CommandContext(b.Context(), binary, "--access", s3ID, "--secret", s3Secret, "--region", "us-east-1", "--port", address, "--quiet", "posix", root)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 1000 {
		conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			return "http://" + address, root
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("the S3 server does not listen")
	return "", ""
}
