package provider

import (
	"context"
	"fmt"
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
	"github.com/edgeone-community/terraform-provider-teo/internal/evidence"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/query"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
)

// Options replace the surroundings of a provider in tests. The zero value stands
// for the real ones.
type Options struct {
	// Transport sends the API calls.
	Transport http.RoundTripper

	// Now is the local clock.
	Now func() time.Time

	// Getenv reads the environment, and Home is the user's home folder.
	Getenv func(string) string
	Home   string

	// MetadataURL is the URL of a CVM's metadata service.
	MetadataURL string

	// Pace is how long failed requests wait before a retry.
	Pace tcapi.Pace
}

// configure returns the session of a configuration. For each setting the attribute
// takes precedence over the environment. It reports all problems at once, and sends
// nothing. Missing credentials are accepted, because verifying an archive needs none.
func configure(ctx context.Context, version string, o Options, config tfsdk.Config, diags *diag.Diagnostics) *query.Session {
	// Unknown values are reported first. The rest is checked as if they were not
	// set, but credentials that are missing because of them are not reported.
	known := rejectUnknown(config, diags)
	unknown := diags.HasError()
	var m providerModel
	if problems := known.Get(ctx, &m); problems.HasError() {
		diags.Append(problems...)
		return nil
	}
	c := configuration{getenv: o.Getenv, diags: diags}
	if c.getenv == nil {
		c.getenv = os.Getenv
	}

	network := c.network(&m)
	endpoints := c.endpoints(&m)
	transport, downloads := o.Transport, o.Transport
	if transport == nil {
		// Only a simulator lists URLs of this machine.
		transport, downloads = tcapi.NewTransport(network), tcapi.NewDownloadTransport(network, endpoints.teo.Loopback())
	}
	api := tcapi.Config{
		Service:        teo.Service,
		Endpoint:       endpoints.teo,
		Limiters:       &tcapi.Limiters{PerSecond: c.requestsPerSecond(m.RequestsPerSecond)},
		Transport:      transport,
		UserAgent:      "terraform-provider-teo/" + version,
		MaxRetries:     c.maxRetries(m.MaxRetries),
		RequestTimeout: c.requestTimeout(m.RequestTimeout),
		Pace:           o.Pace,
		Observe:        logAttempt,
	}
	apiVersion := c.apiVersion(m.APIVersion)

	options := m.credentials(ctx, diags)
	options.STS = api
	options.STS.Endpoint = endpoints.sts
	options.Getenv, options.Home, options.Now = o.Getenv, o.Home, o.Now
	options.MetadataURL = o.MetadataURL
	options.Log = func(ctx context.Context, message string, fields map[string]any) { tflog.Info(ctx, message, fields) }
	credentials := c.credentials(options, unknown)
	if credentials != nil && credentials.UsesSTS() {
		c.plainHTTP(endpoints, endpoints.sts)
	}
	if diags.HasError() {
		return nil
	}
	api.Credentials, api.Region = credentials, credentials.Region()
	kms := api
	kms.Endpoint = endpoints.kms
	clock := new(query.ServiceClock)
	api.Transport = clock.Watch(transport)
	logCredentials(ctx, credentials)
	tflog.Debug(ctx, "provider configured", map[string]any{"endpoint": api.Endpoint.String(), "api_version": apiVersion})
	return &query.Session{
		TEO:         teo.New(tcapi.New(api), teo.Options{APIVersion: apiVersion, Progress: logProgress}),
		APIVersion:  apiVersion,
		Credentials: credentials,
		SigningKeys: evidence.Sources{Getenv: c.getenv, KMS: evidence.NewKMS(kms)},
		COSDomain:   endpoints.cos,
		Transport:   transport,
		Downloads:   downloads,
		Pace:        api.Pace,
		MaxRetries:  api.MaxRetries,
		Agent:       api.UserAgent,
		Now:         o.Now,
		Clock:       clock,
	}
}

// credentials returns the source of credentials, and reports what is wrong or has
// no effect.
func (c configuration) credentials(options credential.Options, unknown bool) *credential.Source {
	source, problems := credential.New(options)
	if unknown {
		return nil
	}
	for _, problem := range problems {
		c.diags.AddAttributeError(attributePath(problem.Attribute), problem.Summary, problem.Detail)
	}
	if source == nil {
		return nil
	}
	for _, warning := range source.Warnings() {
		if warning.Attribute == "" {
			c.diags.AddWarning(warning.Summary, warning.Detail)
			continue
		}
		c.diags.AddAttributeWarning(attributePath(warning.Attribute), warning.Summary, warning.Detail)
	}
	return source
}

// rejectUnknown reports arguments that are known only after apply: without them
// the provider would use other credentials, or another service. It returns the
// configuration with null in their place.
func rejectUnknown(config tfsdk.Config, diags *diag.Diagnostics) tfsdk.Config {
	config.Raw = withoutUnknown(config.Raw, "", diags)
	return config
}

// withoutUnknown reports the unknown arguments in a configuration or a block with
// the given name, and replaces them.
func withoutUnknown(v tftypes.Value, name string, diags *diag.Diagnostics) tftypes.Value {
	if v.IsFullyKnown() {
		return v
	}
	var given map[string]tftypes.Value
	if !v.Type().Is(tftypes.Object{}) || !v.IsKnown() || v.As(&given) != nil {
		diags.AddAttributeError(attributePath(name), "Unknown provider argument",
			name+" depends on a value that is known only after apply, but the provider needs it during the plan. "+
				"Apply that value first with -target, or set it from a variable or the environment.")
		return tftypes.NewValue(v.Type(), nil)
	}
	arguments := map[string]tftypes.Value{}
	for argument, value := range given {
		arguments[argument] = withoutUnknown(value, strings.TrimPrefix(name+"."+argument, "."), diags)
	}
	return tftypes.NewValue(v.Type(), arguments)
}

// attributePath returns the path of an attribute such as "assume_role.session_name".
func attributePath(dotted string) path.Path {
	parts := strings.Split(dotted, ".")
	at := path.Root(parts[0])
	for _, part := range parts[1:] {
		at = at.AtName(part)
	}
	return at
}

// configuration resolves settings and reports what is wrong with them.
type configuration struct {
	getenv func(string) string
	diags  *diag.Diagnostics
}

// setting is a resolved value and where it comes from.
type setting struct{ value, source string }

// text returns the value of the attribute or else of the variable, without
// surrounding white space.
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

// endpoints are the addresses of the services.
type endpoints struct {
	teo, sts, kms, cos tcapi.Endpoint

	scheme   string // of endpoints that are set without one
	protocol string // where scheme comes from
}

func (c configuration) endpoints(m *providerModel) endpoints {
	var e endpoints
	e.scheme, e.protocol = c.protocol(m.Protocol)
	domain := c.domain(m.Domain)
	e.teo = c.endpoint(e, "endpoint", m.Endpoint, "TENCENTCLOUD_TEO_ENDPOINT", teo.Service, domain)
	e.sts = c.endpoint(e, "sts_endpoint", m.STSEndpoint, "TENCENTCLOUD_STS_ENDPOINT", "sts", domain)
	e.kms = c.endpoint(e, "kms_endpoint", m.KMSEndpoint, "TENCENTCLOUD_KMS_ENDPOINT", evidence.KMSService, domain)
	c.plainHTTP(e, e.teo)
	if set := c.text(m.COSDomain, "TENCENTCLOUD_COS_DOMAIN"); set.value != "" {
		var err error
		if e.cos, err = tcapi.ParseEndpoint(set.value); err != nil {
			c.diags.AddAttributeError(path.Root("cos_domain"), "Invalid COS domain",
				fmt.Sprintf("The cos_domain from %s is not valid: %s. Set it to a URL such as https://cluster-123456.cos-cdc.ap-guangzhou.myqcloud.com, without the name of a bucket.", set.source, err))
		}
	}
	return e
}

// protocol returns the scheme, and where it comes from.
func (c configuration) protocol(attribute types.String) (scheme, source string) {
	set := c.text(attribute, "TENCENTCLOUD_PROTOCOL")
	switch strings.ToUpper(set.value) {
	case "", "HTTPS":
		return "https", set.source
	case "HTTP":
		return "http", set.source
	}
	c.diags.AddAttributeError(path.Root("protocol"), "Invalid protocol",
		fmt.Sprintf("The protocol %q from %s must be \"HTTPS\" or \"HTTP\".", set.value, set.source))
	return "https", set.source
}

func (c configuration) endpoint(e endpoints, name string, attribute types.String, variable, service, domain string) tcapi.Endpoint {
	set := c.text(attribute, variable)
	if set.value == "" {
		endpoint := tcapi.ServiceEndpoint(service, domain)
		endpoint.Scheme = e.scheme
		return endpoint
	}
	value := set.value
	if !strings.Contains(value, "://") {
		value = e.scheme + "://" + value
	}
	endpoint, err := tcapi.ParseEndpoint(value)
	if err != nil {
		detail := fmt.Sprintf("The %s from %s is not valid: %s.", name, set.source, err)
		if e.scheme == "http" && value != set.value {
			detail += fmt.Sprintf(" The scheme http is the protocol from %s.", e.protocol)
		}
		c.diags.AddAttributeError(path.Root(name), "Invalid endpoint", detail)
	} else if e.scheme == "http" && endpoint.Scheme != e.scheme {
		c.diags.AddAttributeWarning(path.Root("protocol"), "Protocol without effect",
			fmt.Sprintf("The protocol from %s is HTTP, but the %s from %s is a URL with its own scheme, which takes precedence.", e.protocol, name, set.source))
	}
	return endpoint
}

// plainHTTP reports an endpoint that protocol makes a plain HTTP one, unless it is
// a loopback address.
func (c configuration) plainHTTP(e endpoints, endpoint tcapi.Endpoint) {
	if e.scheme != "http" || endpoint.Scheme != "http" || endpoint.Host == "" || endpoint.Loopback() {
		return
	}
	c.diags.AddAttributeError(path.Root("protocol"), "Plain HTTP to a remote service",
		fmt.Sprintf("The protocol from %s is HTTP, which is accepted for loopback addresses only. Over plain HTTP, others could read the security token of a request to %s. "+
			"Set protocol to HTTPS, or remove it.", e.protocol, endpoint.Host))
}

func (c configuration) apiVersion(attribute types.String) string {
	set := c.text(attribute, "TENCENTCLOUD_TEO_API_VERSION")
	switch set.value {
	case "", teo.Version20220106, teo.Version20220901:
		return set.value
	}
	c.diags.AddAttributeError(path.Root("api_version"), "Invalid API version",
		fmt.Sprintf("The version %q from %s is neither %q nor %q. Remove it to let the provider choose.", set.value, set.source, teo.Version20220106, teo.Version20220901))
	return ""
}

// The ranges of numbers are checked here, because errors of schema validators would
// hide all others.

// requestsPerSecond returns 0 if each action has its own limit.
func (c configuration) requestsPerSecond(attribute types.Float64) float64 {
	n := attribute.ValueFloat64()
	if !attribute.IsNull() && (n < 0.01 || n > 1_000_000) {
		c.diags.AddAttributeError(path.Root("requests_per_second"), "Invalid number of requests per second",
			fmt.Sprintf("%g is not between 0.01 and 1000000.", n))
	}
	return n
}

func (c configuration) maxRetries(attribute types.Int64) int {
	if attribute.IsNull() {
		return tcapi.DefaultMaxRetries
	}
	n := attribute.ValueInt64()
	if n < 0 || n > 100 {
		c.diags.AddAttributeError(path.Root("max_retries"), "Invalid number of retries", fmt.Sprintf("%d is not between 0 and 100.", n))
	}
	return int(n)
}

func (c configuration) requestTimeout(attribute types.String) time.Duration {
	if attribute.IsNull() {
		return tcapi.DefaultRequestTimeout
	}
	timeout, err := time.ParseDuration(strings.TrimSpace(attribute.ValueString()))
	if err != nil || timeout <= 0 {
		c.diags.AddAttributeError(path.Root("request_timeout"), "Invalid request timeout",
			fmt.Sprintf("%q is not a positive duration. Use hours, minutes and seconds, such as \"30s\", \"2m\" or \"1h30m\".", attribute.ValueString()))
	}
	return timeout
}

// network returns the proxy and the certificate authorities of API calls and
// downloads.
func (c configuration) network(m *providerModel) tcapi.TransportOptions {
	var options tcapi.TransportOptions
	var err error
	if proxy := strings.TrimSpace(m.HTTPProxy.ValueString()); proxy != "" {
		if options.ProxyURL, err = tcapi.ParseProxy(proxy); err != nil {
			c.diags.AddAttributeError(path.Root("http_proxy"), "Invalid proxy", fmt.Sprintf("The proxy is not valid: %s.", err))
		}
	}
	if bundle := strings.TrimSpace(m.CustomCABundle.ValueString()); bundle != "" {
		if options.RootCAs, err = tcapi.LoadCABundle(bundle); err != nil {
			c.diags.AddAttributeError(path.Root("custom_ca_bundle"), "Invalid CA bundle", fmt.Sprintf("The certificates in %q cannot be used: %s.", bundle, err))
		}
	}
	return options
}
