package teosim

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultCAMRole is the role of the simulated CVM unless [MetadataOptions] set
	// another one.
	DefaultCAMRole = "simulated-role"

	// MetadataAction is the Action of faults of the metadata service. Of the faults
	// of API responses it supports NotJSON, EmptyObject and APIError, whose code is
	// the response's Code.
	MetadataAction = "Metadata"

	metadataPrefix = "/latest/meta-data/cam/security-credentials/"
)

// MetadataOptions configure the metadata service of a CVM. It is at URL(), with
// the paths of http://metadata.tencentyun.com.
type MetadataOptions struct {
	// Role is the role of the CVM. Default DefaultCAMRole.
	Role string
	// Lifetime is the lifetime of its credentials, which are replaced after half
	// of it, because the service replaces them before they expire. Default two
	// hours.
	Lifetime time.Duration
}

// MetadataRequest is a request to the metadata service.
type MetadataRequest struct {
	Time   time.Time
	Path   string
	Status int // 0 if no response was sent
}

// metadata is the state of the metadata service.
type metadata struct {
	options MetadataOptions

	mu       sync.Mutex
	current  map[string]any
	expires  time.Time
	requests []MetadataRequest
}

func newMetadata(o MetadataOptions) *metadata {
	if o.Role == "" {
		o.Role = DefaultCAMRole
	}
	if o.Lifetime <= 0 {
		o.Lifetime = 2 * time.Hour
	}
	return &metadata{options: o}
}

// MetadataRequests returns the requests to the metadata service, in the order of
// the responses.
func (s *Sim) MetadataRequests() []MetadataRequest {
	s.metadata.mu.Lock()
	defer s.metadata.mu.Unlock()
	return append([]MetadataRequest(nil), s.metadata.requests...)
}

func (s *Sim) serveMetadata(w http.ResponseWriter, r *http.Request) {
	taken := s.faults.consume(onArrival, call{action: MetadataAction})
	answer := s.metadataReply(r, taken)
	var delay time.Duration
	status := answer.status
	for _, f := range taken {
		switch f.Name {
		case DropConnection:
			status = 0
		case Hang:
			<-r.Context().Done()
			status = 0
		case Slow:
			delay += f.Delay
		case CutBody:
			answer.cut = true
		}
	}
	if status != 0 && !s.wait(r.Context(), delay) {
		status = 0
	}
	s.metadata.mu.Lock()
	s.metadata.requests = append(s.metadata.requests, MetadataRequest{s.options.Now(), r.URL.Path, status})
	s.metadata.mu.Unlock()
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	answer.write(w, s.options.Now())
}

func (s *Sim) metadataReply(r *http.Request, taken []Fault) reply {
	asJSON := func(v any) reply {
		body, _ := json.Marshal(v)
		return reply{status: http.StatusOK, contentType: jsonType, body: body}
	}
	for _, f := range taken {
		switch f.Name {
		case APIError:
			code, _, _ := strings.Cut(f.Value, ":")
			return asJSON(map[string]any{"Code": code})
		case EmptyObject:
			return asJSON(map[string]any{})
		case NotJSON:
			return reply{status: http.StatusOK, contentType: htmlType, body: []byte(htmlPage("Welcome"))}
		}
		if instead, ok := gatewayReply(f); ok {
			return instead
		}
	}
	role := strings.TrimPrefix(r.URL.Path, metadataPrefix)
	switch {
	case r.Method != http.MethodGet:
		return reply{status: http.StatusMethodNotAllowed, contentType: htmlType, body: []byte(htmlPage("405 Not Allowed"))}
	case role == "":
		return reply{status: http.StatusOK, contentType: "text/plain", body: []byte(s.metadata.options.Role)}
	case role != s.metadata.options.Role:
		return reply{status: http.StatusNotFound, contentType: htmlType, body: []byte(htmlPage("404 Not Found"))}
	}
	return asJSON(s.metadataKeys())
}

// metadataKeys returns the credentials of the CVM's role, which stay the same until
// they are replaced, or removed with RemoveKey.
func (s *Sim) metadataKeys() map[string]any {
	m := s.metadata
	m.mu.Lock()
	defer m.mu.Unlock()
	now := s.options.Now()
	id, _ := m.current["TmpSecretId"].(string)
	if _, ok := s.keys.find(id); !ok || m.expires.Sub(now) <= m.options.Lifetime/2 {
		m.expires = now.Add(m.options.Lifetime).Truncate(time.Second)
		id, secretKey, token := "AKIDmetadata"+rand.Text(), rand.Text(), rand.Text()+rand.Text()
		s.keys.add(id, key{secretKey, token, m.expires})
		m.current = map[string]any{
			"TmpSecretId": id, "TmpSecretKey": secretKey, "Token": token,
			"ExpiredTime": m.expires.Unix(), "Expiration": m.expires.UTC().Format(time.RFC3339), "Code": "Success",
		}
	}
	return m.current
}
