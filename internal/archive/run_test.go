package archive

import (
	"testing"
)

func TestRunArchivesAndThenWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.mustApply(nil)
	if s.PackageCount != 18 || s.BagCount != 3 || !s.Complete || s.SealedThrough != "2022-05-03" || s.PendingCount != 0 {
		t.Errorf("got %+v", s)
	}
	for _, k := range w.store.keys() {
		t.Log(k)
	}
	t.Logf("%s", w.store.get(ledgerKey(s.Head.Sequence)))
	w.quiet(nil)
}
