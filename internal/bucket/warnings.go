package bucket

import (
	"slices"
	"sync"
)

// warnings collects what a store lacks.
type warnings struct {
	mu   sync.Mutex
	list []string
}

func (w *warnings) warn(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.list, text) {
		w.list = append(w.list, text)
	}
}

// Warnings returns each text once.
func (w *warnings) Warnings() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}
