package teo_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// More than 100 zone IDs are listed by requests of at most 100, whose lists are
// merged. The simulator rejects a larger number.
func TestManyZoneIDsAreListedInChunks(t *testing.T) {
	t.Parallel()
	const zones, slots = 250, 2
	for _, layer := range []teo.Layer{teo.L7, teo.L4} {
		t.Run(string(layer), func(t *testing.T) {
			t.Parallel()
			sim := startSim(t, teosim.Options{
				MaxZoneIDs: 100,
				Catalogue:  teosim.Generate(teosim.GenerateOptions{Zones: zones, Proxies: 1, Slots: slots}),
			})
			client := newClient(t, sim, teo.Options{})
			q := everything(0)
			for n := range zones {
				q.ZoneIDs = append(q.ZoneIDs, fmt.Sprintf("zone-gen%04d", n))
			}
			read, want, action := client.L7Logs, sim.Catalogue().L7, "DownloadL7Logs"
			if layer == teo.L4 {
				read, want, action = client.L4Logs, sim.Catalogue().L4, "DownloadL4Logs"
			}
			l, err := read(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			checkPackages(t, want, l)
			var bytes int64
			for i := range l.Packages {
				bytes += *l.Packages[i].Size
			}
			// 100, 100 and 50 zones of four packages each, 300 a page.
			if l.Pages != 2+2+1 || l.TotalCount != int64(len(want)) || l.TotalBytes != bytes || l.PageSize != 300 {
				t.Errorf("got %d pages of %d, %d entries, %d bytes; want 5 of 300, %d, %d", l.Pages, l.PageSize, l.TotalCount, l.TotalBytes, len(want), bytes)
			}
			seen := map[string]bool{}
			for _, r := range requests(t, sim, teo.Version20220901, action) {
				if len(r.ZoneIds) > 100 {
					t.Errorf("a request has %d zones", len(r.ZoneIds))
				}
				for _, id := range r.ZoneIds {
					seen[id] = true
				}
			}
			if len(seen) != zones {
				t.Errorf("%d zones were requested, want %d", len(seen), zones)
			}

			q.MaxPackages = len(want)
			if _, err := read(t.Context(), q); err != nil {
				t.Errorf("got %v, want a list of just max_packages", err)
			}
			var many *teo.TooManyError
			last := q
			last.ZoneIDs, last.MaxPackages = q.ZoneIDs[:200], 799
			if _, err := read(t.Context(), last); !errors.As(err, &many) || *many != (teo.TooManyError{Action: action, Total: 800, Most: 799}) {
				t.Errorf("got %v, want that there are 800 entries, no zones being left", err)
			}
			q.MaxPackages = 500
			_, err = read(t.Context(), q)
			if !errors.As(err, &many) || *many != (teo.TooManyError{Action: action, Total: 800, AtLeast: true, Most: 500}) {
				t.Errorf("got %v, want that there are at least 800 entries", err)
			}
		})
	}
}

// A service that lowers a page size without saying so shows it only in a list that fills a page.
// The page size of the whole list is then the smaller one, whichever part shows it.
func TestThePageSizeOfMergedListsIsTheSmallest(t *testing.T) {
	t.Parallel()
	for _, full := range []string{"zone-gen0000", "zone-gen0100"} {
		c := teosim.Generate(teosim.GenerateOptions{Zones: 101, Slots: 40})
		c.L7 = slices.DeleteFunc(c.L7, func(p teosim.Package) bool { return p.ZoneID != full })
		sim := startSim(t, teosim.Options{Catalogue: c, MaxLimit: 50, LowerLimit: true})
		q := everything(0)
		for _, zone := range c.Zones {
			q.ZoneIDs = append(q.ZoneIDs, zone.ID)
		}
		l := list(t, newClient(t, sim, teo.Options{}), q)
		checkExact(t, sim, l)
		if l.PageSize != 50 {
			t.Errorf("with the packages of %s: the page size is %d, want 50", full, l.PageSize)
		}
	}
}

// Rows of two parts of a list are one package under the same conditions as rows of one
// part: see TestRowsOfTwoHostsAreTwoPackagesIfBothAreCounted.
func TestRowsOfTwoHostsStayTwoPackagesOfAMergedList(t *testing.T) {
	t.Parallel()
	q := everything(0)
	for i := range 101 {
		q.ZoneIDs = append(q.ZoneIDs, fmt.Sprintf("zone-%03d", i))
	}
	for name, test := range map[string]struct {
		area    string
		answers [][]string // the hosts of the URLs; what could be an overlap is read again
		want    int
	}{
		"two hosts in a part":   {"", [][]string{{"cn", "os"}, {"cn", "os"}, {}}, 2},
		"two hosts":             {"", [][]string{{"cn"}, {"os"}}, 2},
		"one host":              {"", [][]string{{"cn"}, {"cn"}}, 1},
		"two hosts of one area": {"mainland", [][]string{{"cn"}, {"os"}}, 1},
	} {
		var answers []string
		for _, hosts := range test.answers {
			var rows []string
			for _, host := range hosts {
				rows = append(rows, fmt.Sprintf(`{"LogPacketName":"20220501-02-a.example","Domain":"a.example","Area":%q,"Size":1,"Url":"https://%s.example/p"}`, test.area, host))
			}
			answers = append(answers, fmt.Sprintf(`{"Response":{"Data":[%s],"TotalCount":%d,"RequestId":"r"}}`, strings.Join(rows, ","), len(rows)))
		}
		client, _ := replayed(strings.Join(answers, "\n"), "")
		if l := list(t, client, q); len(l.Packages) != test.want || l.TotalBytes != int64(test.want) || l.TotalCount != 2 {
			t.Errorf("%s: %d packages of %d bytes, counted %d, want %d packages of a byte, counted 2", name, len(l.Packages), l.TotalBytes, l.TotalCount, test.want)
		}
	}
}
