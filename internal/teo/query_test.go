package teo_test

import (
	"errors"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// A page has as many rows as a query says, 300 by default.
func TestAPageHasTheSizeOfTheQuery(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{0: 300, 1: 1, 2: 2, 300: 300} {
		sim := startSim(t, teosim.Options{PageBase: 1, Catalogue: catalogue(2)})
		client := newClient(t, sim, teo.Options{})
		for _, q := range []teo.Query{everything(size), everythingByID(size)} {
			checkExact(t, sim, list(t, client, q))
		}
		for _, version := range []string{teo.Version20220106, teo.Version20220901} {
			if first := requests(t, sim, version, logs)[0]; first.PageSize+first.Limit != want {
				t.Errorf("a size of %d was sent as %d and %d", size, first.PageSize, first.Limit)
			}
		}
	}
}

// A list has at most as many packages as a query says, be it one.
func TestAListHasAtMostThePackagesOfTheQuery(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 2, 3} {
		sim := startSim(t, teosim.Options{PageBase: 1, Catalogue: catalogue(2)})
		client := newClient(t, sim, teo.Options{})
		for _, q := range []teo.Query{everything(0), everythingByID(0)} {
			q.MaxPackages = most
			l, err := client.L7Logs(t.Context(), q)
			var many *teo.TooManyError
			if most >= 2 {
				if err != nil {
					t.Errorf("at most %d: %v", most, err)
				}
			} else if !errors.As(err, &many) || *many != (teo.TooManyError{Action: logs, Total: 2, Most: most}) || l != nil {
				t.Errorf("at most %d: got %v", most, err)
			}
		}
	}
}
