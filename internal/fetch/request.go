package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// fault is why one attempt to download failed, and what can be done about it. It
// contains no URL.
type fault struct {
	class      tcapi.Class
	retryAfter time.Duration
	expired    bool // a fresh URL may help
	err        error
}

// Error returns the text of the cause.
func (f *fault) Error() string { return f.err.Error() }

// Unwrap returns the cause.
func (f *fault) Unwrap() error { return f.err }

// request sends the request for a package. The caller closes the body. The error is
// a *fault.
func (c *Client) request(ctx context.Context, pkg *teo.Package) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pkg.URL, http.NoBody)
	if err != nil || req.URL.Host == "" {
		return nil, &fault{err: errors.New("the listed URL cannot be used")} // err would show it
	}
	// Without this the transport would ask for compression and undo it.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", c.options.Agent)
	resp, err := c.options.Transport.RoundTrip(req)
	if err != nil {
		return nil, transportFault(ctx, pkg, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be reused
	f := &fault{
		class: tcapi.ClassOfStatus(resp.StatusCode), retryAfter: tcapi.RetryAfter(resp.Header, c.options.Now()),
		err: fmt.Errorf("%s answered %d %s", printable.Text(req.URL.Hostname(), printable.Name), resp.StatusCode, http.StatusText(resp.StatusCode)),
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		f.expired = true
	case http.StatusNotFound, http.StatusGone:
		f.expired, f.err = true, fmt.Errorf("%w: %w", ErrGone, f.err)
	}
	return nil, f
}

// transportFault classifies a failure of the network, and keeps the URL out of it: a
// server or a proxy can repeat the request.
func transportFault(ctx context.Context, pkg *teo.Package, err error) *fault {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if ctx.Err() != nil {
		f := &fault{err: context.Cause(ctx)}
		if errors.Is(f.err, ErrStalled) {
			f.class = tcapi.Transient
		}
		return f
	}
	_, query, _ := strings.Cut(pkg.URL, "?")
	return &fault{class: tcapi.ClassOfTransport(err), err: fmt.Errorf("the download broke off: %w", printable.Error(err, pkg.URL, query))}
}

// isMarkup reports whether a response is a page or an error in HTML, XML or JSON
// instead of a package. head is its beginning.
func isMarkup(header http.Header, head []byte) bool {
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return false
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) > 0 && bytes.IndexByte([]byte("<{["), text[0]) >= 0 {
		return true
	}
	media := mediaType(header)
	return media == "text/html" || strings.HasSuffix(media, "xml") || strings.HasSuffix(media, "json")
}

// describe says what was received instead of a package.
func describe(resp *http.Response) error {
	media := mediaType(resp.Header)
	if media == "" {
		media = "unknown"
	}
	return fmt.Errorf("%w (Content-Type %s)", ErrNotPackage, printable.Text(media, 60))
}

func mediaType(header http.Header) string {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}
