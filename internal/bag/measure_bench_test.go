package bag

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// logLines returns about n bytes of lines like those of an access log.
func logLines(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"RequestID":"%016x","ClientIP":"192.0.2.%d","RequestHost":"www.example.com","RequestUrl":"/path/%d","EdgeResponseStatusCode":200,"EdgeResponseBytes":%d}`+"\n",
			random.Uint64(), random.IntN(256), random.IntN(1000), random.IntN(100_000))
	}
	return b.Bytes()
}

func compress(tb testing.TB, level int, members ...[]byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	for _, member := range members {
		w, err := gzip.NewWriterLevel(&b, level)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write(member); err != nil {
			tb.Fatal(err)
		}
		if err := w.Close(); err != nil {
			tb.Fatal(err)
		}
	}
	return b.Bytes()
}

// BenchmarkMeter measures one package of 16 MiB. The baseline hashes the same file
// with sha256sum, and hashes and counts its content with gzip -dc, sha256sum and wc.
func BenchmarkMeter(b *testing.B) {
	content := logLines(16 << 20)
	for _, level := range []int{gzip.NoCompression, gzip.DefaultCompression} {
		name := map[int]string{gzip.NoCompression: "stored", gzip.DefaultCompression: "compressed"}[level]
		data := compress(b, level, content)
		b.Run(name+"/meter", func(b *testing.B) {
			m := NewMeter()
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				if _, err := m.Copy(io.Discard, bytes.NewReader(data), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/tools", func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "package.log.gz")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				script := `sha256sum "$1" && gzip -dc "$1" | sha256sum && gzip -dc "$1" | wc -l`
				if out, err := exec.CommandContext(b.Context(), "sh", "-c", script, "sh", file).CombinedOutput(); err != nil {
					b.Skipf("%v\n%s", err, out)
				}
			}
		})
	}
}
