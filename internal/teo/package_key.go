package teo

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// unknownArea stands for a missing area in a key.
const unknownArea = "unknown"

// Keys returns the key of each package of a list, in the order of the list. A key
// is unique within the list and the same in every read of the same packages:
//
//	<domain or proxy ID>/<area>/<log_packet_name>
//
// A missing area is "unknown". If several packages of the list share that value,
// each of them gets the suffix "~" and the first 8 hex digits of the SHA-256 of
// its URL path, or of host and path if the paths are equal as well. Packages
// without a name always get the suffix. Packages that are still equal are
// numbered.
func Keys(packages []Package) []string {
	keys := make([]string, len(packages))
	count := make(map[string]int, len(packages))
	for i := range packages {
		keys[i] = packages[i].baseKey()
		count[keys[i]]++
	}
	var ambiguous []int
	for i := range packages {
		if count[keys[i]] > 1 || packages[i].Name == "" {
			ambiguous = append(ambiguous, i)
		}
	}
	if len(ambiguous) == 0 {
		return keys
	}
	type source struct{ key, path string }
	samePath := map[source]int{}
	for _, i := range ambiguous {
		samePath[source{keys[i], packages[i].SourcePath()}]++
	}
	suffixed := map[string]int{}
	for _, i := range ambiguous {
		host, path := packages[i].splitURL()
		if samePath[source{keys[i], path}] > 1 {
			path = host + path
		}
		hash := sha256.Sum256([]byte(path))
		keys[i] += "~" + hex.EncodeToString(hash[:4])
		suffixed[keys[i]]++
	}
	number := map[string]int{}
	for _, i := range ambiguous {
		if key := keys[i]; suffixed[key] > 1 {
			number[key]++
			keys[i] += "~" + strconv.Itoa(number[key])
		}
	}
	return keys
}

// baseKey is the key of a package that shares it with no other.
func (p *Package) baseKey() string {
	area := p.Area
	if area == "" {
		area = unknownArea
	}
	return p.Host() + "/" + area + "/" + p.Name
}
