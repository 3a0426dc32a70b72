package archive

import (
	"context"
	"encoding/json"
	"time"
)

// marker says whose archive a prefix is, and what no bag can say of a run.
type marker struct {
	Format     int    `json:"format"`
	Identifier string `json:"identifier"`
	Scope      Scope  `json:"scope"`

	// Former is the scope before the one that a run is changing the archive to,
	// until that run has ended: whoever knows only it still finds the archive.
	Former *Scope `json:"former,omitempty"`

	// StableAfter is a duration such as "24h0m0s"; PendingCount is that of the
	// last run. Updated is when the last run without a failure began; it is
	// absent where none of this scope has ended yet.
	StableAfter  string    `json:"stable_after"`
	PendingCount int       `json:"pending_count"`
	Updated      time.Time `json:"updated,omitzero"`
}

const markerFormat = 1

func newMarker(scope Scope, stableAfter time.Duration) *marker {
	scope = scope.normal()
	return &marker{
		Format: markerFormat, Identifier: scope.Identifier(), Scope: scope,
		StableAfter: stableAfter.String(),
	}
}

func (m *marker) encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}

// decodeMarker returns nil for what is no marker; the bags then say whose they
// are.
func decodeMarker(data []byte) *marker {
	m := new(marker)
	if json.Unmarshal(data, m) != nil || m.Format != markerFormat || m.Identifier != m.Scope.Identifier() {
		return nil
	}
	return m
}

func (m *marker) write(ctx context.Context, store *Store) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	return store.put(ctx, markerKey, data)
}
