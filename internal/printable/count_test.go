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

func TestThousandsAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567", -999: "-999", -1000: "-1,000", -123456: "-123,456",
	} {
		if got := printable.Grouped(n); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
