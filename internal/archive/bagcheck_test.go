package archive

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
)

// This is a check of a bag after RFC 8493, written from its text and not from
// the code of the package. files are those of one bag, by path.

var (
	rfcDeclaration = regexp.MustCompile(`\ABagIt-Version: 1\.0\r?\nTag-File-Character-Encoding: UTF-8\r?\n\z`)
	rfcLine        = regexp.MustCompile(`\A([0-9a-f]{64})[ \t]+\*?(.+)\z`)
	rfcElement     = regexp.MustCompile(`\A([^:\s][^:]*):[ \t](.*\S)\z`)
	rfcOxum        = regexp.MustCompile(`(?m)^Payload-Oxum: (\d+)\.(\d+)$`)
)

// bagFaults lists what makes a bag invalid.
func bagFaults(files map[string]string) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

	if !rfcDeclaration.MatchString(files["bagit.txt"]) {
		fault("bagit.txt is %q", files["bagit.txt"])
	}
	manifest := func(name string) map[string]bool {
		seen := map[string]bool{}
		text, there := files[name]
		if !there || text == "" || !strings.HasSuffix(text, "\n") {
			fault("%s is missing, empty or cut", name)
		}
		for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
			m := rfcLine.FindStringSubmatch(strings.TrimSuffix(line, "\r"))
			if m == nil {
				fault("%s: line %q", name, line)
				continue
			}
			path := m[2]
			for code, char := range map[string]string{"%0A": "\n", "%0D": "\r"} {
				path = strings.ReplaceAll(path, code, char)
			}
			path = strings.ReplaceAll(path, "%25", "%")
			if seen[path] {
				fault("%s names %q twice", name, path)
			}
			seen[path] = true
			data, there := files[path]
			if !there {
				fault("%s names %q, which is missing", name, path)
			} else if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(data))); sum != m[1] {
				fault("%s: %q has another hash", name, path)
			}
			if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "~/") || strings.Contains("/"+path+"/", "/../") {
				fault("%s: %q leaves the bag", name, path)
			}
		}
		return seen
	}
	payload, tags := manifest("manifest-sha256.txt"), manifest("tagmanifest-sha256.txt")
	var octets, streams int
	for path, data := range files {
		inPayload := strings.HasPrefix(path, "data/")
		if inPayload {
			octets, streams = octets+len(data), streams+1
		}
		switch {
		case inPayload && !payload[path]:
			fault("payload %q is in no manifest", path)
		case inPayload && tags[path]:
			fault("the tagmanifest names payload %q", path)
		case !inPayload && payload[path]:
			fault("the manifest names the tag file %q", path)
		case !inPayload && path != "tagmanifest-sha256.txt" && !tags[path]:
			fault("tag file %q is not in the tagmanifest", path)
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(files["bag-info.txt"], "\n"), "\n") {
		if !strings.HasPrefix(line, " ") && !rfcElement.MatchString(line) {
			fault("bag-info.txt: line %q", line)
		}
	}
	if m := rfcOxum.FindStringSubmatch(files["bag-info.txt"]); m == nil || m[1] != fmt.Sprint(octets) || m[2] != fmt.Sprint(streams) {
		fault("Payload-Oxum is %v, the payload %d.%d", m, octets, streams)
	}
	return faults
}

// checkBags wants every bag of a destination valid and chained to the one before.
func checkBags(t testing.TB, files map[string]string) {
	t.Helper()
	days := map[string]map[string]string{}
	var order []string
	for _, key := range keysUnder(files, "dt=") {
		day, path, _ := strings.Cut(key, "/")
		if days[day] == nil {
			days[day] = map[string]string{}
			order = append(order, day)
		}
		days[day][path] = files[key]
	}
	previous := ""
	for _, day := range order {
		for _, fault := range bagFaults(days[day]) {
			t.Errorf("%s: %s", day, fault)
		}
		link := ""
		for line := range strings.Lines(days[day]["bag-info.txt"]) {
			if value, ok := strings.CutPrefix(line, "X-Previous-Bag-Tagmanifest-SHA256: "); ok {
				link = strings.TrimSpace(value)
			}
		}
		if link != previous {
			t.Errorf("%s is chained to %q, the bag before is %q", day, link, previous)
		}
		previous = fmt.Sprintf("%x", sha256.Sum256([]byte(days[day]["tagmanifest-sha256.txt"])))
		for path, data := range days[day] {
			if strings.HasPrefix(path, "data/") {
				z, err := gzip.NewReader(strings.NewReader(data))
				if err == nil {
					_, err = io.Copy(io.Discard, z)
				}
				if err != nil {
					t.Errorf("%s/%s: %s", day, path, err)
				}
			}
		}
	}
}

func TestTheCheckFindsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, nil)
	store, _ := newFolderStore(t)
	w.run(w.archive(store, nil))
	bag := map[string]string{}
	for key, text := range contents(t, store) {
		if path, ok := strings.CutPrefix(key, "dt=2022-05-01/"); ok {
			bag[path] = text
		}
	}
	if faults := bagFaults(bag); len(faults) > 0 {
		t.Fatalf("a good bag: %q", faults)
	}
	for path, text := range bag {
		for _, bad := range []string{text + "x", text[1:], text[:len(text)/2]} {
			bag[path] = bad
			if len(bagFaults(bag)) == 0 {
				t.Errorf("%s: no fault found", path)
			}
		}
		delete(bag, path)
		if len(bagFaults(bag)) == 0 {
			t.Errorf("%s missing: no fault found", path)
		}
		bag[path] = text
	}
	bag["data/more"] = "x"
	if len(bagFaults(bag)) == 0 {
		t.Error("more payload: no fault found")
	}
}
