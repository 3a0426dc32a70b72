package teo_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A page that shifts duplicates a row and hides another one. If the count is missing
// or too small, only the duplicate shows it.
func TestWithoutARightCountADuplicateShowsAShiftedPage(t *testing.T) {
	t.Parallel()
	for name, counts := range map[string][]teosim.Fault{
		"no count":           {{Name: teosim.NullField, Value: "TotalCount"}, {Name: teosim.NullField, Value: "TotalSize"}},
		"no count, no size":  {{Name: teosim.NullField, Value: "TotalSize"}, {Name: teosim.NullField, Value: "PageSize"}},
		"count of 1":         {{Name: teosim.WrongTotal, Value: "1", Version: teo.Version20220901}},
		"one too few":        {{Name: teosim.WrongTotal, Value: "22", Version: teo.Version20220901}},
		"no count of pages":  {{Name: teosim.NullField, Value: "TotalSize"}, {Name: teosim.NullField, Value: "Pages"}},
		"nothing is counted": {{Name: teosim.NullField, Value: "TotalSize"}, {Name: teosim.NullField, Value: "Pages"}, {Name: teosim.NullField, Value: "PageSize"}},
	} {
		for _, times := range []int{0, 1} {
			for _, size := range []int{1, 5, 11, 22} {
				if testing.Short() && size < 22 {
					continue // up to 23 requests for each reading
				}
				t.Run(fmt.Sprintf("%s/times=%d/size=%d", name, times, size), func(t *testing.T) {
					t.Parallel()
					eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
						o.Catalogue, o.MaxPageSize = catalogue(23), 8
						sim := startSim(t, o)
						for _, fault := range counts {
							sim.Inject(fault)
						}
						sim.Inject(teosim.Fault{Name: teosim.ShiftedPage, Page: new(1), Times: times})
						l, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(size))
						var incomplete *teo.IncompleteError
						switch {
						case err == nil:
							checkExact(t, sim, l)
						case times == 1:
							t.Errorf("got %v, want what reading again gives", err)
						case !errors.As(err, &incomplete):
							t.Errorf("got %v, want an IncompleteError", err)
						case !incomplete.Overlap && (incomplete.Total != 23 || all(size).ZoneIDs == nil && strings.HasPrefix(name, "no")):
							t.Errorf("got %v, want that pages overlap", err)
						}
					})
				})
			}
		}
	}
}

// Rows that the service lists twice, wherever pages begin, are distinguished from pages
// that overlap, count or not.
func TestWithoutARightCountRepeatedRowsAreNoOverlap(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]teosim.Fault{
		"TotalCount": {Name: teosim.NullField, Value: "TotalCount"},
		"TotalSize":  {Name: teosim.NullField, Value: "TotalSize"},
		"count of 1": {Name: teosim.WrongTotal, Value: "1", Version: teo.Version20220901},
	} {
		for _, size := range []int{2, 10, 100} {
			t.Run(fmt.Sprintf("%s/size=%d", name, size), func(t *testing.T) {
				t.Parallel()
				eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
					want := catalogue(30).L7
					o.Catalogue = catalogue(30)
					o.Catalogue.L7 = append(o.Catalogue.L7, want[17])
					sim := startSim(t, o)
					sim.Inject(fault)
					checkPackages(t, want, list(t, newClient(t, sim, teo.Options{}), all(size)))
				})
			})
		}
	}
}

// A package that is added just before page 0 is read pushes a row from there to
// page 1, which is read already. Without a right count nothing shows it, so a list
// that determined its page base in this way is read again.
func TestAListThatGrowsBeforePageZeroIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]teosim.Fault{
		"no count":                   {Name: teosim.NullField, Value: "TotalSize"},
		"count on the first page":    {Name: teosim.NullField, Value: "TotalSize", Skip: 1},
		"too small a count":          {Name: teosim.WrongTotal, Value: "7"},
		"a count of the other pages": {Name: teosim.WrongTotal, Value: "34"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
			sim.Inject(fault)
			sim.Inject(teosim.Fault{Name: teosim.CatalogueGrows, Page: new(0), Times: 1})
			client := newClient(t, sim, teo.Options{})
			l := list(t, client, everything(10))
			if len(l.Packages) != 46 {
				t.Errorf("%d packages are listed, want 46", len(l.Packages))
			}
			checkNames(t, sim.Catalogue().L7, l)
			sim.ResetCounters()
			checkNames(t, sim.Catalogue().L7, list(t, client, everything(10)))
			checkCount(t, sim, 6)
		})
	}
}

// A list that grows before page 0 is read is also read again if only one page was read
// until then.
func TestAListOfTwoPagesThatGrowsBeforePageZeroIsReadAgain(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: catalogue(15)})
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalSize"})
	sim.Inject(teosim.Fault{Name: teosim.CatalogueGrows, Page: new(0), Times: 1})
	l := list(t, newClient(t, sim, teo.Options{}), everything(10))
	if len(l.Packages) != 16 {
		t.Errorf("%d packages are listed, want 16", len(l.Packages))
	}
	checkNames(t, sim.Catalogue().L7, l)
}

// Duplicates that no count explains are confirmed by another reading with pages of
// another size. A reading that missed the service's count confirms nothing.
func TestAnIncompleteReadingConfirmsNothing(t *testing.T) {
	t.Parallel()
	want := catalogue(30).L7
	doubled := catalogue(30)
	doubled.L7 = append(doubled.L7, want[0], want[17], want[17])
	for counted, requests := range map[string]int{
		"33": 4 + 5,     // pages of 10 rows, then of 7
		"34": 4 + 5 + 7, // the first reading has one row too few
	} {
		sim := startSim(t, teosim.Options{Catalogue: doubled})
		sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: counted, Times: 4})
		checkPackages(t, want, list(t, newClient(t, sim, teo.Options{}), everythingByID(10)))
		checkCount(t, sim, requests)
	}
}
