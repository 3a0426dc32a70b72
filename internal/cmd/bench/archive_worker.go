package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// connection is how a simulator is reached.
type connection struct{ Endpoint, SecretID, SecretKey string }

// archiveJob is what a worker is told on its standard input.
type archiveJob struct {
	connection
	Destination string
}

// archived is what a worker says when it is done.
type archived struct {
	Seconds   float64 // of the run, without the listing
	Bytes     int64
	PeakBytes int64 // of memory; 0 where it is not known
}

// startWorker archives what a simulator has in a process of its own, so that
// its memory and its garbage are its own.
func (b *bench) startWorker(ctx context.Context, sim *teosim.Sim) (archived, error) {
	var result archived
	dir, err := os.MkdirTemp(b.temp, "copies-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	job, err := json.Marshal(archiveJob{connection{sim.URL(), sim.SecretID(), sim.SecretKey()}, folderURL(dir)})
	if err != nil {
		return result, err
	}
	self, err := os.Executable()
	if err != nil {
		return result, err
	}
	cmd := exec.CommandContext(ctx, self, "-archive-worker")
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(job), &said
	out, err := cmd.Output()
	if err != nil {
		return result, fmt.Errorf("archive: %w\n%s", err, said.Bytes())
	}
	return result, json.Unmarshal(out, &result)
}

// archiveWorker is what runs in that process.
func archiveWorker(ctx context.Context, in io.Reader, out io.Writer) error {
	var job archiveJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return err
	}
	packages, err := list(ctx, job.connection)
	if err != nil {
		return err
	}
	store, err := archive.Open(ctx, job.Destination)
	if err != nil {
		return err
	}
	defer store.Close()
	q := everything()
	a, err := archive.New(archive.Config{
		Store: store, Scope: archive.Scope{Start: q.Start, End: q.End, ZoneIDs: q.ZoneIDs},
		Parallelism: copies, Transport: tcapi.NewTransport(tcapi.TransportOptions{}),
	})
	if err != nil {
		return err
	}
	start := time.Now()
	summary, err := a.Run(ctx, packages)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(archived{since(start), summary.TotalBytes, highWaterMark("/proc/self")})
}

// list lists everything that a simulator has.
func list(ctx context.Context, c connection) ([]teo.Package, error) {
	endpoint, err := tcapi.ParseEndpoint(c.Endpoint)
	if err != nil {
		return nil, err
	}
	caller := tcapi.New(tcapi.Config{
		Service: "teo", Endpoint: endpoint, Transport: tcapi.NewTransport(tcapi.TransportOptions{}), UserAgent: "bench/0",
		Credentials: tcapi.StaticCredentials{SecretID: c.SecretID, SecretKey: c.SecretKey},
		Limiters:  &tcapi.Limiters{PerSecond: 1e6},
	})
	listing, err := teo.New(caller, teo.Options{APIVersion: teo.Version20220901}).L7Logs(ctx, everything())
	if err != nil {
		return nil, err
	}
	return listing.Packages, nil
}
