package main

import (
	"fmt"
	"slices"
	"time"
)

// spread is a figure of several rounds.
type spread struct{ median, least, most float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	return spread{median(values), slices.Min(values), slices.Max(values)}
}

// ratios compares round by round, so that what slows a machine down for a while
// slows down both.
func ratios(ours, beside []float64) spread {
	var all []float64
	for i := range min(len(ours), len(beside)) {
		if beside[i] > 0 {
			all = append(all, ours[i]/beside[i])
		}
	}
	return spreadOf(all)
}

// String is empty for the zero value; the range of the rounds is shown where it
// tells something.
func (s spread) String() string {
	switch {
	case s == spread{}:
		return ""
	case s.most-s.least < 0.05*s.median:
		return fmt.Sprintf("%.2f", s.median)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.least, s.most)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// seconds writes the median of times given in seconds.
func seconds(values []float64) string {
	switch m := median(values); {
	case m < 0.1:
		return fmt.Sprintf("%.1f ms", m*1000)
	case m < 10:
		return fmt.Sprintf("%.2f s", m)
	default:
		return fmt.Sprintf("%.1f s", m)
	}
}

// since is the time from start on in seconds.
func since(start time.Time) float64 { return time.Since(start).Seconds() }

const mebibyte = 1 << 20

// mebibytes writes a number of bytes.
func mebibytes(n float64) string {
	if n < 10*mebibyte {
		return fmt.Sprintf("%.1f MiB", n/mebibyte)
	}
	return fmt.Sprintf("%.0f MiB", n/mebibyte)
}

// thousands writes 100000 as 100,000.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
