package teosim

// FaultName names a failure of the service, of a gateway or of the network.
type FaultName string

// Faults of the API that replace the response.
const (
	// Throttled is RequestLimitExceeded, the gateway's rate limit.
	Throttled FaultName = "Throttled"
	// ThrottledTEO is LimitExceeded.RateLimitExceeded, the rate limit of EdgeOne
	// itself.
	ThrottledTEO FaultName = "ThrottledTEO"
	// QuotaExceeded is plain LimitExceeded, a quota: waiting does not help.
	QuotaExceeded FaultName = "QuotaExceeded"
	// ServerErrorCode is InternalError, a fault inside the service.
	ServerErrorCode FaultName = "ServerErrorCode"
	// Busy is ResourceUnavailable, one of the three documented codes of
	// DownloadL7Logs.
	Busy FaultName = "Busy"
	// CamUnauthorized is UnauthorizedOperation.CamUnauthorized: the credentials lack
	// the permission.
	CamUnauthorized FaultName = "CamUnauthorized"
	// APIError is any other code; Value is "Code: message".
	APIError FaultName = "APIError"
	// ErrorWithoutCode is an Error object without a code. A client that checks only
	// the code would assume success.
	ErrorWithoutCode FaultName = "ErrorWithoutCode"
	// NotJSON is status 200 with HTML: a captive portal, a wrong endpoint.
	NotJSON FaultName = "NotJSON"
	// NullBody is the body null, which is valid JSON.
	NullBody FaultName = "NullBody"
	// EmptyObject is the body {}, which names no error.
	EmptyObject FaultName = "EmptyObject"
	// NullResponse is the body {"Response":null}, which names no error.
	NullResponse FaultName = "NullResponse"
)

// Faults of the API and of downloads that replace the response.
const (
	// BadGateway is status 502 with HTML from a load balancer.
	BadGateway FaultName = "BadGateway"
	// TooManyRequests is status 429; Value is its Retry-After, default "1".
	TooManyRequests FaultName = "TooManyRequests"
	// Redirect is status 302 to the URL in Value. Following it would send the token
	// to another host.
	Redirect FaultName = "Redirect"
	// DropConnection closes the connection without a response.
	DropConnection FaultName = "DropConnection"
	// Hang sends nothing until the client disconnects.
	Hang FaultName = "Hang"
)

// Faults that change a response in transit.
const (
	// CutBody announces the full length, sends half of the body and closes the
	// connection. It applies to the API and to downloads.
	CutBody FaultName = "CutBody"
	// Slow delays a response by Delay. A download is then sent at Value bytes a
	// second.
	Slow FaultName = "Slow"
	// TruncatedJSON is a complete HTTP body with truncated JSON.
	TruncatedJSON FaultName = "TruncatedJSON"
	// ClockSkew shifts the Date header by Delay, as a proxy with a wrong clock does.
	// Options.Now is the clock of the service itself.
	ClockSkew FaultName = "ClockSkew"
)

// Faults in the rows of a list. Refused requests do not use them up.
const (
	// NullField makes a field null, which the API definition allows for nearly all
	// fields. Value is the field (Data, TotalSize, …) or a field of every row
	// (Data.Area).
	NullField FaultName = "NullField"
	// OmitField omits a field. Value is as for NullField.
	OmitField FaultName = "OmitField"
	// SetField replaces a field. Value is the field as for NullField, also of rows
	// inside of rows, an equals sign, and the new value in JSON: "Data.Size=1500.0".
	SetField FaultName = "SetField"
	// NullRow makes the first row of the page null.
	NullRow FaultName = "NullRow"
	// EmptyPage lists no rows, although the total is larger.
	EmptyPage FaultName = "EmptyPage"
	// DuplicateRows repeats the first row of the page.
	DuplicateRows FaultName = "DuplicateRows"
	// ShiftedPage starts a page one row early, as if a package had been added while
	// the pages are read: the last row of the previous page is repeated, and one row
	// is on no page. The first page cannot shift.
	ShiftedPage FaultName = "ShiftedPage"
	// TotalChanges increases the total by one.
	TotalChanges FaultName = "TotalChanges"
	// CatalogueGrows adds a package, the first in order, which this request and all
	// later ones list. It adds nothing to a list without packages.
	CatalogueGrows FaultName = "CatalogueGrows"
	// WrongTotal sets the total to Value. A documented sample of 2022-09-01 has two
	// rows and TotalCount 1.
	WrongTotal FaultName = "WrongTotal"
)

// Faults of downloads only.
const (
	// Forbidden403 refuses a URL as if it had expired.
	Forbidden403 FaultName = "Forbidden403"
	// Gone404 is a package after its retention.
	Gone404 FaultName = "Gone404"
	// HTMLBody is status 200 with HTML, which is not a log.
	HTMLBody FaultName = "HTMLBody"
	// NotGzip is status 200 with something that is not gzip.
	NotGzip FaultName = "NotGzip"
	// TruncatedGzip has a correct Content-Length, but the last gzip member is
	// truncated: the service is appending to the package.
	TruncatedGzip FaultName = "TruncatedGzip"
	// GzipEncoding adds "Content-Encoding: gzip" to unchanged bytes. Go's default
	// transport would decompress them.
	GzipEncoding FaultName = "GzipEncoding"
)
