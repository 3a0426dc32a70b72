package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// copies is how many packages are copied at once.
const copies = 8

// mostArchiveMemory is wanted of the provider at 10,000 packages, in MiB.
const mostArchiveMemory = 150

// archive measures copies to a folder beside curl's, and the resource.
func (b *bench) archive(ctx context.Context, s *section) error {
	s.title, s.columns = fmt.Sprintf("Archive to a folder, %d copies at once", copies), [2]string{"archive", "beside it"}
	curl, err := exec.LookPath("curl")
	if err != nil {
		s.missing("throughput beside curl", err)
	} else if err := b.beside(ctx, s, curl); err != nil {
		return err
	}
	s.notef("Throughput is that of the provider's archive code in a process of its own, and `curl --parallel` for the same packages, both from a simulator on the same processors to the same disk. " +
		"curl only writes; the archive also hashes, unpacks, counts and checks every byte, flushes each file to the disk (fsync) and writes the bags. " +
		"Over loopback that is what the processors have time for: the MB/s tell up to which link the archive keeps pace.")
	return b.resource(ctx, s)
}

// beside measures the throughput of copies.
func (b *bench) beside(ctx context.Context, s *section, curl string) error {
	var most float64
	for _, size := range b.copies {
		got, err := b.race(ctx, size, curl)
		if err != nil {
			return fmt.Errorf("%s: %w", size.name, err)
		}
		most = max(most, got.peak)
		s.add(row{figure: size.name + ", beside curl", ours: rate(got.ours), beside: rate(got.theirs), ratio: ratios(got.ours, got.theirs)}.atLeast(0.9))
	}
	if most > 0 {
		s.notef("The archiving process had %s of memory at most, whatever the packages' size.", mebibytes(most))
	}
	return nil
}

// throughput is in bytes a second, a value a round.
type throughput struct {
	ours, theirs []float64
	peak         float64 // of memory, in bytes
}

// race copies the same packages in turn with curl and into an archive.
func (b *bench) race(ctx context.Context, size copySize, curl string) (throughput, error) {
	var t throughput
	sim, err := simulate(size.count, func(g *teosim.GenerateOptions) {
		g.StoredBytes, g.Uncompressed = size.bytes, size.stored
	})
	if err != nil {
		return t, err
	}
	defer sim.Close()
	if size.bandwidth > 0 {
		sim.Inject(teosim.Fault{Name: teosim.Slow, Action: teosim.DownloadAction, Value: strconv.Itoa(size.bandwidth / copies)})
	}
	for range size.rounds {
		took, bytes, err := b.curl(ctx, curl, sim)
		if err != nil {
			return t, err
		}
		result, err := b.startWorker(ctx, sim)
		if err != nil {
			return t, err
		}
		if result.Bytes != bytes {
			return t, fmt.Errorf("the archive has %d bytes, curl got %d", result.Bytes, bytes)
		}
		t.theirs = append(t.theirs, float64(bytes)/took.Seconds())
		t.ours = append(t.ours, float64(result.Bytes)/result.Seconds)
		t.peak = max(t.peak, float64(result.PeakBytes))
	}
	return t, nil
}

func rate(values []float64) string { return fmt.Sprintf("%.0f MB/s", median(values)/1e6) }

// curl downloads every package of a simulator, and returns how long that took
// and how many bytes came.
func (b *bench) curl(ctx context.Context, curl string, sim *teosim.Sim) (time.Duration, int64, error) {
	packages, err := list(ctx, connection{Endpoint: sim.URL(), SecretID: sim.SecretID(), SecretKey: sim.SecretKey()})
	if err != nil {
		return 0, 0, err
	}
	dir, err := os.MkdirTemp(b.temp, "curl-")
	if err != nil {
		return 0, 0, err
	}
	// Now and not at the end: what waits to be written to the disk would slow
	// down what is measured next.
	defer os.RemoveAll(dir)
	var config strings.Builder
	for i, p := range packages {
		fmt.Fprintf(&config, "url = %q\noutput = %q\n", p.URL, filepath.ToSlash(filepath.Join(dir, strconv.Itoa(i))))
	}
	cmd := exec.CommandContext(ctx, curl, "--parallel", "--parallel-immediate", "--parallel-max", strconv.Itoa(copies),
		"--noproxy", "*", "--fail", "--silent", "--show-error", "--config", "-")
	cmd.Stdin = strings.NewReader(config.String())
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(start)
	if err != nil {
		return 0, 0, fmt.Errorf("curl: %w\n%s", err, out)
	}
	total, err := sizeOf(dir)
	return took, total, err
}

// sizeOf is the sum of the sizes of the files in a folder.
func sizeOf(dir string) (int64, error) {
	files, err := os.ReadDir(dir)
	var total int64
	for _, file := range files {
		info, infoErr := file.Info()
		if infoErr != nil {
			return total, infoErr
		}
		total += info.Size()
	}
	return total, err
}

// resource measures the whole resource: memory, and an apply that has nothing
// to do.
func (b *bench) resource(ctx context.Context, s *section) error {
	sim, err := simulate(b.sizes.archive, nil)
	if err != nil {
		return err
	}
	defer sim.Close()
	provider, err := b.install(ctx, "provider", ".")
	if err != nil {
		return err
	}
	destination, err := os.MkdirTemp(b.temp, "archive-")
	if err != nil {
		return err
	}
	box, err := b.box(ctx, "archive", provider, append(keysOf(sim), "TF_VAR_destination="+folderURL(destination)))
	if err != nil {
		return err
	}
	var took [2]float64
	var downloads [2]int
	var peak float64
	for i := range took {
		sim.ResetCounters()
		start := time.Now()
		most, err := peakOf(provider.binary, func() error { return apply(ctx, box) })
		if err != nil {
			return err
		}
		took[i], downloads[i] = since(start), len(sim.Downloads())
		peak = max(peak, most)
	}
	if downloads[0] != b.sizes.archive || downloads[1] != 0 {
		return fmt.Errorf("two applies downloaded %d and %d packages, want %d and none", downloads[0], downloads[1], b.sizes.archive)
	}
	s.add(row{
		figure: fmt.Sprintf("second %s apply of %s packages (0 downloads), beside the first", b.cli.Product, thousands(b.sizes.archive)),
		ours:   seconds(took[1:]), beside: seconds(took[:1]), ratio: spreadOf([]float64{took[1] / took[0]}),
	})
	figure := fmt.Sprintf("most memory of the provider at %s packages", thousands(b.sizes.archive))
	if peak == 0 {
		s.missing(figure, errors.New("it takes Linux's /proc"))
		return nil
	}
	s.add(row{figure: figure, ours: mebibytes(peak)}.valueAtMost(peak/mebibyte, mostArchiveMemory, "MiB"))
	return nil
}

// folderURL is a folder as a destination.
func folderURL(dir string) string {
	return "file:///" + strings.TrimPrefix(filepath.ToSlash(dir), "/")
}

// everything is the window of all generated packages.
func everything() teo.Query {
	return teo.Query{
		Start: time.Date(2022, 5, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2023, 5, 1, 0, 0, 0, 0, time.UTC), ZoneIDs: []string{zoneID},
	}
}
