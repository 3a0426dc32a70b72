package teo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const logs = "DownloadL7Logs"

// After a full last page there may be more rows, because the count can be wrong.
func TestAFullLastPageIsNotTheEnd(t *testing.T) {
	t.Parallel()
	const size = 7
	for rows, want := range map[int]int{
		0: 1, 1: 1, size - 1: 1, size: 1 + 1, size + 1: 2, 2*size - 1: 2, 2 * size: 2 + 1, 2*size + 1: 3, 20*size + 3: 21, 20 * size: 20 + 1,
	} {
		t.Run(fmt.Sprintf("rows=%d", rows), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(rows)})
			client := newClient(t, sim, teo.Options{})
			for range 2 {
				sim.ResetCounters()
				l := list(t, client, everythingByID(size))
				checkExact(t, sim, l)
				if got := sim.Count("", logs); got != want {
					t.Errorf("%d requests were sent, want %d", got, want)
				}
				if pages := (rows + size - 1) / size; l.TotalCount != int64(rows) || l.Pages != pages || l.PageSize != size || l.APIVersion != teo.Version20220901 {
					t.Errorf("got total %d, %d pages of %d, version %s", l.TotalCount, l.Pages, l.PageSize, l.APIVersion)
				}
				for _, r := range requests(t, sim, teo.Version20220901, logs) {
					if !slices.Equal(r.ZoneIds, []string{"zone-gen0000"}) || r.Limit != size {
						t.Errorf("sent %+v", r)
					}
				}
			}
		})
	}
}

// With this version, times and area of a package come from the row, not from the
// name.
func TestTimesAndAreaComeFromTheRow(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{})
	q := everything(0)
	q.ZoneIDs = []string{"zone-2demo00001cn", "zone-2demo00003og", "zone-2demo00002os"}
	l := list(t, newClient(t, sim, teo.Options{}), q)
	checkExact(t, sim, l)
	ends := map[string]int{}
	for _, p := range l.Packages {
		ends[p.End.Format("05")]++
		if p.Area == "" || p.Size == nil || p.LogTime == nil || p.URL == "" {
			t.Fatalf("%s is not complete", p.Name)
		}
	}
	if ends["59"] != 96 || ends["00"] != len(l.Packages)-96 {
		t.Errorf("the slots end at second %v, want the 96 of a quarter of an hour at 59", ends)
	}
}

func TestALimitThatIsRefusedIsLowered(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		most, asked int
		limits      []int // of the first list
		kept        int   // of the next
	}{
		{most: 300, asked: 1000, limits: []int{300, 300}, kept: 300},
		{most: 300, asked: 0, limits: []int{300, 300}, kept: 300},
		{most: 300, asked: 150, limits: []int{150, 150, 150}, kept: 150},
		{most: 200, asked: 300, limits: []int{300, 200, 200}, kept: 200},
		{most: 100, asked: 300, limits: []int{300, 200, 100, 100, 100, 100}, kept: 100},
		{most: 100, asked: 150, limits: []int{150, 100, 100, 100, 100}, kept: 100},
		{most: 20, asked: 300, limits: append([]int{300, 200, 100, 50}, slices.Repeat([]int{20}, 16)...), kept: 20},
	} {
		t.Run(fmt.Sprintf("most=%d,asked=%d", test.most, test.asked), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{MaxLimit: test.most, Catalogue: catalogue(310)})
			client := newClient(t, sim, teo.Options{})
			checkExact(t, sim, list(t, client, everythingByID(test.asked)))
			checkLimits(t, sim, test.limits)
			sim.ResetCounters()
			l := list(t, client, everythingByID(test.asked))
			checkExact(t, sim, l)
			checkLimits(t, sim, slices.Repeat([]int{test.kept}, (310+test.kept-1)/test.kept))
			if l.PageSize != test.kept {
				t.Errorf("the page size is %d, want %d", l.PageSize, test.kept)
			}
			// A smaller size stays as it was asked for.
			sim.ResetCounters()
			checkExact(t, sim, list(t, client, everythingByID(19)))
			checkLimits(t, sim, slices.Repeat([]int{19}, (310+18)/19))
		})
	}
}

func checkLimits(t *testing.T, sim *teosim.Sim, want []int) {
	t.Helper()
	var got []int
	for _, r := range requests(t, sim, teo.Version20220901, logs) {
		got = append(got, r.Limit)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the limits were %v, want %v", got, want)
	}
}

// lowered are the limits that are tried where all are refused.
var lowered = []int{300, 200, 100, 50, 20}

// An error that a smaller limit does not fix is returned at once, and the limit
// stays.
func TestAnErrorThatOnlyMentionsALimitLowersNothing(t *testing.T) {
	t.Parallel()
	for message, tries := range map[string]int{
		"InvalidParameter: the window exceeds the limit of 31 days":  1,
		"InvalidParameterValue.StartTime: the time range is limited": 1,
		"InvalidParameter: TimeLimited: the time range is too long":  1,
		"InvalidParameterValue: Limit must not exceed 5":             len(lowered),
		"InvalidParameter: the value of `Limit` is invalid":          len(lowered),
		"InvalidParameterValue.Limit: too large":                     len(lowered),
		"InvalidParameterValue.LimitExceeded: too large":             len(lowered),
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(310)})
			client := newClient(t, sim, teo.Options{})
			sim.Inject(teosim.Fault{Name: teosim.APIError, Value: message})
			if l, err := client.L7Logs(t.Context(), everythingByID(0)); err == nil || l != nil {
				t.Fatalf("there is a list: %t, and the error %v; want an error", l != nil, err)
			}
			checkLimits(t, sim, lowered[:tries])
			sim.ClearFaults()
			sim.ResetCounters()
			checkExact(t, sim, list(t, client, everythingByID(0)))
			checkLimits(t, sim, []int{300, 300})
		})
	}
}

// The documented sample counts fewer rows than it lists.
func TestAnOffsetCountThatIsTooSmallHidesNoRow(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 2, 10, 11, 20, 45} {
		for _, count := range []int{0, 1, 9, 10, 11, 44} {
			if count > rows {
				continue
			}
			t.Run(fmt.Sprintf("rows=%d,count=%d", rows, count), func(t *testing.T) {
				t.Parallel()
				sim := startSim(t, teosim.Options{Catalogue: catalogue(rows)})
				sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: strconv.Itoa(count)})
				l := list(t, newClient(t, sim, teo.Options{}), everythingByID(10))
				checkExact(t, sim, l)
				if l.TotalCount != int64(rows) {
					t.Errorf("the total is %d, want %d", l.TotalCount, rows)
				}
			})
		}
	}
}

func TestAnOffsetCountThatIsTooLargeIsAnError(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 10, 45} {
		for _, more := range []int{1, 5, 100} {
			t.Run(fmt.Sprintf("rows=%d,more=%d", rows, more), func(t *testing.T) {
				t.Parallel()
				sim := startSim(t, teosim.Options{Catalogue: catalogue(rows)})
				sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: strconv.Itoa(rows + more)})
				_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), everythingByID(10))
				checkIncomplete(t, err, teo.IncompleteError{Read: int64(rows), Total: int64(rows + more), Before: -1, Readings: 4})
			})
		}
	}
}

// Without a count the list ends with a page that is not full.
func TestWithoutACountAPartialPageIsTheEnd(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{teosim.NullField, teosim.OmitField} {
		for _, times := range []int{0, 1} {
			for _, rows := range []int{0, 1, 9, 10, 11, 20, 45} {
				t.Run(fmt.Sprintf("%s/times=%d/rows=%d", fault, times, rows), func(t *testing.T) {
					t.Parallel()
					sim := startSim(t, teosim.Options{Catalogue: catalogue(rows)})
					sim.Inject(teosim.Fault{Name: fault, Value: "TotalCount", Times: times})
					l := list(t, newClient(t, sim, teo.Options{}), everythingByID(10))
					checkExact(t, sim, l)
					if l.TotalCount != int64(rows) {
						t.Errorf("the total is %d, want %d", l.TotalCount, rows)
					}
					if most, got := rows/10+2, sim.Count("", logs); got > most {
						t.Errorf("%d requests were sent, want at most %d", got, most)
					}
				})
			}
		}
	}
}

// A service that silently returns fewer rows than requested shows it only by the
// size of its pages. If it returns no count either, a short page is not the end.
func TestAnOffsetListFollowsASilentlyLoweredLimit(t *testing.T) {
	t.Parallel()
	for _, counted := range []bool{true, false} {
		for _, rows := range []int{9, 10, 11, 25, 30} {
			t.Run(fmt.Sprintf("counted=%t/rows=%d", counted, rows), func(t *testing.T) {
				t.Parallel()
				sim := startSim(t, teosim.Options{MaxLimit: 10, LowerLimit: true, Catalogue: catalogue(rows)})
				if !counted {
					sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalCount"})
				}
				l := list(t, newClient(t, sim, teo.Options{}), everythingByID(25))
				checkExact(t, sim, l)
				if l.TotalCount != int64(rows) {
					t.Errorf("the total is %d, want %d", l.TotalCount, rows)
				}
			})
		}
	}
}

// The service's count can be between the number of rows and that of distinct rows.
// A count that more distinct rows exceed is too small. A count that the distinct
// rows do not reach means that rows are missing.
func TestAnOffsetCountIsOfRowsOrOfDistinctRows(t *testing.T) {
	t.Parallel()
	for count, complete := range map[int]bool{29: true, 30: true, 31: false, 32: false, 33: true, 34: false} {
		t.Run(strconv.Itoa(count), func(t *testing.T) {
			t.Parallel()
			want := catalogue(30).L7
			doubled := catalogue(30)
			doubled.L7 = append(doubled.L7, want[0], want[17], want[17])
			sim := startSim(t, teosim.Options{Catalogue: doubled})
			sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: strconv.Itoa(count)})
			l, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), everythingByID(10))
			if !complete {
				checkIncomplete(t, err, teo.IncompleteError{Read: 30, Total: int64(count), Before: -1, Readings: 4})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkPackages(t, want, l)
			if l.TotalCount != int64(max(30, count)) {
				t.Errorf("the total is %d, want %d", l.TotalCount, max(30, count))
			}
		})
	}
}

// The request ID of a list is that of its last page, in whatever order the pages
// arrive. With more zones than fit into one request, it is that of the last zones.
func TestTheRequestIDOfAnOffsetListIsThatOfItsLastPage(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
	sim.Inject(teosim.Fault{Name: teosim.Slow, Page: new(3), Delay: 50 * time.Millisecond})
	l := list(t, newClient(t, sim, teo.Options{}), everythingByID(10))
	if want := requestID(t, sim, func(s sent) bool { return s.Offset == 40 }); l.RequestID != want {
		t.Errorf("the request ID is %q, want %q", l.RequestID, want)
	}

	q := everythingByID(0)
	for n := range 100 {
		q.ZoneIDs = append(q.ZoneIDs, fmt.Sprintf("zone-none%04d", n))
	}
	sim.ResetCounters()
	l = list(t, newClient(t, sim, teo.Options{}), q)
	if want := requestID(t, sim, func(s sent) bool { return slices.Equal(s.ZoneIds, q.ZoneIDs[100:]) }); l.RequestID != want {
		t.Errorf("the request ID is %q, want %q", l.RequestID, want)
	}
}

func TestFieldsOfAnOffsetRowMayBeNull(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.FaultName{teosim.NullField, teosim.OmitField} {
		for _, field := range []string{"Url", "Domain", "Area", "LogPacketName", "LogTime", "LogStartTime", "LogEndTime", "Size"} {
			t.Run(string(fault)+"/"+field, func(t *testing.T) {
				t.Parallel()
				sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
				sim.Inject(teosim.Fault{Name: fault, Value: "Data." + field})
				l := list(t, newClient(t, sim, teo.Options{}), everythingByID(10))
				if len(l.Packages) != 45 {
					t.Fatalf("%d packages are listed, want 45", len(l.Packages))
				}
				for _, p := range l.Packages {
					if p.Start.IsZero() || p.End.IsZero() {
						t.Fatalf("the slot of %q is %s to %s", p.Name, p.Start, p.End)
					}
				}
			})
		}
	}
}

// Data that is null is an empty page; a row that is null is a row.
func TestNullDataIsAnEmptyPageAndANullRowARow(t *testing.T) {
	t.Parallel()
	sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
	client := newClient(t, sim, teo.Options{})
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data", Skip: 2, Times: 1})
	checkExact(t, sim, list(t, client, everythingByID(10)))
	sim.Inject(teosim.Fault{Name: teosim.NullRow, Page: new(2), Times: 1})
	if l := list(t, client, everythingByID(10)); len(l.Packages) != 45 || l.Nameless != 1 {
		t.Errorf("%d packages are listed, %d of them nameless; want 45 and 1", len(l.Packages), l.Nameless)
	}
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data"})
	_, err := client.L7Logs(t.Context(), everythingByID(10))
	checkIncomplete(t, err, teo.IncompleteError{Read: 0, Total: 45, Before: -1, Readings: 4})
}

// repeating is a service of 2022-09-01 that counts nothing, and lists the first row
// twice on one page.
type repeating struct{ rows int }

func (s repeating) RoundTrip(request *http.Request) (*http.Response, error) {
	var asked struct{ Offset, Limit int }
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		return nil, err
	}
	var rows []string
	for i := asked.Offset; i < min(s.rows, asked.Offset+asked.Limit); i++ {
		row := fmt.Sprintf(`{"LogPacketName":"20220501-%02d-a%02d.example","Domain":"a%02d.example"}`, i%24, i, i)
		if rows = append(rows, row); i == 0 {
			rows = append(rows, row)
		}
	}
	return response(request, fmt.Sprintf(`{"Response":{"Data":[%s],"RequestId":"r"}}`, strings.Join(rows, ","))), nil
}

// A page with more rows than were requested does not show that the next one begins
// later.
func TestALongOffsetPageHidesNoRow(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{9, 10, 11, 45} {
		client := served(repeating{rows}, 1e9, teo.Options{})
		if l := list(t, client, everythingByID(10)); len(l.Packages) != rows {
			t.Errorf("%d packages are listed, want %d", len(l.Packages), rows)
		}
	}
}

// A list that is too long is known from the first page, and nothing else is read.
func TestAnOffsetListThatIsTooLongEndsAfterItsFirstPage(t *testing.T) {
	t.Parallel()
	for count, want := range map[string]teo.TooManyError{
		"":              {Action: logs, Total: 45, Most: 44},
		"1000000000000": {Action: logs, Total: 1_000_000_000_000, Most: 44},
	} {
		t.Run("count="+count, func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(45)})
			if count != "" {
				sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: count})
			}
			for _, size := range []int{10, 300} {
				sim.ResetCounters()
				q := everythingByID(size)
				q.MaxPackages = 44
				_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), q)
				var tooMany *teo.TooManyError
				if !errors.As(err, &tooMany) || *tooMany != want {
					t.Errorf("%d rows a page: got %v, want %+v", size, err, want)
				}
				checkCount(t, sim, 1)
			}
		})
	}
}

// Without a correct count, reading stops at the first row above the maximum.
func TestWithoutACountReadingStopsAboveTheMaximum(t *testing.T) {
	t.Parallel()
	for _, fault := range []teosim.Fault{
		{Name: teosim.NullField, Value: "TotalCount"},
		{Name: teosim.WrongTotal, Value: "1"},
	} {
		t.Run(string(fault.Name), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{Catalogue: catalogue(450)})
			sim.Inject(fault)
			q := everythingByID(10)
			q.MaxPackages = 44
			_, err := newClient(t, sim, teo.Options{}).L7Logs(t.Context(), q)
			var tooMany *teo.TooManyError
			if want := (teo.TooManyError{Action: logs, Total: 50, AtLeast: true, Most: 44}); !errors.As(err, &tooMany) || *tooMany != want {
				t.Fatalf("got %v, want %+v", err, want)
			}
			if want := "the list has at least 50 entries, more than the 44 that are allowed"; err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			checkCount(t, sim, 5)
		})
	}
}

// Layer 4 is the same with proxies instead of domains.
func TestLayer4IsListedByProxy(t *testing.T) {
	t.Parallel()
	c := teosim.Generate(teosim.GenerateOptions{Proxies: 3, Slots: 9})
	sim := startSim(t, teosim.Options{Catalogue: c})
	client := newClient(t, sim, teo.Options{APIVersion: teo.Version20220106})
	q := everythingByID(10)
	l, err := client.L4Logs(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	checkPackages(t, c.L4, l)
	checkCount(t, sim, 6)

	q.Hosts = []string{"sid-gen0000-1"}
	if l, err = client.L4Logs(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	checkPackages(t, slices.DeleteFunc(c.L4, func(p teosim.Package) bool { return p.Host != "sid-gen0000-1" }), l)
	all := requests(t, sim, teo.Version20220901, "DownloadL4Logs")
	if last := all[len(all)-1]; !slices.Equal(last.ProxyIds, q.Hosts) || last.Domains != nil {
		t.Errorf("sent %+v", last)
	}
	for _, p := range l.Packages {
		if p.ProxyID != "sid-gen0000-1" || p.Domain != "" || p.Area == "" {
			t.Errorf("got proxy %q, domain %q, area %q", p.ProxyID, p.Domain, p.Area)
		}
	}
}
