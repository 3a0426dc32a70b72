package printable

import (
	"fmt"
	"strconv"
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

// Grouped returns a number with a comma between thousands, such as "1,234,567".
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	start := 0
	if n < 0 {
		start = 1
	}
	for at := len(digits) - 3; at > start; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
