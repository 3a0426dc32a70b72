package teosim

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const xmlType = "application/xml"

// serveDownload serves a package if the URL is signed and has not expired. Range
// requests get the whole package, as RFC 9110 allows.
func (s *Sim) serveDownload(w http.ResponseWriter, r *http.Request) {
	record := &Download{Time: s.Now(), Method: r.Method, Path: r.URL.Path}
	e, found := s.current().packageAt(r.URL.Path)
	if found {
		record.Host, record.Area, record.Name = e.Host, e.Area, e.Name
	}
	s.records.arriveDownload(record)
	taken := s.faults.consume(onArrival, call{action: DownloadAction, pkg: record.Name})
	s.records.change(func() { record.Faults = names(taken) })

	d := delivery{}
	for _, f := range taken {
		d.apply(f)
	}
	if d.drop {
		panic(http.ErrAbortHandler)
	}
	if d.hang {
		<-r.Context().Done()
	}
	if !s.wait(r.Context(), d.delay) {
		panic(http.ErrAbortHandler)
	}
	answer := d.instead
	switch {
	case answer != nil:
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		answer = storeError(http.StatusMethodNotAllowed, "MethodNotAllowed")
	case !s.newSigner().verify(r.URL, s.Now().Unix()):
		answer = storeError(http.StatusForbidden, "AccessDenied")
	case !found || e.Gone:
		answer = storeError(http.StatusNotFound, "NoSuchKey")
	case e.Forbidden:
		answer = storeError(http.StatusForbidden, "AccessDenied")
	}
	if answer != nil {
		s.records.change(func() { record.Status, record.Bytes = answer.status, int64(len(answer.body)) })
		answer.cut, answer.skew = d.cut, d.skew
		answer.write(w, s.Now())
		return
	}
	s.deliver(w, r, e, d, record)
}

// storeError is the error response of an object store.
func storeError(status int, code string) *reply {
	return &reply{
		status:      status,
		contentType: xmlType,
		body: []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code +
			"</Code><Message>" + http.StatusText(status) + "</Message></Error>\n"),
	}
}

// delivery is how a package is sent, according to its faults.
type delivery struct {
	instead                            *reply
	drop, hang, cut, truncate, encoded bool
	delay, skew                        time.Duration
	bytesPerSecond                     int
}

func (d *delivery) apply(f Fault) {
	switch f.Name {
	case DropConnection:
		d.drop = true
	case Hang:
		d.hang = true
	case CutBody:
		d.cut = true
	case TruncatedGzip:
		d.truncate = true
	case GzipEncoding:
		d.encoded = true
	case ClockSkew:
		d.skew = f.Delay
	case Slow:
		d.delay = f.Delay
		d.bytesPerSecond, _ = strconv.Atoi(f.Value)
	case Forbidden403:
		d.instead = storeError(http.StatusForbidden, "AccessDenied")
	case Gone404:
		d.instead = storeError(http.StatusNotFound, "NoSuchKey")
	case HTMLBody:
		d.instead = &reply{status: http.StatusOK, contentType: htmlType, body: []byte(htmlPage("Sign in"))}
	case NotGzip:
		d.instead = &reply{status: http.StatusOK, contentType: packageType, body: []byte("this is not a log package\n")}
	default:
		if answer, ok := gatewayReply(f); ok {
			d.instead = &answer
		}
	}
}

const packageType = "application/octet-stream"

// deliver streams a package: the same member repeatedly.
func (s *Sim) deliver(w http.ResponseWriter, r *http.Request, e *entry, d delivery, record *Download) {
	member := s.members.get(e)
	members, _ := e.shape()
	length := int64(members) * int64(len(member))
	if d.truncate {
		length -= int64(len(member) / 2)
	}
	h := w.Header()
	h.Set("Content-Type", packageType)
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	h.Set("Date", s.Now().Add(d.skew).UTC().Format(http.TimeFormat))
	if d.encoded {
		h.Set("Content-Encoding", "gzip")
	}
	s.records.change(func() { record.Status = http.StatusOK })
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	send := length
	if d.cut {
		send /= 2
	}
	for sent := int64(0); sent < send; {
		chunk := member[:min(int64(len(member)), send-sent)]
		// Counted first, so that a client that has received everything finds it
		// counted.
		s.records.change(func() { record.Bytes = sent + int64(len(chunk)) })
		n, err := s.writeAt(r.Context(), w, chunk, d.bytesPerSecond)
		sent += int64(n)
		if err != nil {
			s.records.change(func() { record.Bytes = sent })
			panic(http.ErrAbortHandler) // the client has disconnected
		}
	}
	if d.cut {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// writeAt writes at a rate; 0 is unlimited.
func (s *Sim) writeAt(ctx context.Context, w http.ResponseWriter, data []byte, bytesPerSecond int) (int, error) {
	if bytesPerSecond <= 0 {
		return w.Write(data)
	}
	const ticks = 20 // a second
	written := 0
	for written < len(data) {
		step := min(max(1, bytesPerSecond/ticks), len(data)-written)
		n, err := w.Write(data[written : written+step])
		written += n
		if err != nil {
			return written, err
		}
		_ = http.NewResponseController(w).Flush()
		if !s.wait(ctx, time.Duration(step)*time.Second/time.Duration(bytesPerSecond)) {
			return written, context.Cause(ctx)
		}
	}
	return written, nil
}
