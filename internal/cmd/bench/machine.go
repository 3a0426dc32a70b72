package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/tfcli"
)

// machine names what the figures were measured on.
func machine(cli tfcli.CLI) string {
	model := procField("/proc/cpuinfo", "model name")
	if model == "" {
		model = "unknown CPU"
	}
	memory := ""
	var kib int64
	if _, err := fmt.Sscan(procField("/proc/meminfo", "MemTotal"), &kib); err == nil {
		memory = fmt.Sprintf(", %.0f GiB", float64(kib)/(1<<20))
	}
	return fmt.Sprintf("%s, %d cores%s, %s/%s, %s, %s %s", model, runtime.NumCPU(), memory, runtime.GOOS, runtime.GOARCH,
		strings.Replace(runtime.Version(), "go", "Go ", 1), cli.Product, cli.Version)
}

// procField reads a field of a file of Linux's /proc; elsewhere it is empty.
func procField(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(text) {
		key, value, found := strings.Cut(string(line), ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
