package verifytest_test

import (
	"os"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// BenchmarkVerifySh verifies an archive of ten years with one package a day. Set
// TEO_VERIFY_KEEP to a folder that keeps the archive.
func BenchmarkVerifySh(b *testing.B) {
	h := &history{TB: b, dir: b.TempDir(), scope: ledger.Scope{Start: day("2012-05-01"), StableAfter: 86400, RecheckDays: 3}}
	if dir := os.Getenv("TEO_VERIFY_KEEP"); dir != "" {
		h.dir = dir
	}
	h.begin()
	for i := range 3650 {
		h.day(day("2012-05-01").AddDate(0, 0, i).Format(time.DateOnly), 1)
	}
	for b.Loop() {
		if v := h.verify(); v.status != 0 {
			b.Fatal(v.stdout, v.stderr)
		}
	}
}
