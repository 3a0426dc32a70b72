package archive

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Tag files of a bag, in the order in which they are written.
const (
	bagitTxt    = "bagit.txt"
	packagesTxt = "packages.jsonl"
	manifestTxt = "manifest-sha256.txt"
	bagInfoTxt  = "bag-info.txt"
	tagManifest = "tagmanifest-sha256.txt"
)

// tagFiles returns them; the tagmanifest, which vouches for the others, is last.
func tagFiles() []string {
	return []string{bagitTxt, packagesTxt, manifestTxt, bagInfoTxt, tagManifest}
}

// declaration is the whole of bagit.txt (RFC 8493, 2.1.1).
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// manifestPath encodes a path for a manifest: CR, LF and % only (RFC 8493,
// 2.1.3).
func manifestPath(path string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(path)
}

// plainPath reverses manifestPath; other writers use lower-case digits.
func plainPath(path string) string {
	return strings.NewReplacer("%25", "%", "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n").Replace(path)
}

// encodeManifest writes hashes by path in the form that sha256sum reads.
func encodeManifest(hashes map[string]string) []byte {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(hashes)) {
		fmt.Fprintf(&b, "%s  %s\n", hashes[path], manifestPath(path))
	}
	return []byte(b.String())
}

// decodeManifest reads hashes by path. It returns what could be read, and the
// first fault.
func decodeManifest(data []byte) (map[string]string, error) {
	hashes := map[string]string{}
	var fault error
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		hash, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		path = plainPath(strings.TrimLeft(path, " *\t"))
		hash = strings.ToLower(hash)
		_, err := hex.DecodeString(hash)
		_, double := hashes[path]
		if !found || path == "" || len(hash) != 64 || err != nil || double || !strings.HasSuffix(line, "\n") {
			fault = cmp.Or(fault, fmt.Errorf("line %d cannot be read", number))
			continue
		}
		hashes[path] = hash
	}
	return hashes, fault
}

// Labels in bag-info.txt. The first five are reserved by RFC 8493.
const (
	labelDate        = "Bagging-Date"
	labelAgent       = "Bag-Software-Agent"
	labelIdentifier  = "External-Identifier"
	labelDescription = "External-Description"
	labelOxum        = "Payload-Oxum"
	labelPrevious    = "X-Previous-Bag-Tagmanifest-SHA256"
	labelStart       = "X-Log-Window-Start"
	labelEnd         = "X-Log-Window-End"
	labelZone        = "X-Log-Zone"
	labelZoneID      = "X-Log-Zone-ID"
	labelDomain      = "X-Log-Domain"
)

// bagInfo is what bag-info.txt says.
type bagInfo struct {
	date, agent, identifier string
	previous                string // empty in the first bag
	scope                   Scope
	bytes                   int64
	count                   int
}

func (i *bagInfo) encode(day string) []byte {
	var b strings.Builder
	element := func(name, value string) {
		fmt.Fprintf(&b, "%s: %s\n", name, manifestPath(value))
	}
	element(labelDate, i.date)
	element(labelAgent, i.agent)
	element(labelIdentifier, i.identifier+"/dt="+day)
	element(labelDescription, "Layer-7 offline logs of Tencent Cloud EdgeOne that began on "+day+" (UTC), as served")
	element(labelOxum, fmt.Sprintf("%d.%d", i.bytes, i.count))
	element(labelStart, i.scope.Start.Format(time.RFC3339))
	element(labelEnd, i.scope.End.Format(time.RFC3339))
	for _, set := range []struct {
		label  string
		values []string
	}{{labelZone, i.scope.Zones}, {labelZoneID, i.scope.ZoneIDs}, {labelDomain, i.scope.Domains}} {
		for _, value := range set.values {
			element(set.label, value)
		}
	}
	if i.previous != "" {
		element(labelPrevious, i.previous)
	}
	return []byte(b.String())
}

// decodeBagInfo reads what this package wrote; what it does not know, it skips.
func decodeBagInfo(data []byte) (bagInfo, error) {
	var i bagInfo
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = plainPath(strings.TrimSpace(value))
		var err error
		switch name {
		case labelDate:
			i.date = value
		case labelAgent:
			i.agent = value
		case labelIdentifier:
			i.identifier, _, _ = strings.Cut(value, "/dt=")
		case labelOxum:
			_, err = fmt.Sscanf(value, "%d.%d", &i.bytes, &i.count)
		case labelPrevious:
			i.previous = value
		case labelStart:
			i.scope.Start, err = time.Parse(time.RFC3339, value)
		case labelEnd:
			i.scope.End, err = time.Parse(time.RFC3339, value)
		case labelZone:
			i.scope.Zones = append(i.scope.Zones, value)
		case labelZoneID:
			i.scope.ZoneIDs = append(i.scope.ZoneIDs, value)
		case labelDomain:
			i.scope.Domains = append(i.scope.Domains, value)
		}
		if err != nil {
			return i, fmt.Errorf("%s cannot be read", name)
		}
	}
	if i.identifier == "" || i.identifier != i.scope.Identifier() {
		return i, fmt.Errorf("%s does not fit the window and the filters", labelIdentifier)
	}
	return i, nil
}
