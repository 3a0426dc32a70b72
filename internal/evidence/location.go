package evidence

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Location says where a signing key is. It never holds the key.
type Location struct {
	scheme string // env, file or kms
	place  string // name of the variable, path, or ID of the KMS key
	region string // of a KMS key
}

var (
	kmsRegion = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+)+$`)
	kmsKeyID  = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

// ParseLocation parses "env:NAME", "file:PATH" or "kms:REGION/KEY-ID". The error
// does not repeat the text, because somebody may have put the key itself there.
func ParseLocation(s string) (Location, error) {
	scheme, place, ok := strings.Cut(s, ":")
	l := Location{scheme: scheme, place: place}
	switch {
	case strings.Contains(s, "PRIVATE KEY"):
		return Location{}, errors.New(`it must say where the key is, not be the key: "env:NAME", "file:PATH" or "kms:REGION/KEY-ID"`)
	case !ok || (scheme != "env" && scheme != "file" && scheme != "kms") || place == "":
		return Location{}, errors.New(`it must be "env:NAME", "file:PATH" or "kms:REGION/KEY-ID"`)
	case scheme == "env" && strings.ContainsAny(place, "= \t\r\n\x00"):
		return Location{}, errors.New("it has no valid name of an environment variable after \"env:\"")
	case scheme == "kms":
		l.region, l.place, _ = strings.Cut(place, "/")
		if !kmsRegion.MatchString(l.region) || !kmsKeyID.MatchString(l.place) {
			return Location{}, errors.New(`the place of a KMS key is "kms:REGION/KEY-ID", such as "kms:ap-guangzhou/2e0d7a1c-0000-11ef-8c1e-525400000000"`)
		}
	}
	return l, nil
}

// String says in words where the key is, for messages.
func (l Location) String() string {
	switch l.scheme {
	case "env":
		return fmt.Sprintf("the environment variable %q", l.place)
	case "file":
		return fmt.Sprintf("the file %q", l.place)
	}
	return fmt.Sprintf("the KMS key %s in %s", l.place, l.region)
}

// KMS reports whether the key is in Tencent Cloud KMS, which needs credentials.
func (l Location) KMS() bool { return l.scheme == "kms" }
