package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/edgeone-community/terraform-provider-teo/internal/credential"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

const (
	defaultMaxRetries     = 5
	defaultRequestTimeout = time.Minute
)

// configure makes a session of the configuration: attribute, then environment,
// then default. It reports all problems at once, and sends nothing.
func (p *teoProvider) configure(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) *session {
	// What is not known is said first; the rest is then checked as if it were
	// not set, but what is missing because of it is not reported again.
	known := rejectUnknown(config, diags)
	unknown := diags.HasError()
	var m providerModel
	if problems := known.Get(ctx, &m); problems.HasError() {
		diags.Append(problems...)
		return nil
	}
	c := configuration{getenv: p.options.Getenv, diags: diags}
	if c.getenv == nil {
		c.getenv = os.Getenv
	}

	transport := c.transport(&m, p.options.Transport)
	domain := c.domain(m.Domain)
	limiters := &tcapi.Limiters{PerSecond: c.requestsPerSecond(m.RequestsPerSecond)}
	api := tcapi.Config{
		Service:        teo.Service,
		Endpoint:       c.endpoint("endpoint", m.Endpoint, "TENCENTCLOUD_TEO_ENDPOINT", teo.Service, domain),
		Limiters:       limiters,
		Transport:      transport,
		UserAgent:      "terraform-provider-teo/" + p.version,
		MaxRetries:     c.maxRetries(m.MaxRetries),
		RequestTimeout: c.requestTimeout(m.RequestTimeout),
		Pace:           p.options.Pace,
		Observe:        logAttempt,
	}
	apiVersion := c.apiVersion(m.APIVersion)

	options := m.credentials(ctx, diags)
	options.STS = api
	options.STS.Endpoint = c.endpoint("sts_endpoint", m.STSEndpoint, "TENCENTCLOUD_STS_ENDPOINT", "sts", domain)
	options.Getenv, options.Home, options.Now = p.options.Getenv, p.options.Home, p.options.Now
	options.MetadataURL = p.options.MetadataURL
	options.Log = func(ctx context.Context, message string, fields map[string]any) { tflog.Debug(ctx, message, fields) }
	keys, problems := credential.New(options)
	for _, problem := range problems {
		if !unknown {
			diags.AddAttributeError(attributePath(problem.Attribute), problem.Summary, problem.Detail)
		}
	}
	if keys != nil && keys.Err() != nil && !unknown {
		diags.AddAttributeError(path.Root("secret_id"), "Missing provider credentials", missingKeys(keys.Err()))
	}
	if diags.HasError() {
		return nil
	}
	api.KeySource, api.Region = keys, keys.Region()
	tflog.Debug(ctx, "configured", map[string]any{
		"endpoint": api.Endpoint.String(), "key_source": keys.String(), "api_version": apiVersion,
	})
	return &session{
		teo:        teo.New(tcapi.New(api), teo.Options{APIVersion: apiVersion, Progress: logProgress}),
		apiVersion: apiVersion,
		transport:  transport,
		pace:       api.Pace,
		maxRetries: api.MaxRetries,
		agent:      api.UserAgent,
		now:        p.options.Now,
	}
}

// rejectUnknown reports attributes that are only known after apply: a provider
// that is configured half would ask with the wrong keys, or the wrong service.
// It returns the configuration with null in their place.
func rejectUnknown(config tfsdk.Config, diags *diag.Diagnostics) tfsdk.Config {
	var given map[string]tftypes.Value
	if err := config.Raw.As(&given); err != nil {
		return config
	}
	// What As gives is the configuration's own map.
	attributes := maps.Clone(given)
	for name, value := range given {
		if value.IsFullyKnown() {
			continue
		}
		diags.AddAttributeError(path.Root(name), "Unknown provider argument",
			name+" depends on something that is only known after apply, but the provider needs it to read. "+
				"Apply that first with -target, or give the value by a variable or the environment.")
		attributes[name] = tftypes.NewValue(value.Type(), nil)
	}
	config.Raw = tftypes.NewValue(config.Raw.Type(), attributes)
	return config
}

// missingKeys says where keys were looked for.
func missingKeys(err error) string {
	return "Set secret_id and secret_key in the provider, or TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY in the environment; keys are made in the console under Access Management. " +
		"The documentation of the provider lists all ways to sign in.\n\nWithout keys no request can be signed: " + err.Error() + "."
}

// attributePath is the path of "assume_role.session_name".
func attributePath(dotted string) path.Path {
	parts := strings.Split(dotted, ".")
	at := path.Root(parts[0])
	for _, part := range parts[1:] {
		at = at.AtName(part)
	}
	return at
}

// configuration resolves attributes and collects what is wrong with them.
type configuration struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

// setting is a resolved text and where it comes from.
type setting struct{ value, source string }

// text takes the attribute, else the variable. White space around it is dropped.
func (c configuration) text(attribute types.String, variable string) setting {
	if !attribute.IsNull() {
		return setting{strings.TrimSpace(attribute.ValueString()), "the provider configuration"}
	}
	if value := strings.TrimSpace(c.getenv(variable)); value != "" {
		return setting{value, "the environment (" + variable + ")"}
	}
	return setting{}
}

func (c configuration) domain(attribute types.String) string {
	set := c.text(attribute, "TENCENTCLOUD_DOMAIN")
	if set.value == "" {
		return tcapi.DefaultDomain
	}
	domain, err := tcapi.ParseDomain(set.value)
	if err != nil {
		c.diags.AddAttributeError(path.Root("domain"), "Invalid domain", fmt.Sprintf("The domain from %s is not valid: %s.", set.source, err))
	}
	return domain
}

func (c configuration) endpoint(name string, attribute types.String, variable, service, domain string) tcapi.Endpoint {
	set := c.text(attribute, variable)
	if set.value == "" {
		return tcapi.ServiceEndpoint(service, domain)
	}
	endpoint, err := tcapi.ParseEndpoint(set.value)
	if err != nil {
		c.diags.AddAttributeError(path.Root(name), "Invalid endpoint", fmt.Sprintf("The %s from %s is not valid: %s.", name, set.source, err))
	}
	return endpoint
}

func (c configuration) apiVersion(attribute types.String) string {
	set := c.text(attribute, "TENCENTCLOUD_TEO_API_VERSION")
	switch set.value {
	case "", teo.Version20220106, teo.Version20220901:
		return set.value
	}
	c.diags.AddAttributeError(path.Root("api_version"), "Invalid API version",
		fmt.Sprintf("%q, from %s, is neither %q nor %q. Leave it out to let the provider choose.", set.value, set.source, teo.Version20220106, teo.Version20220901))
	return ""
}

// The bounds of numbers are looked at here and not by validators of the schema:
// those would be told alone, before everything else.

// requestsPerSecond is 0 where each action keeps to its own limit.
func (c configuration) requestsPerSecond(attribute types.Float64) float64 {
	n := attribute.ValueFloat64()
	if !attribute.IsNull() && (n < 0.01 || n > 1_000_000) {
		c.diags.AddAttributeError(path.Root("requests_per_second"), "Invalid number of requests a second",
			fmt.Sprintf("%g is not between 0.01 and 1000000.", n))
	}
	return n
}

func (c configuration) maxRetries(attribute types.Int64) int {
	if attribute.IsNull() {
		return defaultMaxRetries
	}
	n := attribute.ValueInt64()
	if n < 0 || n > 100 {
		c.diags.AddAttributeError(path.Root("max_retries"), "Invalid number of retries", fmt.Sprintf("%d is not between 0 and 100.", n))
	}
	return int(n)
}

func (c configuration) requestTimeout(attribute types.String) time.Duration {
	if attribute.IsNull() {
		return defaultRequestTimeout
	}
	timeout, err := time.ParseDuration(strings.TrimSpace(attribute.ValueString()))
	if err != nil || timeout <= 0 {
		c.diags.AddAttributeError(path.Root("request_timeout"), "Invalid request timeout",
			fmt.Sprintf("%q is not a length of time above 0, such as \"30s\" or \"2m\".", attribute.ValueString()))
	}
	return timeout
}

// transport carries calls and downloads.
func (c configuration) transport(m *providerModel, given http.RoundTripper) http.RoundTripper {
	var options tcapi.TransportOptions
	var err error
	if proxy := strings.TrimSpace(m.HTTPProxy.ValueString()); proxy != "" {
		if options.ProxyURL, err = tcapi.ParseProxy(proxy); err != nil {
			c.diags.AddAttributeError(path.Root("http_proxy"), "Invalid proxy", fmt.Sprintf("The proxy is not valid: %s.", err))
		}
	}
	if bundle := strings.TrimSpace(m.CustomCABundle.ValueString()); bundle != "" {
		if options.RootCAs, err = tcapi.LoadCABundle(bundle); err != nil {
			c.diags.AddAttributeError(path.Root("custom_ca_bundle"), "Invalid CA bundle", fmt.Sprintf("The certificates of %q cannot be used: %s.", bundle, err))
		}
	}
	if given != nil {
		return given
	}
	return tcapi.NewTransport(options)
}
