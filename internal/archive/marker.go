package archive

import (
	"context"
	"encoding/json"
	"errors"
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
// are. Its error is errNewer.
func decodeMarker(data []byte) (*marker, error) {
	if err := checkFormat(data, markerFormat); err != nil {
		return nil, err
	}
	m := new(marker)
	whole := json.Unmarshal(data, m) == nil && m.Format == markerFormat && m.Identifier == m.Scope.Identifier()
	if !whole {
		return nil, nil //nolint:nilnil // there is no marker, and no fault of the destination
	}
	return m, nil
}

// errNewer is why a file is neither understood nor overwritten.
var errNewer = errors.New("it was written by a newer version of the provider: use that one")

// checkFormat returns errNewer for a file whose format is above the one known.
func checkFormat(data []byte, known int) error {
	var file struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(data, &file) == nil && file.Format > known {
		return errNewer
	}
	return nil
}

func (m *marker) write(ctx context.Context, store *Store) error {
	data, err := m.encode()
	if err != nil {
		return err
	}
	return store.put(ctx, markerKey, data)
}
