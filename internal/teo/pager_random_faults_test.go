package teo_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// With every combination of faults, a list is exact or an error, and after the faults
// the same client lists exactly.
//
// It does not cover rows that are replaced by null, counts that are too small in
// 2022-01-06, pages that are empty while no count of any kind is given, and
// counts that are too small by just as many rows as pages that shift leave out:
// none of them can be detected.
func TestAListIsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	seeds := uint64(60)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				random := rand.New(rand.NewPCG(seed, 1))
				rows, size := random.IntN(60), 1+random.IntN(20)
				o.Catalogue = catalogue(rows)
				o.MaxPageSize = 1 + random.IntN(25)
				o.OldRowsWithoutArea = random.IntN(2) == 0
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				if random.IntN(2) == 0 {
					checkExact(t, sim, list(t, client, all(size))) // it knows the page base
				}
				counts := randomCounts(random, rows)
				for _, f := range counts {
					sim.Inject(f)
				}
				faults := counts
				for range 1 + random.IntN(4) {
					f := randomFault(random, rows)
					if counted := len(counts) == 0; !counted && (f.Name == teosim.EmptyPage || f.Name == teosim.TotalChanges) {
						continue // TotalChanges would put a count of 1 in place of none
					}
					faults = append(faults, f)
					sim.Inject(f)
				}
				defer func() {
					if t.Failed() {
						t.Logf("%d rows, pages of %d, at most %d, faults %+v", rows, size, o.MaxPageSize, faults)
					}
				}()
				l, err := client.L7Logs(t.Context(), all(size))
				var incomplete *teo.IncompleteError
				switch {
				case err == nil && len(counts) > 0:
					checkNames(t, withoutLate(sim.Catalogue().L7, o.Catalogue.L7, l), l)
				case err == nil:
					checkNames(t, sim.Catalogue().L7, l)
				case l != nil || tcapi.AsError(err) == nil && !errors.As(err, &incomplete):
					t.Errorf("got %v and %v", l, err)
				}
				sim.ClearFaults()
				checkNames(t, sim.Catalogue().L7, list(t, client, all(size)))
			})
		})
	}
}

// withoutLate leaves out the packages that were added and are not listed. No
// count shows a package that is added after the last page with rows was read. The
// list is then the one from before.
func withoutLate(all, before []teosim.Package, l *teo.Listing) []teosim.Package {
	return slices.DeleteFunc(all, func(p teosim.Package) bool {
		isNew := !slices.ContainsFunc(before, func(old teosim.Package) bool { return old.Name == p.Name })
		return isNew && !slices.ContainsFunc(l.Packages, func(listed teo.Package) bool { return listed.Name == p.Name })
	})
}

// randomCounts makes the service's counts missing or too small, in every second
// case.
func randomCounts(random *rand.Rand, rows int) []teosim.Fault {
	f := teosim.Fault{Name: teosim.NullField, Skip: random.IntN(2) * random.IntN(3)}
	switch random.IntN(4) {
	case 0:
		total, count := f, f
		total.Value, count.Value = "TotalSize", "TotalCount"
		return []teosim.Fault{total, count}
	case 1:
		f.Name, f.Value, f.Version = teosim.WrongTotal, strconv.Itoa(random.IntN(rows/2+1)), teo.Version20220901
		return []teosim.Fault{f}
	}
	return nil
}

func randomFault(random *rand.Rand, rows int) teosim.Fault {
	f := teosim.Fault{Skip: random.IntN(4), Times: random.IntN(4)}
	switch random.IntN(12) {
	case 0:
		f.Name = teosim.EmptyPage
	case 1, 2:
		f.Name = teosim.ShiftedPage
	case 3:
		f.Name = teosim.DuplicateRows
	case 4:
		f.Name = teosim.TotalChanges
	case 5:
		// More than a few would be as many pages.
		f.Name, f.Times = teosim.CatalogueGrows, 1
	case 6:
		f.Name, f.Value = teosim.WrongTotal, strconv.Itoa(rows+random.IntN(rows+1))
		f.Version = teo.Version20220106
	case 7:
		f.Name, f.Value = teosim.NullField, []string{"PageSize", "PageNo", "Pages", "Data.Size", "Data.LogTime"}[random.IntN(5)]
	case 8:
		f.Name = teosim.DropConnection
	case 9:
		f.Name = teosim.BadGateway
	case 10:
		f.Name = teosim.CutBody
	case 11:
		f.Name = teosim.Throttled
	}
	if f.Times == 0 && random.IntN(2) == 0 {
		f.Times = 1
	}
	return f
}
