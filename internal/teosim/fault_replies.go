package teosim

import (
	"cmp"
	"net/http"
	"strings"
)

// faultReply returns the response of a fault that replaces that of the API, and its
// error code. It is not ok for other faults.
func faultReply(f Fault, requestID string, english bool) (reply, string, bool) {
	code := func(c string) (reply, string, bool) {
		return errorReply(codeError(c), requestID, english), c, true
	}
	body := func(text string) (reply, string, bool) {
		return reply{status: http.StatusOK, contentType: jsonType, body: []byte(text)}, "", true
	}
	switch f.Name {
	case Throttled:
		return code("RequestLimitExceeded")
	case ThrottledTEO:
		return code("LimitExceeded.RateLimitExceeded")
	case QuotaExceeded:
		return code("LimitExceeded")
	case ServerErrorCode:
		return code("InternalError")
	case Busy:
		return code("ResourceUnavailable")
	case CamUnauthorized:
		return code("UnauthorizedOperation.CamUnauthorized")
	case APIError:
		c, message, _ := strings.Cut(f.Value, ":")
		message = strings.TrimSpace(message)
		return errorReply(&apiError{c, message, message}, requestID, english), c, true
	case ErrorWithoutCode:
		return body(`{"Response":{"Error":{"Message":"an error has occurred"},"RequestId":"` + requestID + `"}}`)
	case NullBody:
		return body("null")
	case EmptyObject:
		return body("{}")
	case NullResponse:
		return body(`{"Response":null}`)
	case NotJSON:
		return reply{status: http.StatusOK, contentType: htmlType, body: []byte(htmlPage("Welcome"))}, "", true
	}
	answer, ok := gatewayReply(f)
	return answer, "", ok
}

// gatewayReply returns the response of a fault between client and service.
func gatewayReply(f Fault) (reply, bool) {
	page := func(status int, header map[string]string) (reply, bool) {
		title := http.StatusText(status)
		return reply{status: status, contentType: htmlType, header: header, body: []byte(htmlPage(title))}, true
	}
	switch f.Name {
	case BadGateway:
		return page(http.StatusBadGateway, nil)
	case TooManyRequests:
		return page(http.StatusTooManyRequests, map[string]string{"Retry-After": cmp.Or(f.Value, "1")})
	case Redirect:
		return page(http.StatusFound, map[string]string{"Location": f.Value})
	case DropConnection, Hang:
		return reply{}, true // nothing is sent
	}
	return reply{}, false
}
