package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/bag"
	"github.com/edgeone-community/terraform-provider-teo/internal/bucket"
	"github.com/edgeone-community/terraform-provider-teo/internal/ledger"
)

// giveUpAge is how old the newest file of an uncommitted bag is, by the store's
// clock, before the bag is given up. No run takes so long between two writes.
const giveUpAge = 7 * 24 * time.Hour

// erasures returns the files that Config.Erase matches and that are not erased yet.
// A key that matches nothing is a warning.
func erasures(ctx context.Context, s *scanner, c *Config) (files []ledger.File, warnings []Warning, err error) {
	views := map[string]*dayVersions{}
	for _, key := range sortedKeys(c.Erase) {
		day, ok := ErasedDay(key)
		if !ok {
			continue
		}
		if views[day] == nil {
			if views[day], err = readDay(ctx, s, day); err != nil {
				return nil, nil, err
			}
		}
		matched := false
		for _, path := range sortedKeys(views[day].packages) {
			if reason, ok := (&Config{Erase: map[string]string{key: c.Erase[key]}}).erases(day, path); ok {
				matched = true
				files = append(files, views[day].packages[path].erase(s.log.State, reason)...)
			}
		}
		if !matched && !s.log.State.IsExpired(day) {
			warnings = append(warnings, Warning{"Key of erase matches nothing", fmt.Sprintf("No archived package matches the key %q of erase.", key)})
		}
	}
	slices.SortFunc(files, func(a, b ledger.File) int { return strings.Compare(a.Path, b.Path) })
	files = slices.CompactFunc(files, func(a, b ledger.File) bool { return a.Path == b.Path })
	return files, warnings, nil
}

// leftBehind returns uncommitted bags that no run will commit any more.
func leftBehind(ctx context.Context, b bucket.Bucket, d *Drift) (folders []string, err error) {
	var now time.Time
	for _, u := range d.Uncommitted {
		if u.Whole {
			continue
		}
		if now.IsZero() {
			if now, err = b.Clock(ctx); err != nil {
				return nil, err
			}
		}
		if now.Sub(u.Newest) > giveUpAge {
			folders = append(folders, u.Folder)
		}
	}
	return folders, nil
}

// lockedUntil is the latest lock of some objects; zero if none has one.
func lockedUntil(ctx context.Context, b bucket.Bucket, keys []string) (until time.Time, err error) {
	const most = 100
	for _, key := range keys[:min(len(keys), most)] {
		o, err := b.Stat(ctx, key)
		if errors.Is(err, bucket.ErrNotExist) {
			continue
		}
		if err != nil {
			return until, err
		}
		until = latest(until, o.Lock.Until)
	}
	return until, nil
}

// expiredFolders lists the bags of the days up to a day.
func expiredFolders(ctx context.Context, b bucket.Bucket, day string) ([]string, error) {
	seen := map[string]bool{}
	for o, err := range b.List(ctx, bucket.Range{Prefix: bag.Prefix, Before: bag.Prefix + nextDay(day)}) {
		if err != nil {
			return nil, err
		}
		if folder, _, ok := bag.Split(o.Key); ok {
			seen[folder] = true
		}
	}
	return sortedKeys(seen), nil
}
