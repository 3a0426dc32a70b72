package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// doubt is a package that a damaged bag names in one place only, or in two with
// different hashes.
type doubt struct {
	Record

	// other is the hash in the manifest where that of the record differs.
	other string
}

// rescue reads the bytes of packages in doubt from the destination. Those that
// have a hash which the bag names are archived; the others must be downloaded
// again. The source is not asked.
func (r *run) rescue(ctx context.Context, b *bag) error {
	for _, d := range b.doubtful {
		key := bagFolder(b.day) + d.Path
		if _, stands := r.view.sizes[key]; !stands {
			if d.credible(b.day) {
				b.records = append(b.records, d.Record) // and is found missing
				continue
			}
			r.failures = append(r.failures, Failure{Package: d.Path, Path: key, Err: errors.New("its file is missing, and so is its line in " + packagesTxt)})
			continue
		}
		found, err := r.reread(ctx, key)
		if err != nil {
			return err
		}
		switch {
		case found != nil && found.SHA256 == d.SHA256 && d.credible(b.day):
			b.records = append(b.records, d.Record)
		case found != nil && (found.SHA256 == d.SHA256 || found.SHA256 == d.other):
			found.Path = d.Path
			if err := recollect(found, b.day, &d.Record); err != nil {
				r.failures = append(r.failures, Failure{Package: d.Path, Path: key, Err: err})
				continue
			}
			b.records = append(b.records, *found)
		case d.credible(b.day):
			r.view.sizes[key] = -1 // whatever its length is, the bytes are wrong
			b.records = append(b.records, d.Record)
		default:
			r.failures = append(r.failures, Failure{Package: d.Path, Path: key, Err: errors.New("its bytes do not fit its hash in " + manifestTxt)})
		}
	}
	return nil
}

// reread counts and hashes a stored package. It returns nil for one that is not
// intact.
func (r *run) reread(ctx context.Context, key string) (*Record, error) {
	stored, err := r.Store.open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer stored.Close()
	tools, found := newReader(), new(Record)
	if err := tools.copy(io.Discard, stored, found); err != nil {
		if tools.tap.readErr != nil {
			return nil, r.Store.failed(ctx, "read", key, err)
		}
		return nil, nil //nolint:nilnil // there is no package, and no fault of the destination
	}
	return found, nil
}

// recollect fills in what a record says of the package, from the damaged record
// or, where there is none, from the path. When and whence it was retrieved is
// lost then.
func recollect(found *Record, day string, damaged *Record) error {
	if damaged.Name != "" && damaged.day() == day {
		content := *found
		*found = *damaged
		found.StoredBytes, found.UncompressedBytes, found.Lines = content.StoredBytes, content.UncompressedBytes, content.Lines
		found.GzipMembers, found.SHA256, found.Path = content.GzipMembers, content.SHA256, content.Path
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(found.Path, payloadFolder), "/")
	if len(parts) != 4 {
		return fmt.Errorf("its path does not say what it is")
	}
	value := func(part, name string) string { return plainSegment(strings.TrimPrefix(part, name)) }
	hour, err := strconv.Atoi(value(parts[2], "hour="))
	start, dayErr := time.Parse(time.DateOnly, day)
	if err = errors.Join(err, dayErr); err != nil {
		return fmt.Errorf("its path does not say what it is: %w", err)
	}
	found.Layer = teo.L7
	found.Domain, found.Area = value(parts[0], "domain="), value(parts[1], "area=")
	if found.Area == unknownArea {
		found.Area = ""
	}
	found.Name = plainSegment(strings.TrimSuffix(parts[3], ".log.gz"))
	found.Start = start.Add(time.Duration(hour) * time.Hour)
	found.End = found.Start.Add(time.Hour)
	if slot, err := teo.ParsePacketName(found.Name); err == nil && dayOf(slot.Start) == day {
		found.Start, found.End = slot.Start, slot.End
	}
	return nil
}

// plainSegment reverses segment, where that can be reversed.
func plainSegment(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '~' && i+2 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(c))
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
