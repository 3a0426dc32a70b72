package archive

import (
	"errors"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Without an area, two packages may differ in nothing but the host of their
// URL. One of them must not be lost without a word.
func TestPackagesAlikeAreToldApartOrReported(t *testing.T) {
	t.Parallel()
	a, err := New(Config{Store: &Store{}, Scope: may(), Now: func() time.Time { return may().End.AddDate(0, 1, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	row := func(url string) teo.Package {
		return teo.Package{
			Domain: "www.example.com", Name: "20220501-03-www.example.com", URL: url,
			Start: teo.Time{Time: may().Start}, End: teo.Time{Time: may().Start.Add(time.Hour)},
		}
	}
	empty := &view{}
	apart := a.diff(empty, []teo.Package{row("https://log/a.gz?t=1"), row("https://log/b.gz?t=1")})
	if len(apart.tasks) != 2 || len(apart.failures) != 0 || apart.tasks[0].path == apart.tasks[1].path {
		t.Errorf("two paths: %d copies, failures %v", len(apart.tasks), apart.failures)
	}
	alike := a.diff(empty, []teo.Package{row("https://cn/a.gz?t=1"), row("https://overseas/a.gz?t=1")})
	if len(alike.tasks) != 1 || len(alike.failures) != 1 || !errors.Is(alike.failures[0].Err, errAlike) {
		t.Errorf("one path on two hosts: %d copies, failures %v", len(alike.tasks), alike.failures)
	}
}
