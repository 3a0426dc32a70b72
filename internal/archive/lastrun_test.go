package archive

import (
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// The last run is that which left nothing undone; only it tells whether packages
// can have become stable since.
func TestLastRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 96, nil)
	store, _ := newFolderStore(t)
	lastRun := func() time.Time {
		t.Helper()
		r, err := w.archive(store, nil).Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r.Summary.LastRun
	}
	near := func(got, want time.Time) bool { return !got.Before(want) && got.Before(want.Add(time.Minute)) }

	w.now = time.Date(2022, 4, 30, 0, 0, 0, 0, time.UTC) // before the window: nothing is listed
	s, err := w.archive(store, nil).Run(t.Context(), nil)
	if err != nil || !near(s.LastRun, w.now) || !near(lastRun(), w.now) {
		t.Fatalf("before the window: %+v, %s, %v", s, lastRun(), err)
	}
	if may().Over(s.LastRun, 24*time.Hour) {
		t.Error("a window that has not begun is over")
	}

	first := w.now
	w.now = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
	w.sim.Inject(teosim.Fault{Name: teosim.NotGzip, Action: teosim.DownloadAction})
	if s, err = w.archive(store, nil).Run(t.Context(), w.listed()); err == nil || !near(s.LastRun, first) || !near(lastRun(), first) {
		t.Fatalf("a run with failures: %+v, %s, %v", s, lastRun(), err)
	}
	w.sim.ClearFaults()
	if s = w.run(w.archive(store, nil)); s.PackageCount != 96 || !near(s.LastRun, w.now) || !may().Over(lastRun(), 24*time.Hour) {
		t.Errorf("after the window: %+v", s)
	}
}

// A run that was killed before it ended was none.
func TestLastRunOfKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, nil)
	store, _ := newFolderStore(t)
	dying := &mortal{objects: store.objects}
	dying.left.Store(2)
	if _, err := w.archive(&Store{objects: dying, name: store.name}, nil).Run(t.Context(), w.listed()); err == nil {
		t.Fatal("it was not killed")
	}
	r, err := w.archive(store, nil).Inspect(t.Context())
	if err != nil || !r.Summary.LastRun.IsZero() {
		t.Errorf("%+v, %v", r, err)
	}
}
