package bag

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Prefix is how the keys of all bags begin.
const Prefix = "dt="

const (
	bagPrefix     = "/bag="
	payloadFolder = "data/"
	payloadSuffix = ".log.gz"
	unknownArea   = "unknown"

	dayLength    = len(time.DateOnly)
	idLength     = 8
	folderLength = len(Prefix) + dayLength + len(bagPrefix) + idLength
)

// Folder returns the folder of a bag, such as "dt=2022-05-04/bag=5f0c2a91". The ID
// has 8 lower-case hex digits.
func Folder(day, id string) string { return Prefix + day + bagPrefix + id }

// Split splits a key into the folder of its bag and the path below it. The path of
// the folder with a slash is empty. ok is false if the key does not begin with the
// folder of a bag and a slash.
func Split(key string) (folder, path string, ok bool) {
	if len(key) <= folderLength || key[folderLength] != '/' {
		return "", "", false
	}
	folder, path = key[:folderLength], key[folderLength+1:]
	day, id, _ := strings.Cut(strings.TrimPrefix(folder, Prefix), bagPrefix)
	// The folder has the length of a prefix, a day and an ID, so a valid day and ID
	// leave nothing else that the rest could be.
	if !IsDay(day) || !isHex(id, idLength) {
		return "", "", false
	}
	return folder, path, true
}

// FolderDay returns the day of a folder that Folder or Split returned.
func FolderDay(folder string) string {
	day, _, _ := strings.Cut(strings.TrimPrefix(folder, Prefix), "/")
	return day
}

// Day returns the UTC day of a time, such as "2022-05-04".
func Day(start time.Time) string { return start.UTC().Format(time.DateOnly) }

// DayStart returns the first instant of a day; the zero time if it is no day.
func DayStart(day string) time.Time {
	start, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return start
}

// IsDay reports whether a text is a day as Day writes it.
func IsDay(day string) bool {
	_, err := time.Parse(time.DateOnly, day)
	return err == nil
}

// Identity identifies a package in an archive. Identities are comparable.
type Identity struct {
	Layer      teo.Layer
	Host       string // the domain or the proxy ID
	Area, Name string
	Start      int64 // Unix seconds
}

// IdentityOf returns the identity of a listed package.
func IdentityOf(layer teo.Layer, p *teo.Package) Identity {
	return Identity{Layer: layer, Host: p.Host(), Area: p.Area, Name: p.Name, Start: p.Start.Unix()}
}

// Day returns the UTC day of the bags that versions of the package belong to.
func (id Identity) Day() string { return Day(time.Unix(id.Start, 0)) }

// String names the package in messages. It is printable and has at most 1,000 bytes.
func (id Identity) String() string {
	return fmt.Sprintf("%s (%s %s, area %s)", quote(id.Name), id.host(), quote(id.Host), quote(cmp.Or(id.Area, unknownArea)))
}

func (id Identity) host() string {
	if id.Layer == teo.L4 {
		return "proxy"
	}
	return "domain"
}

// quote makes a foreign text short and printable.
func quote(text string) string { return strconv.Quote(printable.Text(text, printable.Name)) }

// Path returns where the package is stored below the folder of a bag. Distinct
// identities have distinct paths. Each name of a path has at most 220 bytes, out of
// a-z, 0-9 and "._=~-", and begins with neither "-" nor ".".
func (id Identity) Path() string { return id.folder() + id.file() + payloadSuffix }

// PathOf returns the path of one of several packages of a list that share an
// identity. source is the path of its URL as Source returns it, or host and path if
// the paths are equal as well.
func (id Identity) PathOf(source string) string {
	return id.folder() + id.file() + hashMark(source) + payloadSuffix
}

var payloadPath = regexp.MustCompile(`^data/(?:domain|proxy)=[a-z0-9._=~-]+/area=[a-z0-9._=~-]+/hour=[0-9]{2}/[a-z0-9_=~][a-z0-9._=~-]*\.log\.gz$`)

// IsPayload reports whether a path below the folder of a bag can be that of a package.
func IsPayload(path string) bool { return len(path) <= 1024 && payloadPath.MatchString(path) }

// owns reports whether a path is the one of the package, or PathOf returns it for
// some URL.
func (id Identity) owns(path string) bool {
	mark, ok := strings.CutPrefix(strings.TrimSuffix(path, payloadSuffix), id.folder()+id.file())
	if !ok || !strings.HasSuffix(path, payloadSuffix) {
		return false
	}
	hash, marked := strings.CutPrefix(mark, "~h")
	return mark == "" || marked && isHex(hash, 16)
}

func (id Identity) folder() string {
	area := escape(cmp.Or(id.Area, unknownArea))
	if id.Area == unknownArea {
		area += hashMark("area " + id.Area)
	}
	hour := time.Unix(id.Start, 0).UTC().Hour()
	return fmt.Sprintf("%s%s=%s/area=%s/hour=%02d/", payloadFolder, id.host(), escape(id.Host), area, hour)
}

func (id Identity) file() string {
	name := escape(id.Name)
	slot, err := teo.ParsePacketName(id.Name)
	if err != nil || slot.Start.Unix() != id.Start {
		// The name does not tell the start.
		name += hashMark(fmt.Sprintf("name %q %d", id.Name, id.Start))
	}
	return name
}

// maxName is the maximum length of an escaped text without its hash, in bytes. File
// systems allow 255 for a name, of which the key of a partition, the marks, the
// suffix and a temporary name need some.
const maxName = 150

// escape makes one name of a path from a text. Of a-z, 0-9, '_', '=', '-' and '.'
// all remain, but a '-' or '.' at the beginning and a '.' at the end. Any other byte
// becomes "~x" and two hex digits. There are no upper-case letters, so that names
// are distinct on file systems that ignore case, and no '%', which BagIt would
// escape again. A longer text is cut and ends in a hash of the whole.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		before := b.Len()
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '=',
			c == '-' && i > 0, c == '.' && i > 0 && i < len(text)-1:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "~x%02x", c)
		}
		if b.Len() > maxName {
			return b.String()[:before] + hashMark("text "+text)
		}
	}
	if text == "" {
		return hashMark("text ")
	}
	return b.String()
}

// hashMark is a short hash, marked so that no escaped text contains it. What is
// hashed is the path of a URL, which is empty or begins with a slash, or a text
// that begins with what it is.
func hashMark(text string) string { return "~h" + hashOf([]byte(text))[:16] }

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// isHex reports whether a text consists of a number of lower-case hex digits.
func isHex(text string, digits int) bool {
	if len(text) != digits {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func isHash(text string) bool { return isHex(text, sha256.Size*2) }

// signature matches what looks like a signature or a token in the path of a URL.
var signature = regexp.MustCompile(`(?i)(?:sign(?:ature)?|token|auth(?:_key)?|secret|credential|expires?|key)(?:=|%3d)[^/]*`)

// Source returns scheme, host and path of a package's URL without anything that may
// authorize a download: user information, query, fragment, path parameters (";…"),
// and what looks like a signature in the path.
func Source(url string) (scheme, host, path string) {
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
