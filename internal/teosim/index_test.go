package teosim

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The search must find the same packages as a linear scan.
func TestTheSearchFindsWhatAScanFinds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var c Catalogue
	for range 500 {
		at := slot.Add(time.Duration(random.IntN(3000)) * time.Minute)
		host := string(rune('a' + random.IntN(3)))
		c.L7 = append(c.L7, Package{
			ZoneID: "zone-" + host, ZoneName: host, Host: host, Name: PackageName(host, at, time.Minute),
			Start: at, End: at.Add(time.Duration(1+random.IntN(90)) * time.Minute),
		})
	}
	list := newIndex(c).layers[layer7]
	for range 300 {
		from := slot.Add(time.Duration(random.IntN(3200)-100) * time.Minute)
		wanted := selection{start: from, end: from.Add(time.Duration(1+random.IntN(300)) * time.Minute)}
		if random.IntN(2) == 0 {
			wanted.zoneIDs = set([]string{"zone-a", "zone-b"})
		}
		if random.IntN(2) == 0 {
			wanted.hosts = set([]string{"b"})
		}
		want := 0
		for i := range list.sorted {
			if wanted.matches(&list.sorted[i]) {
				want++
			}
		}
		for range 2 { // the second time from memory
			found := list.find(wanted)
			if len(found) != want {
				t.Fatalf("%d found, want %d", len(found), want)
			}
			for n, i := range found {
				if !wanted.matches(&list.sorted[i]) || (n > 0 && list.sorted[found[n-1]].Start.Before(list.sorted[i].Start)) {
					t.Fatal("the wrong ones, or out of order")
				}
			}
		}
	}
}

// A page of 300 rows of 100,000 packages, as benchmarks of clients ask for it.
func BenchmarkPage(b *testing.B) {
	sim, err := Start(Options{Catalogue: Generate(GenerateOptions{Count: 100_000, Domains: 50})})
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	list := newIndex(sim.Catalogue()).layers[layer7].sorted
	whole := selection{start: list[len(list)-1].Start, end: list[0].End}
	b.ReportAllocs()
	offset := int64(0)
	for b.Loop() {
		sim.listLogs(layer7, whole, offset, 300, nil, 1, sim.appendRow20220901)
		offset = (offset + 300) % 100_000
	}
}

func BenchmarkStart100000(b *testing.B) {
	c := Generate(GenerateOptions{Count: 100_000, Domains: 50})
	for b.Loop() {
		newIndex(c)
	}
}
