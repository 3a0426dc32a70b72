package bag

import "regexp"

var payloadPath = regexp.MustCompile(`^data/(?:domain|proxy)=[a-z0-9._=~-]+/area=[a-z0-9._=~-]+/hour=[0-9]{2}/[a-z0-9._=~-]+\.log\.gz$`)

// IsPayload reports whether path, relative to a bag, can be that of a package.
func IsPayload(path string) bool { return len(path) <= 1024 && payloadPath.MatchString(path) }
