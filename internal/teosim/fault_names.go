package teosim

// FaultName names a behaviour of the real service, of a gateway or of the
// network on the way to it.
type FaultName string

// Faults of the API that answer in place of EdgeOne.
const (
	// Throttled is RequestLimitExceeded, the gateway's rate limit.
	Throttled FaultName = "Throttled"
	// ThrottledTEO is LimitExceeded.RateLimitExceeded, the limit of EdgeOne
	// itself: another code for the same.
	ThrottledTEO FaultName = "ThrottledTEO"
	// QuotaExceeded is plain LimitExceeded, a quota: waiting does not help.
	QuotaExceeded FaultName = "QuotaExceeded"
	// ServerErrorCode is InternalError, a fault inside the service.
	ServerErrorCode FaultName = "ServerErrorCode"
	// Busy is ResourceUnavailable, one of the three codes that the page of
	// DownloadL7Logs lists.
	Busy FaultName = "Busy"
	// CamUnauthorized is UnauthorizedOperation.CamUnauthorized: keys without
	// the permission.
	CamUnauthorized FaultName = "CamUnauthorized"
	// APIError is any other code; Value is "Code: message".
	APIError FaultName = "APIError"
	// ErrorWithoutCode is an Error object without its code, which a client that
	// asks for the code alone takes for success.
	ErrorWithoutCode FaultName = "ErrorWithoutCode"
	// NotJSON is status 200 with HTML: a captive portal, a wrong endpoint.
	NotJSON FaultName = "NotJSON"
	// NullBody is the body null, on which the SDK panics.
	NullBody FaultName = "NullBody"
	// EmptyObject is the body {}, which the SDK takes for success.
	EmptyObject FaultName = "EmptyObject"
	// NullResponse is the body {"Response":null}, which the SDK takes for
	// success.
	NullResponse FaultName = "NullResponse"
)

// Faults that answer in place of EdgeOne, of the API and of downloads.
const (
	// BadGateway is status 502 with HTML from a load balancer.
	BadGateway FaultName = "BadGateway"
	// TooManyRequests is status 429; Value is its Retry-After, default "1".
	TooManyRequests FaultName = "TooManyRequests"
	// Redirect is status 302 to the URL in Value; following it would carry the
	// token to another host.
	Redirect FaultName = "Redirect"
	// DropConnection closes the connection before anything is answered.
	DropConnection FaultName = "DropConnection"
	// Hang answers nothing until the client goes away.
	Hang FaultName = "Hang"
)

// Faults that change an answer on its way.
const (
	// CutBody promises the whole length, sends a half and closes the
	// connection. Of the API and of downloads.
	CutBody FaultName = "CutBody"
	// Slow delays an answer of the API by Delay; a download it sends with so
	// many bytes a second as Value says, after Delay.
	Slow FaultName = "Slow"
	// TruncatedJSON is a complete HTTP body whose JSON ends in the middle.
	TruncatedJSON FaultName = "TruncatedJSON"
	// ClockSkew shifts the Date header by Delay, as a proxy with a wrong clock
	// does. (A service whose clock is off is Options.Now.)
	ClockSkew FaultName = "ClockSkew"
)

// Faults in what an answered request lists. Requests that are refused do not
// use them up.
const (
	// NullField makes a field null, which the definitions allow for nearly all.
	// Value is the field (Data, TotalSize, …), or a field of every row
	// (Data.Area).
	NullField FaultName = "NullField"
	// OmitField leaves a field out; Value as for NullField.
	OmitField FaultName = "OmitField"
	// NullRow makes the first row of the page null.
	NullRow FaultName = "NullRow"
	// EmptyPage lists nothing, while the total says that there is more.
	EmptyPage FaultName = "EmptyPage"
	// DuplicateRows lists the first row of the page once more, in addition.
	DuplicateRows FaultName = "DuplicateRows"
	// ShiftedPage starts a page one row early, as when a package was added
	// while pages are read: the last row of the page before comes again, and
	// one row is on no page. The first page cannot shift.
	ShiftedPage FaultName = "ShiftedPage"
	// TotalChanges makes the total one more than it is.
	TotalChanges FaultName = "TotalChanges"
	// CatalogueGrows adds a package, first in order, that the request that meets
	// this fault lists (and every later one). Nothing is added to a listing
	// without packages.
	CatalogueGrows FaultName = "CatalogueGrows"
	// WrongTotal makes the total the number in Value: a documented sample of
	// 2022-09-01 has two rows and TotalCount 1.
	WrongTotal FaultName = "WrongTotal"
)

// Faults of downloads only.
const (
	// Forbidden403 refuses a URL as if it had expired.
	Forbidden403 FaultName = "Forbidden403"
	// Gone404 is a package that is past its retention.
	Gone404 FaultName = "Gone404"
	// HTMLBody is status 200 with HTML, which must not be archived as a log.
	HTMLBody FaultName = "HTMLBody"
	// NotGzip is status 200 with something that is not gzip.
	NotGzip FaultName = "NotGzip"
	// TruncatedGzip has its proper length, but the last gzip member is cut: a
	// package that is being appended to.
	TruncatedGzip FaultName = "TruncatedGzip"
	// GzipEncoding adds "Content-Encoding: gzip" to unchanged bytes, at which a
	// client that does not look decompresses what it wanted to keep.
	GzipEncoding FaultName = "GzipEncoding"
)
