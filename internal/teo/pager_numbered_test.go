package teo_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// numbering is a way of numbering pages.
type numbering struct {
	base         int
	strict, echo bool
}

func (n numbering) String() string {
	return fmt.Sprintf("base=%d,strict=%t,echo=%t", n.base, n.strict, n.echo)
}

func (n numbering) options(rows int) teosim.Options {
	return teosim.Options{PageBase: n.base, StrictPage: n.strict, EchoRawPage: n.echo, Catalogue: catalogue(rows)}
}

// eachNumbering runs a test for all of them.
func eachNumbering(t *testing.T, test func(t *testing.T, n numbering)) {
	t.Helper()
	for _, base := range []int{0, 1} {
		for _, strict := range []bool{false, true} {
			for _, echo := range []bool{false, true} {
				n := numbering{base, strict, echo}
				t.Run(n.String(), func(t *testing.T) {
					t.Parallel()
					test(t, n)
				})
			}
		}
	}
}

// unlearned is the number of requests of a list by a client that does not know the
// base yet, learned by one that does.
func (n numbering) unlearned(rows, size int) int {
	if n.base == 0 && rows > 0 {
		return n.learned(rows, size) + 1
	}
	return n.learned(rows, size)
}

func (numbering) learned(rows, size int) int { return max(1, (rows+size-1)/size) }

func TestNumberedPagesAreReadFromEitherBase(t *testing.T) {
	t.Parallel()
	const size = 7
	for _, rows := range []int{0, 1, size - 1, size, size + 1, 2*size - 1, 2 * size, 2*size + 1, 20 * size, 20*size + 3} {
		t.Run(fmt.Sprintf("rows=%d", rows), func(t *testing.T) {
			t.Parallel()
			eachNumbering(t, func(t *testing.T, n numbering) {
				sim := startSim(t, n.options(rows))
				client := newClient(t, sim, teo.Options{})
				for _, want := range []int{n.unlearned(rows, size), n.learned(rows, size), n.learned(rows, size)} {
					sim.ResetCounters()
					l := list(t, client, everything(size))
					checkExact(t, sim, l)
					checkCount(t, sim, want)
					pages := (rows + size - 1) / size
					if l.TotalCount != int64(rows) || l.Pages != pages || l.PageSize != size || l.APIVersion != teo.Version20220106 {
						t.Errorf("got total %d, %d pages of %d, version %s; want %d, %d of %d, %s",
							l.TotalCount, l.Pages, l.PageSize, l.APIVersion, rows, pages, size, teo.Version20220106)
					}
				}
			})
		})
	}
}

// A list of one page does not always determine the base. The next list does.
func TestNumberedBaseIsFoundByALaterList(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(25))
		client := newClient(t, sim, teo.Options{})
		checkExact(t, sim, list(t, client, everything(100)))
		checkExact(t, sim, list(t, client, everything(10)))
		sim.ResetCounters()
		checkExact(t, sim, list(t, client, everything(10)))
		checkCount(t, sim, 3)
		for i, r := range requests(t, sim, teo.Version20220106, "DownloadL7Logs") {
			if r.PageNo < n.base || r.PageNo > n.base+2 {
				t.Errorf("request %d asked for page %d", i, r.PageNo)
			}
		}
	})
}

func TestANumberedListFollowsAClampedPageSize(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 9, 10, 11, 20, 95} {
		t.Run(fmt.Sprintf("rows=%d", rows), func(t *testing.T) {
			t.Parallel()
			eachNumbering(t, func(t *testing.T, n numbering) {
				o := n.options(rows)
				o.MaxPageSize = 10
				sim := startSim(t, o)
				client := newClient(t, sim, teo.Options{})
				for _, want := range []int{n.unlearned(rows, 10), n.learned(rows, 10)} {
					sim.ResetCounters()
					l := list(t, client, everything(25))
					checkExact(t, sim, l)
					checkCount(t, sim, want)
					if l.PageSize != 10 {
						t.Errorf("the page size is %d, want 10", l.PageSize)
					}
				}
			})
		})
	}
}

// If the service does not return the page size that it applied, the pages show it.
func TestANumberedListFollowsASilentlyClampedPageSize(t *testing.T) {
	t.Parallel()
	for _, fields := range [][]string{{"PageSize"}, {"PageSize", "Pages"}, {"PageSize", "Pages", "PageNo"}} {
		for _, rows := range []int{9, 11, 20, 45} {
			t.Run(fmt.Sprintf("%v,rows=%d", fields, rows), func(t *testing.T) {
				t.Parallel()
				eachNumbering(t, func(t *testing.T, n numbering) {
					o := n.options(rows)
					o.MaxPageSize = 10
					sim := startSim(t, o)
					for _, field := range fields {
						sim.Inject(teosim.Fault{Name: teosim.NullField, Value: field})
					}
					client := newClient(t, sim, teo.Options{})
					checkExact(t, sim, list(t, client, everything(25)))
					if most, got := n.learned(rows, 10)+1, sim.Count("", ""); got > most {
						t.Errorf("%d requests were sent, want at most %d", got, most)
					}
					sim.ResetCounters()
					checkExact(t, sim, list(t, client, everything(25)))
					if most, got := n.learned(rows, 10), sim.Count("", ""); got > most {
						t.Errorf("%d requests were sent with the base known, want %d", got, most)
					}
				})
			})
		}
	}
}

// Every field of a response but RequestId may be null, and may be left out.
func TestFieldsOfANumberedPageMayBeNull(t *testing.T) {
	t.Parallel()
	const size = 10
	for _, fault := range []teosim.FaultName{teosim.NullField, teosim.OmitField} {
		for _, field := range []string{"PageSize", "PageNo", "Pages", "TotalSize"} {
			for _, rows := range []int{0, size + 1, 2 * size} {
				t.Run(fmt.Sprintf("%s/%s/rows=%d", fault, field, rows), func(t *testing.T) {
					t.Parallel()
					eachNumbering(t, func(t *testing.T, n numbering) {
						sim := startSim(t, n.options(rows))
						sim.Inject(teosim.Fault{Name: fault, Value: field})
						client := newClient(t, sim, teo.Options{})
						for try, most := range []int{n.learned(rows, size) + 1, n.learned(rows, size), n.learned(rows, size)} {
							if field == "TotalSize" {
								// Without a total only an empty page is the end.
								most++
							}
							if field == "TotalSize" && n.base == 0 && rows > size && try == 0 {
								// Page 0 came last; see the test of packages that are added then.
								most += n.learned(rows, size) + 1
							}
							sim.ResetCounters()
							l := list(t, client, everything(size))
							checkExact(t, sim, l)
							if l.TotalCount != int64(rows) {
								t.Errorf("the total is %d, want %d", l.TotalCount, rows)
							}
							if got := sim.Count("", ""); got > most {
								t.Errorf("list %d took %d requests, want at most %d", try, got, most)
							}
						}
					})
				})
			}
		}
	}
}

// All of them at once, and no count of any kind.
func TestAllFieldsOfANumberedPageMayBeNull(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		for _, field := range []string{"PageSize", "PageNo", "Pages", "TotalSize"} {
			sim.Inject(teosim.Fault{Name: teosim.NullField, Value: field})
		}
		l := list(t, newClient(t, sim, teo.Options{}), everything(10))
		checkExact(t, sim, l)
		if l.TotalCount != 45 {
			t.Errorf("the total is %d, want the number of packages", l.TotalCount)
		}
	})
}

// Data that is null once is read again; if it stays null, that is an error.
func TestNumberedDataThatStaysNullIsAnError(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		client := newClient(t, sim, teo.Options{})
		sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data", Skip: 2, Times: 1})
		checkExact(t, sim, list(t, client, everything(10)))
		sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data"})
		_, err := client.L7Logs(t.Context(), everything(10))
		checkIncomplete(t, err, teo.IncompleteError{Read: 0, Total: 45, Before: -1, Readings: 4})
	})
}

// Without a total, the number of pages shows that one is missing.
func TestWithoutATotalTheNumberOfPagesShowsAMissingOne(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		client := newClient(t, sim, teo.Options{})
		sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalSize"})
		sim.Inject(teosim.Fault{Name: teosim.EmptyPage, Page: new(3), Times: 1})
		checkExact(t, sim, list(t, client, everything(10)))
		sim.Inject(teosim.Fault{Name: teosim.EmptyPage, Page: new(3)})
		_, err := client.L7Logs(t.Context(), everything(10))
		checkIncomplete(t, err, teo.IncompleteError{Read: 30, Total: 41, Before: -1, Readings: 4})

		sim = startSim(t, n.options(15))
		sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalSize"})
		sim.Inject(teosim.Fault{Name: teosim.EmptyPage, Page: new(1)})
		_, err = newClient(t, sim, teo.Options{}).L7Logs(t.Context(), everything(10))
		checkIncomplete(t, err, teo.IncompleteError{Read: 10, Total: 11, Before: -1, Readings: 4})
	})
}

// Rows are typed once, whatever they leave out.
func TestFieldsOfANumberedRowMayBeNull(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{teosim.NullField, teosim.OmitField} {
		for _, field := range []string{"Url", "Domain", "Area", "LogPacketName", "LogTime", "Size"} {
			t.Run(string(fault)+"/"+field, func(t *testing.T) {
				t.Parallel()
				o := teosim.Options{OldRowsWithoutArea: field == "Area", Catalogue: catalogue(45)}
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: fault, Value: "Data." + field})
				l := list(t, newClient(t, sim, teo.Options{}), everything(10))
				if len(l.Packages) != 45 || l.TotalCount != 45 {
					t.Fatalf("%d packages of %d are listed, want 45", len(l.Packages), l.TotalCount)
				}
				for _, p := range l.Packages {
					empty := map[string]bool{
						"Url": p.URL == "", "Domain": p.Domain == "", "Area": p.Area == "", "LogPacketName": p.Name == "",
						"LogTime": p.LogTime == nil, "Size": p.Size == nil,
					}
					for name, isEmpty := range empty {
						if isEmpty != (name == field) {
							t.Fatalf("%s is empty: %t", name, isEmpty)
						}
					}
					if p.Start.IsZero() != (field == "LogPacketName") || p.End.IsZero() != (field == "LogPacketName") {
						t.Fatalf("the slot of %q is %s to %s", p.Name, p.Start, p.End)
					}
				}
				if want := map[bool]int{true: 45}[field == "LogPacketName"]; l.Nameless != want {
					t.Errorf("%d rows are nameless, want %d", l.Nameless, want)
				}
				if want := map[bool]bool{true: true}[field == "Size"]; (l.TotalBytes == 0) != want {
					t.Errorf("the total size is %d", l.TotalBytes)
				}
			})
		}
	}
}

// A row that is null is a row without a name: it is counted, and reported.
func TestANumberedRowThatIsNullIsCounted(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{PageBase: 1, Catalogue: catalogue(45)})
	sim.Inject(teosim.Fault{Name: teosim.NullRow, Page: new(2)})
	l := list(t, newClient(t, sim, teo.Options{}), everything(10))
	if len(l.Packages) != 45 || l.Nameless != 1 {
		t.Errorf("%d packages are listed, %d of them nameless; want 45 and 1", len(l.Packages), l.Nameless)
	}
}

// Packages of two areas can have the same name, and rows can lack the area.
func TestPackagesOfTwoAreasMayShareAName(t *testing.T) {
	t.Parallel()
	for _, said := range []bool{false, true} {
		t.Run(fmt.Sprintf("said=%t", said), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{OldRowsWithoutArea: !said, Catalogue: catalogue(4)})
			l := list(t, newClient(t, sim, teo.Options{}), everything(10))
			checkExact(t, sim, l)
			names := map[string]int{}
			for _, p := range l.Packages {
				names[p.Name]++
				if (p.Area != "") != said {
					t.Errorf("the area is %q", p.Area)
				}
			}
			if len(names) != 2 || slices.Max([]int{names[l.Packages[0].Name], names[l.Packages[3].Name]}) != 2 {
				t.Errorf("the names are %v, want two of them twice", names)
			}
		})
	}
}

// Of 33 rows 30 are distinct. Whatever the service counts, the list has each of them
// or is an error. It is complete if the service counts the rows or the distinct rows.
func TestANumberedCountIsOfRowsOrOfDistinctRows(t *testing.T) {
	t.Parallel()
	for count, complete := range map[int]bool{28: false, 29: false, 30: true, 31: false, 32: false, 33: true, 34: false} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			t.Parallel()
			eachNumbering(t, func(t *testing.T, n numbering) {
				o := n.options(30)
				want := catalogue(30).L7
				o.Catalogue.L7 = append(o.Catalogue.L7, want[0], want[17], want[17])
				sim := startSim(t, o)
				sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: strconv.Itoa(count)})
				l, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), everything(10))
				var incomplete *teo.IncompleteError
				switch {
				case err == nil && count > 30 && !complete:
					t.Error("there is a list, although the service counts more rows")
				case err == nil:
					checkPackages(t, want, l)
					if l.TotalCount != int64(max(30, count)) {
						t.Errorf("the total is %d, want %d", l.TotalCount, max(30, count))
					}
				case complete || !errors.As(err, &incomplete):
					t.Errorf("got %v, want a list", err)
				}
			})
		})
	}
}

// The request ID of a list is that of its last page, in whatever order the pages
// arrive.
func TestTheRequestIDOfANumberedListIsThatOfItsLastPage(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		client := newClient(t, sim, teo.Options{})
		list(t, client, everything(10)) // the client learns the base
		sim.ResetCounters()
		sim.Inject(teosim.Fault{Name: teosim.Slow, Page: new(3), Delay: 50 * time.Millisecond})
		l := list(t, client, everything(10))
		if want := requestID(t, sim, func(s sent) bool { return s.PageNo == n.base+4 }); l.RequestID != want {
			t.Errorf("the request ID is %q, want %q", l.RequestID, want)
		}
	})
}

// Two areas might serve one path from two hosts. If the service counts both rows,
// both are packages. Rows that name their area are the same package on any host.
func TestRowsOfTwoHostsAreTwoPackagesIfBothAreCounted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hosts []string
		area  string
		total int
		want  int
	}{
		"two hosts, counted":              {[]string{"cn", "os"}, "", 2, 2},
		"two hosts, not counted":          {[]string{"cn", "os"}, "", 1, 1},
		"one host, counted":               {[]string{"cn", "cn"}, "", 2, 1},
		"two of three, counted":           {[]string{"cn", "os", "os"}, "", 3, 2},
		"three of three, counted":         {[]string{"a", "b", "c"}, "", 3, 3},
		"two hosts of one area, counted":  {[]string{"cn", "os"}, "mainland", 2, 1},
		"three hosts of an area, counted": {[]string{"a", "b", "a"}, "overseas", 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rows []string
			for i, host := range test.hosts {
				rows = append(rows, fmt.Sprintf(`{"LogPacketName":"20220501-02-a.example","Domain":"a.example","Area":%q,"Url":"https://%s.example/p?sign=%d"}`, test.area, host, i))
			}
			client, _ := replayed(fmt.Sprintf(`{"Response":{"Data":[%s],"TotalSize":%d,"RequestId":"r"}}`, strings.Join(rows, ","), test.total), "")
			if l := list(t, client, everything(10)); len(l.Packages) != test.want || l.TotalCount != int64(test.total) {
				t.Errorf("%d packages of %d are listed, want %d", len(l.Packages), l.TotalCount, test.want)
			}
		})
	}
}

// A service that counts from 0 may reject the number past the end.
func TestAPagePastTheEndMayBeRefused(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
	sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "InvalidParameterValue: PageNo is too large", Page: new(5)})
	// The refusal cancels pages of the first list, which may arrive at the simulator
	// during the second one. So requests are counted where they are sent.
	sending := &countingTransport{next: simtest.Transport(t)}
	client := teo.New(simtest.Client(t, sim, func(c *tcapi.Config) { c.Transport = sending }), teo.Options{})
	checkExact(t, sim, list(t, client, everything(10)))
	first := sending.sent.Load()
	checkExact(t, sim, list(t, client, everything(10)))
	if got := sending.sent.Load() - first; got != 5 {
		t.Errorf("%d requests were sent, want 5", got)
	}
}

// A page that fails is neither empty nor the end, with a total or without.
func TestAPageThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	eachService(t, func(t *testing.T, o teosim.Options, all func(int) teo.Query) {
		o.Catalogue, o.MaxPageSize = catalogue(45), 8
		for _, nulls := range [][]string{nil, {"PageSize"}, {"PageSize", "TotalSize", "TotalCount"}} {
			for _, page := range []int{0, 3} {
				sim := startSim(t, o)
				for _, field := range nulls {
					sim.Inject(teosim.Fault{Name: teosim.NullField, Value: field})
				}
				sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "UnauthorizedOperation: no", Page: new(page)})
				_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), all(10))
				if failure := tcapi.AsError(err); failure == nil || failure.Code != "UnauthorizedOperation" {
					t.Errorf("page %d, null are %q: got %v, want its error", page, nulls, err)
				}
			}
		}
	})
}

// Without a total, a list that is too long ends with the page that shows it.
func TestWithoutATotalANumberedListIsLimited(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		client := newClient(t, sim, teo.Options{})
		q := everything(10)
		for _, learned := range []bool{false, true} {
			sim.ClearFaults()
			if learned {
				q.MaxPackages = 45
				list(t, client, q)
			}
			sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalSize"})
			sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Pages"})
			q.MaxPackages = 24
			_, err := client.L7Logs(t.Context(), q)
			var tooMany *teo.TooManyError
			if !errors.As(err, &tooMany) || tooMany.Most != 24 || !tooMany.AtLeast || tooMany.Total <= 24 {
				t.Errorf("base known: %t: got %v, want a TooManyError", learned, err)
			}
		}
	})
}

// A count that only later pages have can be too small as well.
func TestALaterCountThatIsTooSmallHidesNoRow(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalSize", Times: 1})
		sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: "7"})
		checkExact(t, sim, list(t, newClient(t, sim, teo.Options{}), everything(10)))
	})
}

// Once the base is known, a page that is refused is not past the end.
func TestALastPageThatIsRefusedIsAnError(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		client := newClient(t, sim, teo.Options{})
		list(t, client, everything(10))
		sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "InvalidParameterValue: PageNo is too large", Page: new(4)})
		_, err := client.L7Logs(t.Context(), everything(10))
		if failure := tcapi.AsError(err); failure == nil || failure.Code != "InvalidParameterValue" {
			t.Errorf("got %v, want the refusal", err)
		}
	})
}

// A list that is too long is known from the first page, and nothing else is read.
func TestANumberedListThatIsTooLongEndsAfterItsFirstPage(t *testing.T) {
	t.Parallel()
	eachNumbering(t, func(t *testing.T, n numbering) {
		sim := startSim(t, n.options(45))
		q := everything(10)
		q.MaxPackages = 44
		_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), q)
		var tooMany *teo.TooManyError
		if !errors.As(err, &tooMany) || *tooMany != (teo.TooManyError{Action: logs, Total: 45, Most: 44}) {
			t.Errorf("got %v, want a TooManyError of 45 and 44", err)
		}
		checkCount(t, sim, 1)
		q.MaxPackages = 45
		checkExact(t, sim, list(t, newClient(t, sim, teo.Options{}), q))
	})
}

func checkIncomplete(t *testing.T, err error, want teo.IncompleteError) {
	t.Helper()
	var got *teo.IncompleteError
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an IncompleteError", err)
	}
	if got.RequestID == "" {
		t.Error("the error names no request")
	}
	want.RequestID, want.Action = got.RequestID, logs
	if *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

// A service that counts from 0 may reject page 1 of a list of one page.
func TestPageOneOfOneMayBeRefused(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 5, 10} {
		t.Run(fmt.Sprintf("rows=%d", rows), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(rows)})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: "InvalidParameterValue: PageNo is too large", Page: new(1)})
			client := newClient(t, sim, teo.Options{})
			for _, want := range []int{2, 1} {
				sim.ResetCounters()
				checkExact(t, sim, list(t, client, everything(10)))
				checkCount(t, sim, want)
			}
		})
	}
}

// An error that is not about the page number is returned after one
// request. If the page is rejected and page 0 is too, the first error is
// returned.
func TestARefusalOfBothBasesIsTheFirstError(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{"InvalidParameter.StartTime": 1, "InvalidParameterValue.PageNo": 2} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(5)})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: code + ": first", Page: new(1)})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: code + ": second", Page: new(0)})
			client := newClient(t, sim, teo.Options{})
			_, err := client.L7Logs(t.Context(), everything(10))
			if failure := tcapi.AsError(err); failure == nil || failure.Message != "first" {
				t.Errorf("got %v, want the first error", err)
			}
			checkCount(t, sim, want)
			sim.ClearFaults()
			checkExact(t, sim, list(t, client, everything(10)))
		})
	}
}
