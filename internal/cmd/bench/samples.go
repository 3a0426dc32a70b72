package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// samples are the values of Go benchmarks by name, unit and round. The name has
// neither the prefix "Benchmark" nor the number of processors.
type samples map[string]map[string][]float64

// processors is the suffix that Go adds to the name of a benchmark.
var processors = regexp.MustCompile(`-\d+$`)

// parse adds the output of a benchmark in a round.
func (s samples) parse(output []byte, round int) error {
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		if s[name] == nil {
			s[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			value, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return fmt.Errorf("%q: %w", lines.Text(), err)
			}
			values := s[name][fields[i+1]]
			if len(values) != round {
				return fmt.Errorf("%q: this benchmark has %d values before round %d", lines.Text(), len(values), round)
			}
			s[name][fields[i+1]] = append(values, value)
		}
	}
	return lines.Err()
}

// spread is a figure, and the range of the rounds.
type spread struct{ figure, least, most float64 }

func spreadOf(values []float64, figure float64) spread {
	return spread{figure, slices.Min(values), slices.Max(values)}
}

// middle returns the round whose value is in the middle.
func middle(values []float64) int {
	rounds := make([]int, len(values))
	for i := range rounds {
		rounds[i] = i
	}
	slices.SortStableFunc(rounds, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	return rounds[len(rounds)/2]
}

// ratios divides round by round.
func ratios(ours, baseline []float64) []float64 {
	var all []float64
	for i := range min(len(ours), len(baseline)) {
		all = append(all, ours[i]/baseline[i])
	}
	return all
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// String shows the range of the rounds only where they differ by more than a
// twentieth.
func (s spread) String() string {
	if s.most-s.least < 0.05*s.figure {
		return fmt.Sprintf("%.2f", s.figure)
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", s.figure, s.least, s.most)
}
