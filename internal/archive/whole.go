package archive

import (
	"context"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// wholeBag describes a bag whose packages nothing names any more. What was lost or
// erased of it before does not count.
func wholeBag(state *ledger.State, folder string) ledger.File {
	b := state.Bags[folder]
	f := ledger.File{Path: folder + "/", SHA256: b.TagmanifestSHA256, Bytes: b.Bytes, Packages: b.Packages}
	for _, files := range []map[string]ledger.File{state.Lost, state.Erased} {
		for path, gone := range files {
			if strings.HasPrefix(path, folder+"/") && path != f.Path {
				f.Packages--
				f.Bytes -= gone.Bytes
			}
		}
	}
	return f
}

// isWhole returns the bag that a line of the ledger names as a whole.
func isWhole(f *ledger.File) (folder string, ok bool) {
	folder, ok = strings.CutSuffix(f.Path, "/")
	return folder, ok
}

// countWhole counts how many packages of a day have a current version before and after
// bags are lost or recovered as a whole, and notes the differences in the change. While
// a bag is lost, a package whose newest version is in it has an earlier version as its
// current one: the records of the bag are lost, too.
func countWhole(ctx context.Context, s *scanner, ch *change) error {
	days := map[string]bool{}
	for _, files := range [][]ledger.File{ch.lost, ch.recovered} {
		for i := range files {
			if folder, ok := isWhole(&files[i]); ok {
				days[bag.FolderDay(folder)] = true
			}
		}
	}
	for _, day := range sortedKeys(days) {
		var lost, recovered []*ledger.File
		var back []string
		for i := range ch.lost {
			f := &ch.lost[i]
			if folder, ok := isWhole(f); ok && bag.FolderDay(folder) == day && !s.log.State.Gone(f.Path) {
				lost = append(lost, f)
			}
		}
		for i := range ch.recovered {
			f := &ch.recovered[i]
			if folder, ok := isWhole(f); ok && bag.FolderDay(folder) == day && s.log.State.Gone(f.Path) {
				recovered, back = append(recovered, f), append(back, folder)
			}
		}
		without, err := readDay(ctx, s, day)
		if err != nil {
			return err
		}
		share(s.log.State.Current[day]-without.count(), lost)
		if len(recovered) == 0 {
			continue
		}
		with, err := readDay(ctx, s, day, back...)
		if err != nil {
			return err
		}
		share(with.count()-without.count(), recovered)
	}
	return nil
}

// share divides a number of current versions among bags. Which bag had which is not
// known.
func share(n int64, bags []*ledger.File) {
	for _, f := range bags {
		f.Current = max(0, min(n, f.Packages))
		n -= f.Current
	}
}
