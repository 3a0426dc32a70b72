package teo

import (
	"strings"

	"golang.org/x/net/idna"
)

// DNSName returns the normal form of the name of a host or a site: in lower case,
// without the dot of the root, and with internationalized labels as A-labels (RFC
// 5890, mapped as UTS #46 describes). "WWW.Bücher.Example." is
// "www.xn--bcher-kva.example". A wildcard and an underscore are kept, and what is no
// name of DNS is only changed in case.
//
// All names are compared, and sent, in this form, because the service does not
// document which other spellings it matches.
func DNSName(name string) string {
	// What is no name of DNS can need a second pass: "0 ." is "0 ", and then "0".
	for range 4 {
		if isNormal(name) {
			break
		}
		name = strings.TrimSpace(name)
		if ascii, err := dnsNames.ToASCII(name); err == nil {
			name = ascii
		}
		name = strings.TrimRight(strings.ToLower(name), ".")
	}
	return name
}

// dnsNames maps as browsers do, except that it allows characters that host names
// must not have.
var dnsNames = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

// isNormal reports whether a name is in normal form, which nearly all names are.
func isNormal(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c != '*' {
			return false
		}
	}
	return !strings.HasSuffix(name, ".")
}

// DNSNames returns the normal forms of names, sorted and without duplicates.
func DNSNames(names []string) []string {
	normal := make([]string, len(names))
	for i, name := range names {
		normal[i] = DNSName(name)
	}
	return sorted(normal)
}
