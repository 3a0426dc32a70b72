package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// watch follows the processes of a binary until the returned function is
// called, which returns the largest resident memory of one of them in bytes; 0
// on a system without /proc.
//
// Terraform starts and stops the provider by itself several times a run, so its
// usage cannot be asked of the parent. The kernel keeps the high-water mark of
// each process: only the last milliseconds before its end can be missed.
func watch(binary string) func() float64 {
	// The kernel reports the path without links.
	if resolved, err := filepath.EvalSymlinks(binary); err == nil {
		binary = resolved
	}
	stop, result := make(chan struct{}), make(chan float64)
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		var peak float64
		for {
			select {
			case <-stop:
				result <- peak
				return
			case <-ticker.C:
				peak = max(peak, residentMemory(binary))
			}
		}
	}()
	return func() float64 {
		close(stop)
		return <-result
	}
}

var highWaterMark = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// residentMemory is the largest high-water mark of the processes that run a
// binary, in bytes.
func residentMemory(binary string) float64 {
	var largest float64
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is valid
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != binary {
			continue
		}
		status, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "status")) // the process may be gone
		var kib float64
		if match := highWaterMark.FindSubmatch(status); match != nil {
			_, _ = fmt.Sscan(string(match[1]), &kib) // digits only
		}
		largest = max(largest, kib*1024)
	}
	return largest
}
