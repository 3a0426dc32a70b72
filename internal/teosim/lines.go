package teosim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// The lengths of a line without its host, which it contains once, as JSON. Because
// they are fixed, the size of a package is known before it is generated.
const (
	lineLength7 = 940
	lineLength4 = 420
)

// lineWriter generates the lines of a package in order.
type lineWriter struct {
	entry   *entry
	random  *rand.Rand
	host    []byte
	content string // its ContentID
	scratch [32]byte
	line    []byte
}

func newLineWriter(e *entry) *lineWriter {
	return &lineWriter{
		entry: e,
		// Not for secrets: the content must be the same each time.
		random: rand.New(rand.NewPCG(e.id, 1)),
		host:   appendString(nil, e.Host),
		// The billed resource: the zone, unless the user has set another.
		content: fmt.Sprintf("zone-%.12x", sha256.Sum256([]byte(e.ZoneID)))[:17],
	}
}

// lineLength is the length of each line of a package, line feed included.
func (e *entry) lineLength() int64 {
	host := int64(len(appendString(nil, e.Host)))
	if e.layer == layer4 {
		return lineLength4 + host
	}
	return lineLength7 + host
}

// next returns line n of total, which are spread evenly over the slot. The result
// is valid until the next call.
func (w *lineWriter) next(n, total int) []byte {
	span := w.entry.End.Sub(w.entry.Start)
	at := w.entry.Start.Add(span * time.Duration(n) / time.Duration(total)).Truncate(time.Second)
	if at.Before(w.entry.Start) {
		at = w.entry.Start
	}
	w.line = w.line[:0]
	if w.entry.layer == layer4 {
		w.layer4(at)
	} else {
		w.layer7(at)
	}
	return w.line
}

func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

func (w *lineWriter) text(field, value string) {
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":"`...)
	w.line = append(w.line, value...)
	w.line = append(w.line, `",`...)
}

func (w *lineWriter) number(field string, value int) {
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":`...)
	w.line = strconv.AppendInt(w.line, int64(value), 10)
	w.line = append(w.line, ',')
}

func (w *lineWriter) time(field string, at time.Time) {
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":"`...)
	w.line = at.UTC().AppendFormat(w.line, time.RFC3339)
	w.line = append(w.line, `",`...)
}

// id writes a random value of 32 hex digits.
func (w *lineWriter) id(field string) {
	for i := range 4 {
		v := w.random.Uint32()
		w.scratch[4*i], w.scratch[4*i+1], w.scratch[4*i+2], w.scratch[4*i+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":"`...)
	w.line = hex.AppendEncode(w.line, w.scratch[:16])
	w.line = append(w.line, `",`...)
}

// hosted writes the field that contains the host.
func (w *lineWriter) hosted(field string) {
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":`...)
	w.line = append(w.line, w.host...)
	w.line = append(w.line, ',')
}

// pad ends the line with a field that fills it to its length.
func (w *lineWriter) pad(field string, length int) {
	const filling = "utm_source=newsletter&utm_medium=email&utm_campaign=spring&lang=en&sort=price&page=1&"
	w.line = append(w.line, '"')
	w.line = append(w.line, field...)
	w.line = append(w.line, `":"`...)
	for missing := length + len(w.host) - len(w.line) - len("\"}\n"); missing > 0; {
		n := min(missing, len(filling))
		w.line = append(w.line, filling[:n]...)
		missing -= n
	}
	w.line = append(w.line, "\"}\n"...)
}

// address returns an address in the ranges for documentation.
func (w *lineWriter) address(network string) string {
	return network + strconv.Itoa(1+w.random.IntN(254))
}

// layer7 writes the fields of EdgeOne's L7 access log that offline logs have. As in
// the service, "-" and -1 mean no value.
func (w *lineWriter) layer7(at time.Time) {
	r := w.random
	status := pick(r, 200, 200, 200, 200, 200, 206, 304, 301, 404, 502)
	size := 200 + r.IntN(90000)
	w.line = append(w.line, '{')
	w.id("RequestID")
	w.text("ContentID", w.content)
	w.text("ParentRequestID", "-")
	w.text("ClientIP", w.address("203.0.113."))
	w.text("ClientRegion", pick(r, "CN", "CN", "SG", "DE", "US"))
	w.text("ClientISP", "-")
	w.time("RequestTime", at)
	w.number("RequestStatus", 1)
	w.hosted("RequestHost")
	w.number("RequestBytes", 300+r.IntN(900))
	w.text("RequestMethod", pick(r, "GET", "GET", "GET", "HEAD", "POST"))
	w.text("RequestUrl", pick(r, "/", "/index.html", "/assets/app.js", "/assets/app.css", "/img/logo.svg", "/api/v1/items", "/api/v1/cart"))
	w.text("RequestUA", pick(
		r,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/101.0.4951.54 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 15_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Mobile/15E148",
		"curl/7.83.0",
	))
	w.text("RequestRange", "-")
	w.text("RequestReferer", "-")
	w.text("RequestProtocol", pick(r, "HTTP/1.1", "HTTP/2.0", "HTTP/3.0"))
	w.number("RemotePort", 20000+r.IntN(40000))
	w.text("EdgeCacheStatus", pick(r, "hit", "hit", "miss", "dynamic"))
	w.number("EdgeResponseStatusCode", status)
	w.number("EdgeResponseBytes", size)
	w.number("EdgeResponseBodyBytes", size-180)
	w.number("EdgeResponseTime", r.IntN(400))
	w.number("EdgeInternalTime", r.IntN(40))
	w.text("EdgeServerIP", w.address("198.51.100."))
	w.text("EdgeServerID", pick(r, "3f1c0a5be0d94c6f8e5f2ad7c3a91b60", "a84d2e7790b14fd5b0a2c6e1d7f35c18"))
	w.text("SecurityAction", "-")
	w.pad("RequestUrlQueryString", lineLength7)
}

// layer4 writes the fields of EdgeOne's L4 proxy log, as the service spells them.
func (w *lineWriter) layer4(at time.Time) {
	r := w.random
	w.line = append(w.line, '{')
	w.hosted("ServiceID")
	w.id("SessionID")
	w.time("ConnectTimeStamp", at)
	w.time("DisconnetTimeStamp", at)
	w.text("DisconnetReason", pick(r, "-", "up:net_exception_peer_close", "down:net_exception_timeout"))
	w.text("ClientRealIP", w.address("203.0.113."))
	w.text("ClientRegion", pick(r, "CN", "CN", "SG", "DE", "US"))
	w.text("EdgeIP", w.address("198.51.100."))
	w.text("ForwardProtocol", pick(r, "TCP", "UDP"))
	w.number("ForwardPort", pick(r, 443, 8443, 5060))
	w.number("SentBytes", r.IntN(100000))
	w.number("ReceivedBytes", r.IntN(100000))
	w.time("LogTimeStamp", at)
	w.pad("Remark", lineLength4)
}
