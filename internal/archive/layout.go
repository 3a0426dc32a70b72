package archive

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Folders of the archive's own objects, relative to the prefix.
const (
	ownFolder        = ".teo-archive/"
	ledgerFolder     = ownFolder + "ledger/"
	tagsFolder       = ownFolder + "tags/"
	checkpointFolder = ownFolder + "checkpoint/"
	incomingFolder   = ownFolder + "incoming/"
	supersededFolder = ownFolder + "superseded/"
)

const (
	bagPrefix     = "dt="
	payloadFolder = "data/"
	payloadSuffix = ".log.gz"
	unknownArea   = "unknown"
)

// The names of the archive's own objects. An object below ownFolder that
// matches none of them is foreign.
var (
	ledgerName     = regexp.MustCompile(`^\.teo-archive/ledger/([0-9]{10})\.json$`)
	tagsName       = regexp.MustCompile(`^\.teo-archive/tags/([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9a-f]{64})\.tar$`)
	checkpointName = regexp.MustCompile(`^\.teo-archive/checkpoint/([0-9a-f]{16})-([0-9]+)\.jsonl$`)
	incomingName   = regexp.MustCompile(`^\.teo-archive/incoming/([0-9a-f]{16})-([0-9]+)$`)
	supersededName = regexp.MustCompile(`^\.teo-archive/superseded/([0-9a-f]{64})$`)
	payloadName    = regexp.MustCompile(`^data/(?:domain|proxy)=[a-z0-9._=~-]+/area=[a-z0-9._=~-]+/hour=[0-9]{2}/[a-z0-9._=~-]+\.log\.gz$`)
	dayName        = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	hexHash        = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

func ledgerKey(sequence int64) string { return fmt.Sprintf("%s%010d.json", ledgerFolder, sequence) }

func tagsKey(day, tagmanifest string) string { return tagsFolder + day + "/" + tagmanifest + ".tar" }

func incomingKey(run string, n int) string { return fmt.Sprintf("%s%s-%d", incomingFolder, run, n) }

func supersededKey(sha256 string) string { return supersededFolder + sha256 }

// bagFolder is the folder of a day's bag, such as "dt=2022-05-04/".
func bagFolder(day string) string { return bagPrefix + day + "/" }

// bagDay returns the day of the bag that a key belongs to, and the rest of the
// key.
func bagDay(key string) (day, path string, ok bool) {
	rest, found := strings.CutPrefix(key, bagPrefix)
	day, path, slash := strings.Cut(rest, "/")
	return day, path, found && slash && isDay(day)
}

func isDay(day string) bool {
	if !dayName.MatchString(day) {
		return false
	}
	_, err := time.Parse(time.DateOnly, day)
	return err == nil
}

// dayOf is the UTC day whose bag a package belongs to.
func dayOf(start time.Time) string { return start.UTC().Format(time.DateOnly) }

// dayStart is the first instant of a day.
func dayStart(day string) time.Time {
	start, _ := time.Parse(time.DateOnly, day)
	return start
}

// sequenceOf returns the number of a ledger entry's key.
func sequenceOf(key string) (int64, bool) {
	m := ledgerName.FindStringSubmatch(key)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	return n, err == nil && n > 0
}

// identity is what makes a package itself within an archive. Source, the path of
// its URL, is set only if the service named no area or no package name.
type identity struct {
	layer        teo.Layer
	area, host   string
	name, source string
	start        int64 // unix seconds
}

func identityOf(layer teo.Layer, p *teo.Package) identity {
	id := identity{layer: layer, area: p.Area, host: p.Host(), name: p.Name, start: p.Start.Unix()}
	if id.area == "" || id.name == "" {
		_, _, id.source = sourceOf(p.URL)
	}
	return id
}

// label names a package in messages.
func (id identity) label() string {
	host := "domain"
	if id.layer == teo.L4 {
		host = "proxy"
	}
	return fmt.Sprintf("%q (%s %q, area %q)", id.name, host, id.host, cmp.Or(id.area, unknownArea))
}

// path is where the first version of a package is stored inside of its bag. It
// is a pure function of the identity, and distinct for distinct identities.
func (id identity) path() string {
	host := "domain="
	if id.layer == teo.L4 {
		host = "proxy="
	}
	start := time.Unix(id.start, 0).UTC()
	name := escape(id.name)
	slot, err := teo.ParsePacketName(id.name)
	if err != nil || !slot.Start.Equal(start) || id.source != "" {
		// The name alone does not identify the package within the folder.
		name += hashMark(fmt.Sprintf("%q %d %q", id.name, id.start, id.source))
	}
	area := escape(cmp.Or(id.area, unknownArea))
	if id.area == unknownArea {
		area += hashMark(id.area)
	}
	return fmt.Sprintf("%s%s%s/area=%s/hour=%02d/%s%s", payloadFolder, host, escape(id.host), area, start.Hour(), name, payloadSuffix)
}

// versionPath is where a later version of a package is stored.
func versionPath(path, sha256 string) string {
	return strings.TrimSuffix(path, payloadSuffix) + "~" + sha256[:16] + payloadSuffix
}

var versionMark = regexp.MustCompile(`~[0-9a-f]{16}\.log\.gz$`)

// firstPath returns the path of the first version of the package whose version
// is stored at path.
func firstPath(path string) string {
	if at := versionMark.FindStringIndex(path); at != nil {
		return path[:at[0]] + payloadSuffix
	}
	return path
}

// maxName bounds an escaped name, in bytes. File systems allow 255, of which the
// partition key, the marks, the suffix and a temporary name need some.
const maxName = 150

// escape makes one name of a path from a text. Of the characters a-z, 0-9, '_',
// '=', '-' and '.' all remain, except for a '.' at either end; any other byte
// becomes "~x" and two hex digits. There are no upper-case letters, so names are
// distinct on file systems that ignore case, and no '%', which BagIt would
// escape again. A longer text ends in a hash of the whole.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		before := b.Len()
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '=', c == '.' && i > 0 && i < len(text)-1:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "~x%02x", c)
		}
		if b.Len() > maxName {
			return b.String()[:before] + hashMark(text)
		}
	}
	if text == "" {
		return hashMark(text)
	}
	return b.String()
}

// hashMark is a short hash that neither an escaped text nor the name of a later
// version contains.
func hashMark(text string) string { return "~h" + hashOf([]byte(text))[:16] }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// signature matches what looks like a signature or a token in the path of a URL.
var signature = regexp.MustCompile(`(?i)(?:sign(?:ature)?|token|auth(?:_key)?|secret|credential|expires?|key)(?:=|%3d)[^/]*`)

// sourceOf returns scheme, host and path of a package's URL without anything
// that may authorize a download: user information, query, fragment, path
// parameters (";…"), and what looks like a signature inside of the path.
func sourceOf(url string) (scheme, host, path string) {
	rest := url
	if before, after, found := strings.Cut(rest, "://"); found {
		scheme, rest = strings.ToLower(before), after
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	host = rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		for _, separator := range []string{";", "%3B", "%3b", "%3F", "%3f", "&", "%26"} {
			s, _, _ = strings.Cut(s, separator)
		}
		segments[i] = signature.ReplaceAllString(s, "")
	}
	return scheme, host, strings.Join(segments, "/")
}
