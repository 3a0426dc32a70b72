package printable_test

import (
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

func TestANounAgreesWithItsNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64][]string{
		0: {"0 files", "0 entries", "0 days"},
		1: {"1 file", "1 entry", "1 day"},
		2: {"2 files", "2 entries", "2 days"},
	} {
		for i, noun := range []string{"file", "entry", "day"} {
			if got := printable.Count(n, noun); got != want[i] {
				t.Errorf("got %q, want %q", got, want[i])
			}
		}
	}
}
