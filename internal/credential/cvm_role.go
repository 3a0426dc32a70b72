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

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// DefaultMetadataURL is the URL of a CVM's metadata service.
const DefaultMetadataURL = "http://metadata.tencentyun.com"

const (
	metadataPath    = "/latest/meta-data/cam/security-credentials/"
	metadataTimeout = 10 * time.Second
	metadataRetries = 2
)

// newMetadataTransport connects without a proxy, which must not see the
// credentials, and gives up soon, because only a CVM has the service.
func newMetadataTransport() http.RoundTripper {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		ResponseHeaderTimeout: 5 * time.Second,
		DisableKeepAlives:     true, // a few requests a day
	}
}

// cvmRole gets the credentials of a CVM's role.
type cvmRole struct {
	attribute string
	role      string // empty: the one that the CVM has
	source    string
	base      string
	pace      tcapi.Pace
	transport http.RoundTripper
	now       func() time.Time
}

// cvmRole returns the layer of cam_role_name.
func (b *builder) cvmRole() layer {
	role := b.env.value(b.options.CAMRoleName, envCAMRoleName)
	return b.cvmRoleLayer(role, "role '"+role+"' of this CVM")
}

func (b *builder) cvmRoleLayer(role, source string) layer {
	attribute := "cam_role_name"
	if role == "" {
		attribute = "profile"
	}
	return layer{
		credentials: b.refresher(&cvmRole{
			attribute: attribute, role: role, source: source, now: b.options.Now, pace: b.options.STS.Pace,
			base: strings.TrimSuffix(b.options.MetadataURL, "/") + metadataPath, transport: b.options.MetadataTransport,
		}),
		describe: source,
	}
}

func (c *cvmRole) singleUseError() error { return nil }

func (c *cvmRole) issue(ctx context.Context) (issued, error) {
	credentials, err := c.get(ctx)
	if err != nil {
		return issued{}, request{attribute: c.attribute, summary: "Unable to get the credentials of the CVM's role"}.failure(err)
	}
	return credentials, nil
}

func (c *cvmRole) get(ctx context.Context) (issued, error) {
	role := c.role
	if role == "" {
		text, err := c.fetch(ctx, "")
		if err != nil {
			return issued{}, err
		}
		if role = strings.TrimSpace(string(text)); role == "" || strings.ContainsAny(role, "\r\n{<") {
			return issued{}, errors.New("the CVM has no role: attach one to it")
		}
	}
	body, err := c.fetch(ctx, role)
	if err != nil {
		return issued{}, err
	}
	var answer struct {
		Code, TmpSecretId, TmpSecretKey, Token string
		ExpiredTime                            tcapi.Integer
	}
	err = json.Unmarshal(body, &answer)
	if field, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && field.Field != "" {
		return issued{}, fmt.Errorf("the metadata service returned a field %s of another type than expected", field.Field)
	}
	if err != nil {
		return issued{}, errors.New("the metadata service did not return JSON")
	}
	if answer.Code != "Success" {
		return issued{}, fmt.Errorf("the metadata service returned the code \"%s\" for the role '%s'", printable.Text(answer.Code, printable.Name), printable.Text(role, printable.Name))
	}
	if answer.TmpSecretId == "" || answer.TmpSecretKey == "" || answer.Token == "" || answer.ExpiredTime.Value <= 0 {
		return issued{}, errors.New("the metadata service returned incomplete credentials")
	}
	return issued{
		credentials: tcapi.Credentials{SecretID: answer.TmpSecretId, SecretKey: answer.TmpSecretKey, Token: answer.Token, Source: c.source},
		at:          c.now(),
		expires:     time.Unix(answer.ExpiredTime.Value, 0),
	}, nil
}

// fetch reads from the metadata service. It retries after a failure of the server
// or of an open connection, but not if there is no server.
func (c *cvmRole) fetch(ctx context.Context, role string) ([]byte, error) {
	retries := tcapi.NewRetries(metadataRetries, c.pace)
	for {
		body, class, err := c.fetchOnce(ctx, role)
		if err == nil {
			return body, nil
		}
		pause, again := retries.After(class, 0)
		if !again {
			return nil, err
		}
		if err := wait.For(ctx, pause); err != nil {
			return nil, err
		}
	}
}

func (c *cvmRole) fetchOnce(ctx context.Context, role string) ([]byte, tcapi.Class, error) {
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+url.PathEscape(role), nil)
	if err != nil {
		return nil, tcapi.Fatal, errors.New("the URL of the metadata service is not valid")
	}
	// RoundTrip follows no redirect and stores no cookie.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		class := tcapi.ClassOfTransport(err)
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
			class = tcapi.Fatal
		}
		return nil, class, fmt.Errorf("the metadata service, which only a CVM can reach, did not respond: %w", printable.Error(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxFile))
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, tcapi.Fatal, fmt.Errorf("the CVM does not have the role '%s': attach it to the CVM", printable.Text(role, printable.Name))
	case response.StatusCode != http.StatusOK:
		return nil, tcapi.ClassOfStatus(response.StatusCode), fmt.Errorf("the metadata service returned HTTP %d", response.StatusCode)
	case err != nil:
		return nil, tcapi.ClassOfTransport(err), fmt.Errorf("the response of the metadata service ended early: %w", printable.Error(err))
	}
	return body, tcapi.Fatal, nil
}
