package archive

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

// TestKilledAtEveryWrite lets the process die before each single write of a run,
// of a first one and of one that adds, replaces and mends. Whatever was written
// until then is what the next run finds. (That a write is whole or absent is the
// bucket's promise; a real SIGKILL is sent in the tests of the provider.)
func TestKilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	t.Run("first run", func(t *testing.T) {
		t.Parallel()
		killEverywhere(t, func(*world, *Store, string) {})
	})
	t.Run("later run", func(t *testing.T) {
		t.Parallel()
		killEverywhere(t, func(w *world, store *Store, dir string) {
			w.now = time.Date(2022, 5, 3, 2, 0, 0, 0, time.UTC)
			w.run(w.archive(store, nil))
			w.now = time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC)
			w.sim.Update(func(c *teosim.Catalogue) {
				for i := range c.L7 {
					switch c.L7[i].Name {
					case "20220501-00-www0.site0.example": // grown, in both areas
						c.L7[i].Members = 2
					}
				}
			})
			lost := keysUnder(onDisk(t, dir), "dt=2022-05-01/data/domain=www0.site0.example/area=overseas/hour=08")
			if err := os.Remove(dir + "/" + lost[0]); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func killEverywhere(t *testing.T, prepare func(*world, *Store, string)) {
	for n := int64(0); ; n++ {
		w := newWorld(t, 12, func(g *teosim.GenerateOptions) { g.Slot = 8 * time.Hour }) // three slots a day, in two areas
		store, dir := newFolderStore(t)
		prepare(w, store, dir)
		before := contents(t, store)
		w.downloads()

		dying := &Store{objects: &mortal{objects: store.objects}, name: store.name}
		dying.objects.(*mortal).left.Store(n)
		_, err := w.archive(dying, func(c *Config) { c.Parallelism = 2 }).Run(t.Context(), w.listed())
		killed := err != nil
		if killed && !errors.Is(err, errKilled) {
			t.Fatalf("write %d: %v", n, err)
		}
		at := contents(t, store)
		preserved(t, n, before, at)
		// What the dead run has finished must not be downloaded again.
		finished := map[string]bool{}
		for key, text := range at {
			if (strings.HasSuffix(key, ".gz") || strings.HasPrefix(key, incomingFolder)) && before[key] != text {
				finished[hashOf([]byte(text))] = true
			}
		}
		first := w.downloads()

		s := w.run(w.archive(store, nil))
		after := contents(t, store)
		checkBags(t, after)
		preserved(t, n, before, after)
		if s.PackageCount != 12 {
			t.Errorf("write %d: %d packages", n, s.PackageCount)
		}
		if r, err := w.archive(store, nil).Inspect(t.Context()); err != nil || len(r.Problems) > 0 {
			t.Errorf("write %d: %+v, %v", n, r, err)
		}
		needed := 0
		for _, key := range keysUnder(after, "dt=") {
			if strings.HasSuffix(key, ".gz") && before[key] != after[key] && !finished[hashOf([]byte(after[key]))] {
				needed++
			}
		}
		if again := w.downloads(); again != needed {
			t.Errorf("write %d: %d downloads (after %d), needed %d", n, again, first, needed)
		}
		if keys := keysUnder(after, ownFolder); len(keys) != 1+len(s.Bags) {
			t.Errorf("write %d: left are %v", n, keys)
		}
		if t.Failed() {
			return
		}
		w.sim.Close()
		if !killed {
			if n < 20 {
				t.Errorf("the run has only %d writes: the test proves little", n)
			}
			t.Logf("%d writes", n)
			return
		}
	}
}

// preserved wants every package of before to be in now: as it was, or as the
// beginning of what it has grown to.
func preserved(t *testing.T, n int64, before, now map[string]string) {
	t.Helper()
	all := strings.Join(append(values(now), ""), "\x00")
	for key, text := range before {
		if strings.HasSuffix(key, ".gz") && !strings.Contains(all, text) {
			t.Errorf("write %d: %s is lost", n, key)
		}
	}
	for day := 1; day <= 3; day++ {
		bag := fmt.Sprintf("dt=2022-05-%02d/", day)
		if before[bag+tagManifest] == "" {
			continue
		}
		// Until a seal stands, the old bag is whole.
		sealed := now[sealKey(bag[3:13])] != before[sealKey(bag[3:13])]
		for _, name := range tagFiles() {
			if !sealed && now[bag+name] != before[bag+name] {
				t.Errorf("write %d: %s%s has changed before the seal", n, bag, name)
			}
		}
		for _, key := range keysUnder(before, bag+"data/") {
			if !sealed && now[key] != before[key] {
				t.Errorf("write %d: %s has changed before the seal", n, key)
			}
		}
	}
}

func values(m map[string]string) []string {
	var all []string
	for v := range maps.Values(m) {
		all = append(all, v)
	}
	return all
}

func TestDeleteKilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4, func(g *teosim.GenerateOptions) { g.Slot = 12 * time.Hour })
	for n := int64(0); ; n++ {
		store, dir := newFolderStore(t)
		w.run(w.archive(store, nil))
		write(t, dir+"/dt=2022-05-01/mine.txt", "mine")
		dying := &Store{objects: &mortal{objects: store.objects}, name: store.name}
		dying.objects.(*mortal).left.Store(n)
		_, err := w.archive(dying, nil).Delete(t.Context())
		if err == nil {
			return
		}
		if _, err := w.archive(store, nil).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := onDisk(t, dir); len(left) != 1 {
			t.Fatalf("write %d: left are %v", n, left)
		}
	}
}
