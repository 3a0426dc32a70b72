package teo_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// eachService runs a test against every way of paging: numbers from 0 and from
// 1, and offsets. The test gets a query for everything with a page size.
func eachService(t *testing.T, test func(t *testing.T, o teosim.Options, all func(size int) teo.Query)) {
	t.Helper()
	for _, n := range []numbering{{base: 0}, {base: 1}, {base: 1, strict: true}} {
		t.Run(n.String(), func(t *testing.T) {
			t.Parallel()
			test(t, n.options(0), everything)
		})
	}
	t.Run("offsets", func(t *testing.T) {
		t.Parallel()
		test(t, teosim.Options{}, everythingByID)
	})
}

// everythingByID is a query for everything by zone ID, which selects 2022-09-01.
func everythingByID(size int) teo.Query {
	q := everything(size)
	q.ZoneIDs = []string{"zone-gen0000"}
	return q
}

// Only a failed request is sent again.
func TestOnlyAFailedRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.Fault{
		{Name: teosim.Throttled},
		{Name: teosim.ThrottledTEO},
		{Name: teosim.ServerErrorCode},
		{Name: teosim.Busy},
		{Name: teosim.BadGateway},
		{Name: teosim.TooManyRequests, Value: "0"},
		{Name: teosim.DropConnection},
		{Name: teosim.CutBody},
		{Name: teosim.TruncatedJSON},
	} {
		for _, skip := range []int{0, 1, 4} {
			t.Run(fmt.Sprintf("%s/after %d", fault.Name, skip), func(t *testing.T) {
				t.Parallel()
				eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
					o.Catalogue = catalogue(45)
					sim := startSim(t, o)
					client := newClient(t, sim, teo.Options{})
					checkExact(t, sim, list(t, client, all(10)))
					fault := fault
					fault.Skip, fault.Times = skip, 2
					sim.Inject(fault)
					sim.ResetCounters()
					checkExact(t, sim, list(t, client, all(10)))
					checkCount(t, sim, 5+2)
				})
			})
		}
	}
}

// Each request has its retries. When one has used them up, the list fails with the
// error of the service.
func TestEachRequestHasItsRetries(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
		o.Catalogue = catalogue(45)
		sim := startSim(t, o)
		sim.Inject(teosim.Fault{Name: teosim.ServerErrorCode, Page: new(3)})
		_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
		failure := tcapi.AsError(err)
		if failure == nil || failure.Code != "InternalError" || failure.Attempts != 6 {
			t.Errorf("got %v, want InternalError after 6 attempts", err)
		}
	})
}

// An error that a retry cannot fix ends the list at once.
func TestAFatalErrorEndsTheListAtOnce(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{
		teosim.CamUnauthorized, teosim.QuotaExceeded, teosim.NotJSON, teosim.NullBody, teosim.EmptyObject, teosim.NullResponse, teosim.ErrorWithoutCode,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				o.Catalogue = catalogue(45)
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: fault})
				l, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
				if tcapi.AsError(err) == nil || l != nil {
					t.Errorf("got %v and %v, want a *tcapi.Error and no list", err, l)
				}
				checkCount(t, sim, 1)
			})
		})
	}
}

// A count that changes from page to page means that the list is read again.
func TestAListWhoseTotalChangesIsReadAgain(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
		for page := range 5 {
			t.Run(fmt.Sprintf("once/page=%d", page), func(t *testing.T) {
				t.Parallel()
				o := o
				o.Catalogue = catalogue(45)
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: teosim.TotalChanges, Page: &page, Times: 1})
				checkExact(t, sim, list(t, newClient(t, sim, teo.Options{}), all(10)))
			})
			t.Run(fmt.Sprintf("always/page=%d", page), func(t *testing.T) {
				t.Parallel()
				o := o
				o.Catalogue = catalogue(45)
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: teosim.TotalChanges, Page: &page})
				l, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
				var incomplete *teo.IncompleteError
				if !errors.As(err, &incomplete) || l != nil {
					t.Fatalf("got %v and %v, want an IncompleteError and no list", err, l)
				}
				counts := []int64{incomplete.Before, incomplete.Total}
				slices.Sort(counts)
				if !slices.Equal(counts, []int64{45, 46}) || incomplete.Readings != 4 || incomplete.RequestID == "" {
					t.Errorf("got %+v, want counts of 45 and 46 and 4 readings", *incomplete)
				}
			})
		}
		t.Run("everywhere", func(t *testing.T) {
			t.Parallel()
			o := o
			o.Catalogue = catalogue(45)
			sim := startSim(t, o)
			sim.Inject(teosim.Fault{Name: teosim.TotalChanges})
			_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
			checkIncomplete(t, err, teo.IncompleteError{Read: 45, Total: 46, Before: -1, Readings: 4})
		})
	})
}

// Duplicates in addition to the rows that the total counts are dropped.
func TestDuplicatesBesideTheTotalAreDropped(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 9, 10, 11, 20, 45} {
		t.Run(fmt.Sprintf("rows=%d", rows), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				o.Catalogue = catalogue(rows)
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: teosim.DuplicateRows})
				client := newClient(t, sim, teo.Options{})
				for range 2 {
					l := list(t, client, all(10))
					checkExact(t, sim, l)
					if l.TotalCount != int64(rows) {
						t.Errorf("the total is %d, want %d", l.TotalCount, rows)
					}
				}
			})
		})
	}
}

// Rows that the service lists and counts twice can be distinguished from overlapping
// pages only by reading pages of another size.
func TestRowsThatAreCountedTwiceAreOnePackage(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 4, 10, 30, 100} {
		t.Run(fmt.Sprintf("size=%d", size), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				want := catalogue(30).L7
				o.Catalogue = catalogue(30)
				o.Catalogue.L7 = append(o.Catalogue.L7, want[0], want[17], want[17])
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				for range 2 {
					l := list(t, client, all(size))
					checkPackages(t, want, l)
					if l.TotalCount != 33 {
						t.Errorf("the total is %d, want the service's count of 33", l.TotalCount)
					}
				}
			})
		})
	}
}

// A package that grew between two pages is the larger of its two rows.
func TestTheLargerRowOfAPackageIsKept(t *testing.T) {
	t.Parallel()
	o := teosim.Options{PageBase: 1, Catalogue: catalogue(3)}
	o.Catalogue.L7[1].Size = 100
	grown := o.Catalogue.L7[1]
	grown.Size = 200
	o.Catalogue.L7 = append(o.Catalogue.L7, grown)
	l := list(t, newClient(t, startSim(t, o), teo.Options{}), everything(10))
	for _, p := range l.Packages {
		if p.Area == grown.Area && p.Domain == grown.Host && *p.Size != 200 {
			t.Errorf("the size is %d, want that of the larger row", *p.Size)
		}
	}
	checkPackages(t, o.Catalogue.L7[:3], l)
	o.Catalogue.L7 = []teosim.Package{o.Catalogue.L7[1], grown}
	if l := list(t, newClient(t, startSim(t, o), teo.Options{}), everything(10)); len(l.Packages) != 1 || *l.Packages[0].Size != 200 {
		t.Errorf("got %+v, want the larger row of the only package", l.Packages)
	}
}

// Shifted pages lose a row for every duplicate. The list is read again, or it is an
// error: a list is never incomplete.
func TestAListWithShiftedPagesIsReadAgainOrAnError(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{18, 36, 37} {
		for _, size := range []int{2, 6, 9, 10} {
			t.Run(fmt.Sprintf("rows=%d,size=%d", rows, size), func(t *testing.T) {
				t.Parallel()
				eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
					o.Catalogue = catalogue(rows)
					sim := startSim(t, o)
					sim.Inject(teosim.Fault{Name: teosim.ShiftedPage})
					client := newClient(t, sim, teo.Options{})
					l, err := client.L7Logs(t.Context(), all(size))
					var incomplete *teo.IncompleteError
					switch {
					case err == nil:
						checkExact(t, sim, l)
					case !errors.As(err, &incomplete):
						t.Errorf("got %v, want an IncompleteError", err)
					case incomplete.Read != int64(rows-1) || incomplete.Total != int64(rows) || incomplete.Overlap:
						t.Errorf("got %+v, want %d of %d, which the count shows", *incomplete, rows-1, rows)
					}
					sim.ClearFaults()
					sim.Inject(teosim.Fault{Name: teosim.ShiftedPage, Page: new((rows - 1) / size), Times: 1})
					checkExact(t, sim, list(t, client, all(size)))
				})
			})
		}
	}
}

// If a page is empty although there are more rows, the list is read again, and the
// client remembers nothing wrong.
func TestAListWithAnEmptyPageIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{8, 10, 11, 20, 40, 45} {
		for page := range (rows + 9) / 10 {
			t.Run(fmt.Sprintf("rows=%d,page=%d", rows, page), func(t *testing.T) {
				t.Parallel()
				eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
					o.Catalogue = catalogue(rows)
					sim := startSim(t, o)
					client := newClient(t, sim, teo.Options{})
					sim.Inject(teosim.Fault{Name: teosim.EmptyPage, Page: &page, Times: 1})
					checkExact(t, sim, list(t, client, all(10)))
					for _, size := range []int{10, 5} {
						checkExact(t, sim, list(t, client, all(size)))
					}
				})
			})
		}
	}
}

// A page that stays empty is an error with both numbers.
func TestAPageThatStaysEmptyIsAnError(t *testing.T) {
	t.Parallel()
	for page := range 5 {
		t.Run(fmt.Sprintf("page=%d", page), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				o.Catalogue = catalogue(45)
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				sim.Inject(teosim.Fault{Name: teosim.EmptyPage, Page: &page})
				read := int64(35)
				if page == 4 {
					read = 40
				}
				l, err := client.L7Logs(t.Context(), all(10))
				if l != nil {
					t.Error("there is a list")
				}
				checkIncomplete(t, err, teo.IncompleteError{Read: read, Total: 45, Before: -1, Readings: 4})
				sim.ClearFaults()
				checkExact(t, sim, list(t, client, all(10)))
			})
		})
	}
}

// checkNames fails unless a listing has exactly these names. The name of a package
// that the simulator adds is not a slot, so a row without times has no times.
func checkNames(t *testing.T, want []teosim.Package, l *teo.Listing) {
	t.Helper()
	wanted, got := catalogued(want, false), listed(l)
	for _, rows := range [][]row{wanted, got} {
		for i := range rows {
			rows[i].Start, rows[i].Area = time.Time{}, ""
		}
		slices.SortFunc(rows, compareRows)
	}
	checkRows(t, wanted, got)
}

// Packages are added while pages are read.
func TestPackagesMayBeAddedWhilePagesAreRead(t *testing.T) {
	t.Parallel()
	for skip := range 5 {
		t.Run(fmt.Sprintf("after %d", skip), func(t *testing.T) {
			t.Parallel()
			eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
				o.Catalogue = catalogue(40)
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				sim.Inject(teosim.Fault{Name: teosim.CatalogueGrows, Skip: skip, Times: 1})
				l := list(t, client, all(10))
				checkNames(t, sim.Catalogue().L7, l)
				if skip < 4 && len(l.Packages) != 41 {
					t.Errorf("%d packages are listed, want the new one among 41", len(l.Packages))
				}
			})
		})
	}
	t.Run("all the time", func(t *testing.T) {
		t.Parallel()
		eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
			o.Catalogue = catalogue(40)
			sim := startSim(t, o)
			sim.Inject(teosim.Fault{Name: teosim.CatalogueGrows})
			_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
			var incomplete *teo.IncompleteError
			if !errors.As(err, &incomplete) || incomplete.Before < 0 || incomplete.Before == incomplete.Total || incomplete.Readings != 4 {
				t.Errorf("got %v, want an IncompleteError with two counts", err)
			}
		})
	})
}

// The text contains both numbers and how often the list was read.
func TestAnIncompleteListSaysBothNumbers(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]teo.IncompleteError{
		"1 entry was read, but the service counts 2; the list was read 4 times (request ID r)":                                             {Read: 1, Total: 2, Before: -1, Readings: 4, RequestID: "r"},
		"35 entries were read, but the service counts 45; the list was read 4 times (request ID r)":                                        {Read: 35, Total: 45, Before: -1, Readings: 4, RequestID: "r"},
		"the service's count of the entries changed from 45 to 46 while the pages were read; the list was read 4 times (request ID r)":     {Read: 10, Total: 46, Before: 45, Readings: 4, RequestID: "r"},
		"the service's count of the entries changed from 0 to 1 while the pages were read; the list was read 4 times (request ID another)": {Total: 1, Before: 0, Readings: 4, RequestID: "another"},
		"44 entries were read, some of them on two pages, and no count shows whether others are missing; the list was read 4 times (request ID r)": {
			Read: 44, Total: 1, Before: -1, Overlap: true, Readings: 4, RequestID: "r",
		},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
