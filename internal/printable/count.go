package printable

import (
	"fmt"
	"strings"
)

// Count returns a number and its English noun, such as "1 entry" and "2 entries".
func Count[N int | int64](n N, noun string) string {
	stem, isY := strings.CutSuffix(noun, "y")
	switch {
	case n == 1:
	case isY && !strings.ContainsAny(noun[max(0, len(stem)-1):len(stem)], "aeiou"):
		noun = stem + "ies"
	default:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
