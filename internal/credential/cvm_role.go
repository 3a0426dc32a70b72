package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

// DefaultMetadataURL is the metadata service of a CVM.
const DefaultMetadataURL = "http://metadata.tencentyun.com"

const (
	metadataPath    = "/latest/meta-data/cam/security-credentials/"
	metadataTimeout = 10 * time.Second
	metadataRetries = 2
)

// newMetadataTransport connects to the CVM's own network or not at all: no
// proxy may see the keys, and elsewhere than on a CVM nobody waits long.
func newMetadataTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:                 nil,
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		ResponseHeaderTimeout: 5 * time.Second,
		DisableKeepAlives:     true, // asked a few times a day
	}
}

// cvmRole gets the keys of the role that a CVM has.
type cvmRole struct {
	attribute string
	role      string // empty: whichever the CVM has
	source    string
	base      string
	pace      tcapi.Pace
	transport http.RoundTripper
	now       func() time.Time
}

// cvmRole returns the layer of cam_role_name; false where it is not set.
func (b *builder) cvmRole() (layer, bool) {
	role := b.env.first(b.options.CAMRoleName, envCAMRoleName)
	if role == "" {
		b.pass("cam_role_name", "neither it nor "+envCAMRoleName+" is set")
		return layer{}, false
	}
	return b.cvmRoleLayer(role, "role '"+role+"' of this CVM"), true
}

func (b *builder) cvmRoleLayer(role, source string) layer {
	attribute := "cam_role_name"
	if role == "" {
		attribute = "profile"
	}
	base, err := url.Parse(strings.TrimSuffix(b.options.MetadataURL, "/"))
	if err != nil || base.Host == "" {
		b.problem(attribute, "Invalid metadata service", "The URL of the metadata service cannot be read.")
	}
	return layer{
		keys: b.renewer(&cvmRole{
			attribute: attribute, role: role, source: source, now: b.options.Now, pace: b.options.STS.Pace,
			base: strings.TrimSuffix(b.options.MetadataURL, "/") + metadataPath, transport: b.options.MetadataTransport,
		}),
		describe: source,
	}
}

func (c *cvmRole) once() error { return nil }

func (c *cvmRole) issue(ctx context.Context) (issued, error) {
	keys, err := c.get(ctx)
	if err != nil {
		return issued{}, sourceFailure(ctx, c.attribute, "Unable to get the keys of the CVM's role", err)
	}
	return keys, nil
}

func (c *cvmRole) get(ctx context.Context) (issued, error) {
	role := c.role
	if role == "" {
		text, err := c.fetch(ctx, "")
		if err != nil {
			return issued{}, err
		}
		if role = strings.TrimSpace(string(text)); role == "" || strings.ContainsAny(role, "\r\n{<") {
			return issued{}, errors.New("the metadata service names no role: attach one to the CVM")
		}
	}
	body, err := c.fetch(ctx, role)
	if err != nil {
		return issued{}, err
	}
	var answer struct {
		Code, TmpSecretId, TmpSecretKey, Token string
		ExpiredTime                            int64
	}
	if json.Unmarshal(body, &answer) != nil {
		return issued{}, errors.New("the metadata service did not answer with JSON")
	}
	if answer.Code != "Success" {
		return issued{}, fmt.Errorf("the metadata service answered the code %q for the role '%s'", shortened(answer.Code), role)
	}
	if answer.TmpSecretId == "" || answer.TmpSecretKey == "" || answer.Token == "" || answer.ExpiredTime <= 0 {
		return issued{}, errors.New("the metadata service answered without a complete set of keys")
	}
	return issued{
		keys:    tcapi.Keys{SecretID: answer.TmpSecretId, SecretKey: answer.TmpSecretKey, Token: answer.Token, Source: c.source},
		at:      c.now(),
		expires: time.Unix(answer.ExpiredTime, 0),
	}, nil
}

// fetch reads from the metadata service, again after a fault of the server or
// of an open connection. One that cannot be reached is no CVM's.
func (c *cvmRole) fetch(ctx context.Context, role string) ([]byte, error) {
	retries := tcapi.NewRetries(metadataRetries, c.pace)
	for {
		body, class, err := c.fetchOnce(ctx, role)
		if err == nil {
			return body, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		wait, again := retries.After(class, 0)
		if !again {
			return nil, err
		}
		if err := tcapi.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func (c *cvmRole) fetchOnce(ctx context.Context, role string) ([]byte, tcapi.Class, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+url.PathEscape(role), nil)
	if err != nil {
		return nil, tcapi.Fatal, errors.New("the URL of the metadata service cannot be used")
	}
	// RoundTrip alone follows no redirect and keeps no cookie.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		class := tcapi.ClassOfTransport(err)
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			class = tcapi.Fatal
		}
		return nil, class, fmt.Errorf("the metadata service cannot be reached, which only a CVM can do: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxFile))
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, tcapi.Fatal, fmt.Errorf("the metadata service knows no role '%s': attach it to the CVM", role)
	case response.StatusCode != http.StatusOK:
		return nil, tcapi.ClassOfStatus(response.StatusCode), fmt.Errorf("the metadata service answered HTTP %d", response.StatusCode)
	case err != nil:
		return nil, tcapi.ClassOfTransport(err), fmt.Errorf("the answer of the metadata service broke off: %w", err)
	}
	return body, tcapi.Fatal, nil
}
