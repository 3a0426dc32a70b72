package teosim

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"sync"
)

const (
	// storedPerLine7 and storedPerLine4 are the approximate sizes of a compressed
	// line, for StoredBytes.
	storedPerLine7 = 95
	storedPerLine4 = 70
	// linesAtMost limits the lines, and thus the memory, of a member for
	// StoredBytes.
	linesAtMost = 4096
)

// shape is the number of members of a package, and of lines in each.
func (e *entry) shape() (members, lines int) {
	if e.StoredBytes <= 0 {
		return cmp.Or(e.Members, 1), cmp.Or(e.LinesPerMember, 20)
	}
	perLine := int64(storedPerLine7)
	switch {
	case e.Uncompressed:
		perLine = e.lineLength()
	case e.layer == layer4:
		perLine = storedPerLine4
	}
	total := max(1, int(e.StoredBytes/perLine))
	members = (total + linesAtMost - 1) / linesAtMost
	return members, total / members
}

// statedSize is the Size in the row.
func (e *entry) statedSize() int64 {
	if e.Size != 0 {
		return e.Size
	}
	members, lines := e.shape()
	return int64(members) * int64(lines) * e.lineLength()
}

// makeMember returns the gzip member that a package consists of. All members of a
// package are equal, so that a package of any size needs the memory of one.
func makeMember(e *entry) []byte {
	level := gzip.BestSpeed
	if e.Uncompressed {
		level = gzip.NoCompression
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, level) // both levels are valid
	_, lines := e.shape()
	w := newLineWriter(e)
	for n := range lines {
		_, _ = z.Write(w.next(n, lines)) // to memory
	}
	_ = z.Close()
	return out.Bytes()
}

// memberCacheBytes limits the size of the cached members.
const memberCacheBytes = 64 << 20

// memberCache keeps the members that were used last, so that a benchmark of
// downloads does not measure compression.
type memberCache struct {
	mu      sync.Mutex
	members map[memberKey][]byte
	order   []memberKey
	bytes   int
}

type memberKey struct {
	id           uint64
	lines        int
	uncompressed bool
}

func (c *memberCache) get(e *entry) []byte {
	_, lines := e.shape()
	key := memberKey{e.id, lines, e.Uncompressed}
	c.mu.Lock()
	member, ok := c.members[key]
	c.mu.Unlock()
	if ok {
		return member
	}
	member = makeMember(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.members[key]; ok || len(member) > memberCacheBytes {
		return member
	}
	if c.members == nil {
		c.members = map[memberKey][]byte{}
	}
	c.members[key] = member
	c.order = append(c.order, key)
	c.bytes += len(member)
	for c.bytes > memberCacheBytes {
		c.bytes -= len(c.members[c.order[0]])
		delete(c.members, c.order[0])
		c.order = c.order[1:]
	}
	return member
}
