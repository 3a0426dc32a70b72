package teo_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// Progress is reported after each page, with the number of rows so far and the service's
// count. Pages that are requested at the same time arrive in any order.
func TestEachPageIsProgress(t *testing.T) {
	t.Parallel()
	record := func(got *[]int, want teo.Progress) teo.Options {
		var mu sync.Mutex
		return teo.Options{Progress: func(_ context.Context, p teo.Progress) {
			mu.Lock()
			defer mu.Unlock()
			if *got = append(*got, p.Read); p.Action != want.Action || p.Version != want.Version || p.Total != want.Total {
				t.Errorf("got %+v, want %+v", p, want)
			}
		}}
	}
	check := func(name string, got, want []int) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	for base, want := range map[int][]int{0: {10, 15, 25, 7, 14, 21, 25}, 1: {10, 20, 25, 25, 7, 14, 21, 25}} {
		service := &endless{rows: 25, base: base}
		var got []int
		list(t, service.client(1e9, record(&got, teo.Progress{Action: logs, Version: teo.Version20220106, Total: -1})), everything(10))
		check(fmt.Sprint("without a count, from ", base), got, want)

		service.total, got = true, nil
		list(t, service.client(1e9, record(&got, teo.Progress{Action: logs, Version: teo.Version20220106, Total: 25})), everything(25))
		check(fmt.Sprint("one page, from ", base), got, []int{25})

		got = nil
		list(t, service.client(1e9, record(&got, teo.Progress{Action: logs, Version: teo.Version20220106, Total: 25})), everything(10))
		if len(got) != 4-base || !slices.IsSorted(got) || got[0] != 10 || got[len(got)-1] < 25 {
			t.Errorf("from %d: got %v", base, got)
		}
	}
	sim := startSim(t, teosim.Options{Catalogue: catalogue(25)})
	var got []int
	list(t, newClient(t, sim, record(&got, teo.Progress{Action: logs, Version: teo.Version20220901, Total: 25})), everythingByID(10))
	if len(got) != 3 || !slices.IsSorted(got) || got[0] != 10 || got[2] != 25 {
		t.Errorf("offsets: got %v", got)
	}
	sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "TotalCount"})
	got = nil
	list(t, newClient(t, sim, record(&got, teo.Progress{Action: logs, Version: teo.Version20220901, Total: -1})), everythingByID(10))
	check("offsets without a count", got, []int{10, 20, 25, 25})
}
