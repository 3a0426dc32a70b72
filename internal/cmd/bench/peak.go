package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// peakOf follows the processes of a binary while run runs, and returns the most
// memory (resident set) that one of them had, in bytes; 0 where the system has
// no /proc to ask.
//
// Terraform starts and ends the provider by itself and several times a run, so
// its usage cannot be waited for. The kernel keeps the high-water mark of each
// process: only the last moments before its end can be missed.
func peakOf(binary string, run func() error) (float64, error) {
	stop, result := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		var peak int64
		for {
			select {
			case <-stop:
				result <- peak
				return
			case <-ticker.C:
				for _, process := range processesOf(binary) {
					peak = max(peak, highWaterMark(process))
				}
			}
		}
	}()
	err := run()
	close(stop)
	return float64(<-result), err
}

// processesOf are the folders in /proc of what runs a binary.
func processesOf(binary string) []string {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is valid
	var found []string
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == binary {
			found = append(found, filepath.Dir(link))
		}
	}
	return found
}

// highWaterMark is in bytes.
func highWaterMark(process string) int64 {
	var kib int64
	if _, err := fmt.Sscan(procField(filepath.Join(process, "status"), "VmHWM"), &kib); err != nil {
		return 0
	}
	return kib << 10
}
