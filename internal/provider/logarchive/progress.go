package logarchive

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// progressEvery is how often a run says at INFO how far it is.
const progressEvery = 10 * time.Second

// progress logs a run. Values are in the message of a log line, because Terraform shows
// its fields in no fixed order. URLs and the content of packages are never logged.
type progress struct {
	now func() time.Time

	mu   sync.Mutex
	said time.Time // when the last INFO line of archived packages was written
}

func newProgress(now func() time.Time) *progress { return &progress{now: now, said: now()} }

// event logs one step of a run: a package or a commit at DEBUG, a retry at WARN, and how
// far the run is at INFO every 10 seconds and after the last package.
func (p *progress) event(ctx context.Context, e archive.Event) {
	switch e.Kind {
	case archive.EventArchived:
		tflog.Debug(ctx, fmt.Sprintf("archived %s, %s", e.Package, size(e.Bytes)))
		if line := p.line(e); line != "" {
			tflog.Info(ctx, line)
		}
	case archive.EventRetried:
		tflog.Warn(ctx, fmt.Sprintf("retrying %s: %s", e.Package, e.Err))
	case archive.EventFailed:
		tflog.Warn(ctx, fmt.Sprintf("could not archive %s: %s", e.Package, e.Err))
	case archive.EventCommitted:
		tflog.Debug(ctx, fmt.Sprintf("committed entry %d", e.Sequence))
	}
}

// line is the INFO line that is due, such as "archived 1,200 of 3,000 packages, 3.2 MB,
// 2022-05-06"; empty if none is.
func (p *progress) line(e archive.Event) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if e.Done < e.Total && now.Sub(p.said) < progressEvery {
		return ""
	}
	p.said = now
	return fmt.Sprintf("archived %s of %s packages, %s, %s", printable.Grouped(int64(e.Done)), printable.Grouped(int64(e.Total)), size(e.DoneBytes), e.Day)
}

// size writes a number of bytes with a decimal unit.
func size(bytes int64) string {
	units := []string{"kB", "MB", "GB", "TB"}
	if bytes < 1000 {
		return fmt.Sprintf("%d bytes", bytes)
	}
	value := float64(bytes) / 1000
	unit := 0
	for value >= 999.95 && unit < len(units)-1 {
		value /= 1000
		unit++
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
