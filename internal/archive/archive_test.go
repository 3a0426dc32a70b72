package archive

import (
	"testing"
)

func TestASecondRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.mustApply(nil)
	if r.PackageCount != 18 || r.BagCount != 3 || r.SealedThrough != "2022-05-03" || !r.Complete || r.PendingCount != 0 {
		t.Errorf("got %+v", *r.Summary)
	}
	w.quiet(nil)
}
