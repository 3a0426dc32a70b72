package teosim

import (
	"encoding/json"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// The versions of EdgeOne's API that are simulated.
const (
	version20220106 = "2022-01-06"
	version20220901 = "2022-09-01"
)

// service is a product of API 3.0: its name in the scope of a signature, and its
// actions.
type service struct {
	name    string
	actions []action
}

// action is one action of one version.
type action struct {
	version, name string
	// perSecond is the documented rate limit; 0 is none.
	perSecond int
	// unsigned actions need no credentials: Authorization is SKIP.
	unsigned bool
	// decode parses the request strictly, and returns the function that answers it.
	decode func(body []byte) (respond, *apiError)
	// decodeFor replaces decode if the caller's secret ID matters.
	decodeFor func(secretID string, body []byte) (respond, *apiError)
	// decodeIn replaces decode if the region matters; it is "" without one.
	decodeIn func(region string, body []byte) (respond, *apiError)
}

// respond returns the fields of a Response except RequestId, each followed by a
// comma. It applies the faults that concern the catalogue; other faults are
// applied to its result.
type respond func(taken []Fault, now int64) []byte

func (a action) read(record *Request) (respond, *apiError) {
	switch {
	case a.decodeFor != nil:
		return a.decodeFor(record.SecretID, record.Body)
	case a.decodeIn != nil:
		return a.decodeIn(record.Header.Get("X-TC-Region"), record.Body)
	}
	return a.decode(record.Body)
}

func (s service) find(version, name string) (action, *apiError) {
	for _, a := range s.actions {
		if a.version == version && a.name == name {
			return a, nil
		}
	}
	if !s.serves(version) {
		return action{}, codeError("NoSuchVersion")
	}
	return action{}, codeError("InvalidAction")
}

func (s service) serves(version string) bool {
	return slices.ContainsFunc(s.actions, func(a action) bool { return a.version == version })
}

// answer returns the response to an API request, and its error code.
func (s *Sim) answer(r *http.Request, record *Request, taken []Fault) (reply, string) {
	english := r.Header.Get("X-TC-Language") == "en-US"
	for _, f := range taken {
		if instead, code, ok := faultReply(f, record.RequestID, english); ok {
			return instead, code
		}
	}
	fields, err := s.respondTo(r, record)
	if err != nil {
		return errorReply(err, record.RequestID, english), err.code
	}
	body := append([]byte(`{"Response":{`), fields...)
	body = append(body, `"RequestId":"`+record.RequestID+`"}}`...)
	return reply{status: http.StatusOK, contentType: jsonType, body: body}, ""
}

func errorReply(err *apiError, requestID string, english bool) reply {
	type object map[string]any
	body, _ := json.Marshal(object{"Response": object{
		"Error":     object{"Code": err.code, "Message": err.message(english)},
		"RequestId": requestID,
	}})
	return reply{status: http.StatusOK, contentType: jsonType, body: body}
}

// respondTo authenticates a request and lets its action respond.
func (s *Sim) respondTo(r *http.Request, record *Request) ([]byte, *apiError) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || r.URL.RawQuery != "" || err != nil || mediaType != jsonType {
		return nil, codeError("UnsupportedProtocol")
	}
	if len(record.Body) > maxBody {
		return nil, codeError("RequestSizeLimitExceeded")
	}
	for _, name := range []string{"Action", "Version"} {
		if r.Header.Get("X-TC-"+name) == "" {
			return nil, missingParameter(name)
		}
	}
	act, failure := s.route(r, record)
	if failure != nil {
		return nil, failure
	}
	if !s.rates.allow(act.version+"/"+act.name, record.SecretID) {
		return nil, codeError("RequestLimitExceeded")
	}
	do, failure := act.read(record)
	if failure != nil {
		return nil, failure
	}
	taken := s.faults.consume(onListing, s.callOf(record))
	s.records.change(func() { record.Faults = append(record.Faults, names(taken)...) })
	fields := do(taken, s.Now().Unix())
	for _, f := range taken {
		fields = editFields(fields, f)
	}
	return fields, nil
}

// route authenticates a request and finds its action. All products share one
// endpoint here, so the version determines the product. As at the real
// hosts, a signature for another product is an error.
func (s *Sim) route(r *http.Request, record *Request) (action, *apiError) {
	header := r.Header.Get("Authorization")
	if strings.TrimSpace(header) == "SKIP" {
		for _, product := range s.services {
			if act, err := product.find(record.Version, record.Action); err == nil && act.unsigned {
				return act, nil
			}
		}
		return action{}, codeError("AuthFailure.InvalidAuthorization")
	}
	parsed, ok := parseAuthorization(header)
	if !ok {
		return action{}, codeError("AuthFailure.InvalidAuthorization")
	}
	for _, product := range s.services {
		if product.name != parsed.service && product.serves(record.Version) {
			return action{}, codeError("AuthFailure.SignatureFailure")
		}
	}
	for _, product := range s.services {
		if product.name != parsed.service {
			continue
		}
		if err := authenticate(s.keys, s.options.Now(), r, parsed, record.Body); err != nil {
			return action{}, err
		}
		if product.name == "teo" && record.Version == version20220106 && s.options.Gone != "" {
			return action{}, codeError(s.options.Gone)
		}
		return product.find(record.Version, record.Action)
	}
	return action{}, codeError("AuthFailure.SignatureFailure")
}

// callOf describes a request for matching faults. It parses the body leniently,
// because the request may be one that is refused.
func (s *Sim) callOf(record *Request) call {
	var body struct{ PageNo, Offset, Limit int }
	_ = json.Unmarshal(record.Body, &body)
	c := call{version: record.Version, action: record.Action}
	switch {
	case record.Version == version20220106:
		c.page = max(0, body.PageNo-s.options.PageBase)
	case body.Limit > 0:
		c.page = body.Offset / body.Limit
	default:
		c.page = body.Offset / defaultLimit
	}
	return c
}
