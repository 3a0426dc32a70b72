package teo_test

import (
	"context"
	"sync"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// The progress of a list says after each page how many rows have been read, and of how
// many, if the service counts them.
func TestTheProgressOfAListIsToldAfterEachPage(t *testing.T) {
	t.Parallel()
	for _, total := range []int64{25, -1} {
		for version, field := range map[string]string{teo.Version20220106: "TotalSize", teo.Version20220901: "TotalCount"} {
			sim := startSim(t, teosim.Options{PageBase: 1, Catalogue: catalogue(25)})
			if total < 0 {
				sim.Inject(teosim.Fault{Name: teosim.NullField, Value: field})
			}
			var mu sync.Mutex
			var got []teo.Progress
			client := newClient(t, sim, teo.Options{APIVersion: version, Progress: func(_ context.Context, p teo.Progress) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, p)
			}})
			q := everythingByID(10)
			if version == teo.Version20220106 {
				q = everything(10)
			}
			list(t, client, q)
			// Pages after the first arrive in any order, and without a total there is one
			// beyond the end.
			for i, p := range got {
				want := teo.Progress{Action: logs, Version: version, Read: p.Read, Total: total}
				switch {
				case i == 0:
					want.Read = 10
				case i == len(got)-1:
					want.Read = 25
				}
				if p != want {
					t.Errorf("after page %d: got %+v, want %+v", i, p, want)
				}
			}
			if len(got) < 3 {
				t.Errorf("got %+v, want three pages or more", got)
			}
		}
	}
}
