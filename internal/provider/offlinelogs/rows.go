package offlinelogs

import (
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// logRows encodes the attributes logs and urls of a list. The schema declares
// them; a test decodes what is encoded here with the schema.
type logRows struct {
	host     string // attribute of a package's host
	packages []teo.Package
	keys     []string // of the packages
}

// encodeLogs encodes the list of objects.
func (r logRows) encodeLogs(enc *msgpack.Encoder) error {
	w := fieldWriter{enc: enc}
	w.err = enc.EncodeArrayLen(len(r.packages))
	for i := range r.packages {
		p := &r.packages[i]
		w.object(8)
		w.text("key", r.keys[i])
		w.text(r.host, p.Host())
		w.text("area", p.Area)
		w.text("log_packet_name", p.Name)
		w.number("log_time", p.LogTime)
		w.timestamp("log_start_time", p.Start)
		w.timestamp("log_end_time", p.End)
		w.number("size", p.Size)
	}
	return w.err
}

// encodeURLs encodes the map from key to URL.
func (r logRows) encodeURLs(enc *msgpack.Encoder) error {
	w := fieldWriter{enc: enc}
	w.object(len(r.packages))
	for i := range r.packages {
		w.text(r.keys[i], r.packages[i].URL)
	}
	return w.err
}

// size is about the length of the encoded list.
func (r logRows) size() int {
	const rest = 192 // names of attributes, times, numbers
	n := 8
	for i := range r.packages {
		p := &r.packages[i]
		n += rest + len(r.keys[i]) + len(p.Host()) + len(p.Area) + len(p.Name)
	}
	return n
}

// sizeOfURLs is about the length of the encoded map.
func (r logRows) sizeOfURLs() int {
	n := 8
	for i := range r.packages {
		n += 8 + len(r.keys[i]) + len(r.packages[i].URL)
	}
	return n
}

// fieldWriter encodes objects field by field and keeps the first error.
type fieldWriter struct {
	enc *msgpack.Encoder
	buf [len(time.RFC3339)]byte
	err error
}

func (w *fieldWriter) object(fields int) {
	if w.err == nil {
		w.err = w.enc.EncodeMapLen(fields)
	}
}

// text encodes a string, or null if it is empty.
func (w *fieldWriter) text(name, value string) {
	switch {
	case !w.name(name):
	case value == "":
		w.err = w.enc.EncodeNil()
	default:
		w.err = w.enc.EncodeString(value)
	}
}

func (w *fieldWriter) number(name string, value *int64) {
	switch {
	case !w.name(name):
	case value == nil:
		w.err = w.enc.EncodeNil()
	default:
		w.err = w.enc.EncodeInt(*value)
	}
}

func (w *fieldWriter) timestamp(name string, value teo.Time) {
	if value.IsZero() {
		w.text(name, "")
		return
	}
	w.text(name, string(value.UTC().AppendFormat(w.buf[:0], time.RFC3339)))
}

func (w *fieldWriter) name(name string) bool {
	if w.err == nil {
		w.err = w.enc.EncodeString(name)
	}
	return w.err == nil
}
