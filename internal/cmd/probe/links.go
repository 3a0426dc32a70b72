package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// urlForm describes a URL without what identifies the account: the last labels of
// the host, the shape of the path, and the names of the parameters.
func (p *prober) urlForm(ctx context.Context) (string, error) {
	u, err := url.Parse(p.sample.packages[0].URL)
	if err != nil || u.Host == "" {
		return "not a URL", nil //nolint:nilerr // an answer too
	}
	status, header, err := p.firstByte(ctx, p.sample.packages[0].URL)
	if err != nil {
		return "", err
	}
	present := []string{}
	for _, name := range []string{"Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Type", "ETag", "Last-Modified"} {
		if header.Get(name) != "" {
			present = append(present, name)
		}
	}
	return fmt.Sprintf("`%s`; a request for its first byte is answered with status %d and %s",
		shape(u, p.sample.host()), status, strings.Join(present, ", ")), nil
}

// shape replaces the digits and letters of a URL, except for the end of the host
// and the suffix of the path.
func shape(u *url.URL, host string) string {
	labels := strings.Split(u.Hostname(), ".")
	end := strings.Join(labels[max(0, len(labels)-3):], ".")
	if len(labels) > 3 {
		end = "…." + end
	}
	path := strings.ReplaceAll(u.Path, host, "\x00")
	suffix := ""
	if at := strings.Index(path, ".log"); at >= 0 {
		path, suffix = path[:at], path[at:]
	}
	if len(suffix) > len(".log.gz") {
		suffix = ""
	}
	path = strings.ReplaceAll(masked(path), "\x00", "DOMAIN")
	query := ""
	if parameters := u.Query(); len(parameters) > 0 {
		var names []string
		for name := range parameters {
			names = append(names, name+"=…")
		}
		slices.Sort(names)
		query = "?" + strings.Join(names, "&")
	}
	return u.Scheme + "://" + digits.ReplaceAllString(end, "9") + path + suffix + query
}

var (
	digits = regexp.MustCompile(`\d+`)
	words  = regexp.MustCompile(`[[:alnum:]]+`)
)

// masked keeps only the lengths of the words of a text: 9 stands for the digits of a
// number, a for the letters of a word, x for the rest, such as hashes.
func masked(text string) string {
	return words.ReplaceAllStringFunc(text, func(word string) string {
		letter := "x"
		switch {
		case strings.IndexFunc(word, isNotDigit) < 0:
			letter = "9"
		case strings.IndexFunc(word, unicode.IsDigit) < 0:
			letter = "a"
		}
		return strings.Repeat(letter, len(word))
	})
}

func isNotDigit(r rune) bool { return !unicode.IsDigit(r) }

// errNoConnection is the failure of a download. The error of the transport is left
// out, because it repeats the URL.
var errNoConnection = errors.New("the package could not be downloaded: no HTTP response")

var errRefusedAddress = errors.New("the package was not requested: its URL points at a loopback, link-local, multicast or metadata address")

// firstByte requests the first byte of a package.
func (p *prober) firstByte(ctx context.Context, link string) (int, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return 0, nil, errNoConnection
	}
	req.Header.Set("Range", "bytes=0-0")
	resp, err := p.files.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return 0, nil, cause
		}
		if _, refused := errors.AsType[*tcapi.RefusedAddressError](err); refused {
			return 0, nil, errRefusedAddress
		}
		return 0, nil, errNoConnection
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 1)
	return resp.StatusCode, resp.Header, nil
}

// unixTime matches a time in Unix seconds of this century.
var unixTime = regexp.MustCompile(`\b\d{10}\b`)

// urlLifetime reads the times in a URL and, if asked to wait, tries the URL until
// it is refused.
func (p *prober) urlLifetime(ctx context.Context) (string, error) {
	fresh, err := p.list(ctx, p.sample.request(1))
	if err != nil || len(fresh.Data) == 0 {
		return "", err
	}
	link, listed := fresh.Data[0].URL, p.now()
	said := lifetimeIn(link, listed)
	if p.wait <= 0 {
		return said + "; `make probe PROBEFLAGS='-wait 25h'` tries it", nil
	}
	every := min(p.wait, max(10*time.Minute, p.wait/100))
	for good := time.Duration(0); ; {
		status, _, err := p.firstByte(ctx, link)
		if err != nil {
			return "", err
		}
		age := p.now().Sub(listed).Truncate(time.Second)
		if status >= http.StatusBadRequest {
			return fmt.Sprintf("%s; it worked after %s and was refused with status %d after %s", said, good, status, age), nil
		}
		if good = age; good >= p.wait {
			return fmt.Sprintf("%s; it still worked after %s", said, good), nil
		}
		if err := p.sleep(ctx, every); err != nil {
			return "", err
		}
	}
}

// lifetimeIn says which parameters of a URL are times, relative to now.
func lifetimeIn(link string, now time.Time) string {
	u, err := url.Parse(link)
	if err != nil {
		return "not a URL"
	}
	var found []string
	for name, values := range u.Query() {
		for _, text := range unixTime.FindAllString(strings.Join(values, ";"), -1) {
			seconds, _ := strconv.ParseInt(text, 10, 64)
			d := time.Unix(seconds, 0).Sub(now).Round(time.Minute)
			if d > -time.Hour && d < 400*24*time.Hour {
				found = append(found, fmt.Sprintf("`%s` is %s from now", name, d))
			}
		}
	}
	if len(found) == 0 {
		return "its parameters contain no time"
	}
	slices.Sort(found)
	return strings.Join(found, ", ")
}
