package bag

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMeasureOfAPackage(t *testing.T) {
	t.Parallel()
	a, b := []byte("{\"a\":1}\n{\"a\":2}\n"), []byte("{\"b\":1}\n{\"b\":2}")
	one, two := compress(t, -1, a), compress(t, -1, a, b)
	with := func(data []byte, tail string) []byte { return append(bytes.Clone(data), tail...) }
	for name, c := range map[string]struct {
		data    []byte
		content string
		members int64
		lines   int64
		tail    int64
		err     error
	}{
		"one member":           {one, string(a), 1, 2, 0, nil},
		"two members":          {two, string(a) + string(b), 2, 4, 0, nil},
		"no content":           {compress(t, -1, nil), "", 1, 0, 0, nil},
		"one byte of content":  {compress(t, -1, []byte("x")), "x", 1, 1, 0, nil},
		"empty first member":   {compress(t, -1, nil, b), string(b), 2, 2, 0, nil},
		"zeros at the end":     {with(one, "\x00\x00"), string(a), 1, 2, 2, nil},
		"garbage at the end":   {with(two, "hello"), string(a) + string(b), 2, 4, 5, nil},
		"almost a member":      {with(one, "\x1f\x8c"), string(a), 1, 2, 2, nil},
		"a member after tail":  {with(one, "\x00"+string(one)), string(a), 1, 2, 1 + int64(len(one)), nil},
		"empty":                {nil, "", 0, 0, 0, ErrDamaged},
		"one byte":             {one[:1], "", 0, 0, 0, ErrDamaged},
		"cut header":           {one[:9], "", 0, 0, 0, ErrDamaged},
		"cut content":          {one[:len(one)-9], "", 0, 0, 0, ErrDamaged},
		"cut checksum":         {one[:len(one)-1], "", 0, 0, 0, ErrDamaged},
		"cut second magic":     {two[:len(one)+1], "", 0, 0, 0, ErrDamaged},
		"cut second header":    {two[:len(one)+2], "", 0, 0, 0, ErrDamaged},
		"cut second member":    {two[:len(two)-1], "", 0, 0, 0, ErrDamaged},
		"other compression":    {with(one, "\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00"), "", 0, 0, 0, ErrDamaged},
		"wrong checksum":       {with(one[:len(one)-8], "\x00\x00\x00\x00\x00\x00\x00\x00"), "", 0, 0, 0, ErrDamaged},
		"text":                 {[]byte("hello\n"), "", 0, 0, 0, ErrNotPackage},
		"one byte of text":     {[]byte("h"), "", 0, 0, 0, ErrNotPackage},
		"long text":            {bytes.Repeat([]byte("hello\n"), 100_000), "", 0, 0, 0, ErrNotPackage},
		"a member after text":  {with([]byte("h"), string(one)), "", 0, 0, 0, ErrNotPackage},
		"a long cut member":    {compress(t, 0, logLines(1<<20))[:1<<19], "", 0, 0, 0, ErrDamaged},
		"garbage in a member":  {with(one[:12], strings.Repeat("\xff", 1<<19)), "", 0, 0, 0, ErrDamaged},
		"a long tail of zeros": {with(one, strings.Repeat("\x00", 1<<19)), string(a), 1, 2, 1 << 19, nil},
	} {
		want := Measure{StoredBytes: int64(len(c.data)), SHA256: hashOf(c.data)}
		if c.err == nil {
			want.UncompressedBytes, want.Lines, want.GzipMembers, want.TailBytes = int64(len(c.content)), c.lines, c.members, c.tail
			want.ContentSHA256 = hashOf([]byte(c.content))
		}
		m := NewMeter()
		if strings.HasPrefix(name, "cut second ") {
			if _, err := m.Copy(nil, bytes.NewReader(c.data), nil); err == nil || !strings.Contains(err.Error(), "gzip member 2") {
				t.Errorf("%s: got %v", name, err)
			}
		}
		for kind, from := range map[string]io.Reader{
			"whole":       bytes.NewReader(c.data),
			"halves":      iotest.HalfReader(bytes.NewReader(c.data)),
			"early EOF":   iotest.DataErrReader(bytes.NewReader(c.data)),
			"byte by one": iotest.OneByteReader(bytes.NewReader(c.data)),
		} {
			var copied bytes.Buffer
			got, err := m.Copy(&copied, from, nil)
			if !errors.Is(err, c.err) || (got.Unreadable == "") != (err == nil) {
				t.Errorf("%s, %s: got %v, unreadable %q", name, kind, err, got.Unreadable)
			}
			got.Unreadable = ""
			if got != want {
				t.Errorf("%s, %s: got %+v, want %+v", name, kind, got, want)
			}
			if !bytes.Equal(copied.Bytes(), c.data) {
				t.Errorf("%s, %s: %d of %d bytes were copied", name, kind, copied.Len(), len(c.data))
			}
		}
	}
}

func TestExtendsComparesTheContentOfBothVersions(t *testing.T) {
	t.Parallel()
	content := logLines(300 << 10) // several chunks of the decompressor
	data := compress(t, -1, content[:1000], content[1000:])
	m := NewMeter()
	for _, n := range []int{0, 1, 999, 1000, 1001, 32 << 10, 32<<10 + 1, len(content) - 1, len(content), len(content) + 1} {
		want := n <= len(content)
		known := &Earlier{UncompressedBytes: int64(n), SHA256: hashOf(content[:min(n, len(content))])}
		got, err := m.Copy(nil, bytes.NewReader(data), known)
		if err != nil || got.Extends == nil || *got.Extends != want || got.ContentSHA256 != hashOf(content) {
			t.Errorf("%d bytes: got %+v, %v", n, got, err)
		}
		other := &Earlier{UncompressedBytes: int64(n), SHA256: hashOf([]byte("other"))}
		got, err = m.Copy(nil, bytes.NewReader(data), other)
		if err != nil || got.Extends == nil || *got.Extends {
			t.Errorf("%d other bytes: got %+v, %v", n, got, err)
		}
	}
	// The measure stays as it is when the meter is used again.
	first, _ := m.Copy(nil, bytes.NewReader(data), &Earlier{UncompressedBytes: 1, SHA256: hashOf(content[:1])})
	_, _ = m.Copy(nil, bytes.NewReader(data), &Earlier{UncompressedBytes: 1})
	if !*first.Extends {
		t.Error("the next measure changed the one before")
	}
	if got, err := m.Copy(nil, bytes.NewReader(data[:50]), &Earlier{}); err == nil || got.Extends != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadAndWriteErrorsAreTold(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	data := compress(t, 0, logLines(1<<20))
	m := NewMeter()
	for n := range 3 {
		part := bytes.NewReader(data[:n*len(data)/2])
		got, err := m.Copy(io.Discard, io.MultiReader(part, iotest.ErrReader(cause)), nil)
		if read, ok := errors.AsType[*ReadError](err); !ok || !errors.Is(read.Err, cause) || got != (Measure{}) {
			t.Errorf("after %d bytes: got %+v, %v", part.Size(), got, err)
		}
		got, err = m.Copy(&limitedWriter{n: n * len(data) / 3, err: cause}, bytes.NewReader(data), nil)
		if write, ok := errors.AsType[*WriteError](err); !ok || !errors.Is(write.Err, cause) || got != (Measure{}) {
			t.Errorf("after %d bytes: got %+v, %v", n*len(data)/3, got, err)
		}
	}
	// A failed copy has no effect on the next one.
	if _, err := m.Copy(nil, bytes.NewReader(data), nil); err != nil {
		t.Error(err)
	}
}

type limitedWriter struct {
	n   int
	err error
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestDiffersFindsEveryDifference(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	measure := Measure{1, 2, 3, 4, 5, hashes[0], hashes[1], "", &yes}
	for name, change := range map[string]func(m *Measure){
		"stored":     func(m *Measure) { m.StoredBytes++ },
		"content":    func(m *Measure) { m.UncompressedBytes++ },
		"lines":      func(m *Measure) { m.Lines++ },
		"members":    func(m *Measure) { m.GzipMembers++ },
		"tail":       func(m *Measure) { m.TailBytes++ },
		"hash":       func(m *Measure) { m.SHA256 = hashes[2] },
		"other hash": func(m *Measure) { m.ContentSHA256 = hashes[2] },
		"unreadable": func(m *Measure) { m.Unreadable = "x" },
		"extends":    func(m *Measure) { m.Extends = &no },
	} {
		var r Record
		measure.Into(&r)
		m := measure
		if got := m.Differs(&r); got != "" {
			t.Errorf("%s: got %q", name, got)
		}
		change(&m)
		if m.Differs(&r) == "" {
			t.Errorf("%s: no difference", name)
		}
	}
	var r Record
	m := Measure{Unreadable: "a"}
	m.Into(&r)
	m.Unreadable = "b"
	if got := m.Differs(&r); got != "" {
		t.Errorf("another text of the decompressor: got %q", got)
	}
}

// The reference is the decompressor of the standard library, and all bytes at once.
func FuzzMeter(f *testing.F) {
	a, b := []byte("{\"a\":1}\n"), []byte("{}")
	data := compress(f, -1, a, b)
	f.Add(data, 3)
	f.Add(data[:len(data)-1], 8)
	f.Add(append(bytes.Clone(data), "tail"...), 0)
	f.Add([]byte("text"), 1)
	f.Add([]byte{}, 1)
	m := NewMeter()
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		content, members, tail, valid := reference(data)
		if len(content) > 0 {
			n = max(0, n%(len(content)+1))
		} else {
			n = 0
		}
		var copied bytes.Buffer
		got, err := m.Copy(&copied, iotest.HalfReader(bytes.NewReader(data)), &Earlier{UncompressedBytes: int64(n), SHA256: hashOf(content[:n])})
		if !bytes.Equal(copied.Bytes(), data) || got.StoredBytes != int64(len(data)) || got.SHA256 != hashOf(data) {
			t.Errorf("%d of %d bytes: %+v", copied.Len(), len(data), got)
		}
		if (err == nil) != valid || (got.Unreadable == "") != valid {
			t.Fatalf("valid is %t, but got %v, unreadable %q", valid, err, got.Unreadable)
		}
		if !valid {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotPackage) {
				t.Errorf("got %v", err)
			}
			return
		}
		lines := int64(bytes.Count(content, []byte("\n")))
		if len(content) > 0 && content[len(content)-1] != '\n' {
			lines++
		}
		want := Measure{int64(len(data)), int64(len(content)), lines, members, tail, hashOf(data), hashOf(content), "", got.Extends}
		if got != want || got.Extends == nil || !*got.Extends {
			t.Errorf("got %+v, want %+v that extends", got, want)
		}
	})
}

func reference(data []byte) (content []byte, members, tail int64, valid bool) {
	r := bytes.NewReader(data)
	for {
		rest := data[len(data)-r.Len():]
		if members > 0 && !bytes.HasPrefix(rest, []byte{0x1f, 0x8b}) && !bytes.Equal(rest, []byte{0x1f}) {
			return content, members, int64(len(rest)), true
		}
		z, err := stdgzip.NewReader(r)
		if err != nil || rest[3]>>5 != 0 { // gzip(1) refuses unknown flags
			return nil, 0, 0, false
		}
		z.Multistream(false)
		part, err := io.ReadAll(z)
		if err != nil {
			return nil, 0, 0, false
		}
		content = append(content, part...)
		members++
	}
}
