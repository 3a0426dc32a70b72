package provider

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/edgeone-community/terraform-provider-teo/internal/archive"
)

func TestShortDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		48 * time.Hour: "48h", 24 * time.Hour: "24h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", time.Hour + 10*time.Second: "1h0m10s",
		20 * time.Hour: "20h", time.Minute + 30*time.Second: "1m30s", 30 * time.Second: "30s", 100*time.Hour + 10*time.Minute: "100h10m",
	} {
		got := shortDuration(d)
		if back, err := time.ParseDuration(got); got != want || back != d {
			t.Errorf("%s: %s, want %s (%v)", d, got, want, err)
		}
	}
}

// A run that the destination ended early is the destination's fault, and one
// with failed packages is not.
func TestArchiveErrorIsOnTheDestination(t *testing.T) {
	t.Parallel()
	full := &archive.DestinationError{Destination: "file:///srv", Op: "write", Err: fs.ErrPermission}
	for _, test := range []struct {
		err  error
		want bool
	}{
		{&archive.RunError{Err: full}, true},
		{&archive.RunError{Err: errors.New("stopped")}, false},
		{&archive.RunError{Failures: []archive.Failure{{Package: "p", Err: archive.ErrNotPackage}}}, false},
	} {
		d := archiveError(test.err)
		on, ok := d.(diag.DiagnosticWithPath)
		if d.Summary() != "Archive is incomplete" || ok != test.want || ok && !on.Path().Equal(path.Root("destination")) {
			t.Errorf("%v: %v", test.err, d)
		}
	}
}
