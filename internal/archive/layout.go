package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Where things are, from the prefix on.
const (
	ownFolder        = ".teo-archive/"
	markerKey        = ownFolder + "archive.json"
	sealFolder       = ownFolder + "seal/"
	checkpointFolder = ownFolder + "checkpoint/"
	incomingFolder   = ownFolder + "incoming/"

	payloadFolder = "data/"
	unknownArea   = "unknown"
)

// bagFolder is the folder of a day's bag, such as "dt=2022-05-04/".
func bagFolder(day string) string { return "dt=" + day + "/" }

// sealKey is where the seal of a day is kept.
func sealKey(day string) string { return sealFolder + "dt=" + day + ".json" }

// isBag tells whether a folder's name (without its slash) is that of a bag.
func isBag(name string) bool {
	day, found := strings.CutPrefix(name, "dt=")
	if !found {
		return false
	}
	_, err := time.Parse(time.DateOnly, day)
	return err == nil
}

// dayOf is the UTC day whose bag a package belongs to.
func dayOf(start time.Time) string { return start.UTC().Format(time.DateOnly) }

// payloadPath is where a package belongs inside of its bag. A second package
// that would get the same path (for file systems that do not tell a from A, the
// same but for case) is told apart by a hash of its identity.
func payloadPath(id teo.Identity, taken func(path string) bool) string {
	area := id.Area
	if area == "" {
		area = unknownArea
	}
	folder := fmt.Sprintf("%sdomain=%s/area=%s/hour=%02d/", payloadFolder,
		segment(id.Host), segment(area), time.Unix(id.Start, 0).UTC().Hour())
	path := folder + segment(id.Name) + ".log.gz"
	if taken(strings.ToLower(path)) {
		path = folder + segment(id.Name) + mark(fmt.Sprintf("%q %q %q %d %q", id.Host, id.Area, id.Name, id.Start, id.Source)) + ".log.gz"
	}
	return path
}

// maxSegment bounds an escaped name, in bytes. File systems take 255, of which
// the partition's key, the suffix and a temporary name need some.
const maxSegment = 160

// segment makes one part of a path of a text that is only data. Letters, digits,
// '-', '_' and '.' stay; any other byte, and a '.' at either end, become '~' and
// two hex digits. '~' and not '%', for BagIt would have '%' escaped again in the
// manifest, where sha256sum could not find the file. Texts stay distinct: one
// that is too long is cut and ends in "~-" and a hash of the whole.
func segment(text string) string {
	var b strings.Builder
	for i := range len(text) {
		before := b.Len()
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0 && i < len(text)-1:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "~%02X", c)
		}
		if b.Len() > maxSegment {
			return b.String()[:before] + mark(text)
		}
	}
	if text == "" {
		return mark(text)
	}
	return b.String()
}

// mark is a short hash that no escaped text contains.
func mark(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "~-" + hex.EncodeToString(sum[:8])
}
