package teosim

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody is the largest request that the gateway accepts: 10 MB.
const maxBody = 10 << 20

// Handler returns the simulator as a handler for another server, such as one with
// TLS. Listed URLs still refer to URL.
func (s *Sim) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.serving.Done()
		switch {
		case strings.HasPrefix(r.URL.Path, downloadPrefix):
			s.serveDownload(w, r)
		case strings.HasPrefix(r.URL.Path, metadataPrefix):
			s.serveMetadata(w, r)
		case r.URL.Path == "/":
			s.serveAPI(w, r)
		case r.URL.Path == clockPath:
			s.serveClock(w, r)
		default:
			reply{status: http.StatusNotFound, contentType: htmlType, body: []byte(htmlPage("404 Not Found"))}.write(w, s.Now())
		}
	})
}

// reply is a complete response.
type reply struct {
	status      int
	contentType string
	header      map[string]string
	body        []byte
	cut         bool          // send half of the body, then close the connection
	skew        time.Duration // of the Date header
}

const (
	jsonType = "application/json"
	htmlType = "text/html; charset=utf-8"
)

func (a reply) write(w http.ResponseWriter, now time.Time) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", fmt.Sprint(len(a.body)))
	h.Set("Date", now.Add(a.skew).UTC().Format(http.TimeFormat))
	h.Set("Server", "nginx")
	for name, value := range a.header {
		h.Set(name, value)
	}
	w.WriteHeader(a.status)
	if a.cut {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(a.body)
}

func htmlPage(title string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}

func (s *Sim) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client has disconnected
	}
	record := &Request{
		Time:      s.Now(),
		Action:    r.Header.Get("X-TC-Action"),
		Version:   r.Header.Get("X-TC-Version"),
		Body:      body,
		Header:    r.Header.Clone(),
		RequestID: newRequestID(),
	}
	if a, ok := parseAuthorization(r.Header.Get("Authorization")); ok {
		record.SecretID = a.secretID
	}
	s.records.arrive(record)
	defer s.records.leave()

	taken := s.faults.consume(onArrival, s.callOf(record))
	s.records.change(func() { record.Faults = names(taken) })
	answer, code := s.answer(r, record, taken)

	delay := s.options.Latency
	for _, f := range taken {
		switch f.Name {
		case DropConnection:
			panic(http.ErrAbortHandler)
		case Hang:
			<-r.Context().Done()
		case Slow:
			delay += f.Delay
		case CutBody:
			answer.cut = true
		case TruncatedJSON:
			answer.body = answer.body[:len(answer.body)/2]
		case ClockSkew:
			answer.skew = f.Delay
		}
	}
	if !s.wait(r.Context(), delay) {
		panic(http.ErrAbortHandler) // the client has disconnected
	}
	s.records.change(func() { record.Code, record.Status = code, answer.status })
	answer.write(w, s.Now())
}

// newRequestID returns a random UUID, as the service does.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
