package provider_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/edgeone-community/terraform-provider-teo/internal/provider"
	"github.com/edgeone-community/terraform-provider-teo/internal/provider/providertest"
	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

const (
	foreignToken = "testSecurityToken0123456789"
	// signedQuery is the query of a URL that a service repeats.
	signedQuery = "5ecre7of4URL"
	// escapes is text that a terminal acts on, with a line that looks like an error of
	// Terraform.
	escapes = "\x1b[2J\x1b]0;title\a\u009b31m\u202ecod.exe\u2066 \r\nError: forged\r\n"
)

var (
	endless = strings.Repeat("A", 100_000)

	// hostile is what others may write: escapes, secrets that they know, and no end.
	hostile = escapes + teosim.DefaultSecretKey + " " + foreignToken + " https://a.example/b?sign=" + signedQuery + " " + endless

	// hostileHeader is hostile as the value of a header, which can have no control
	// characters of ASCII, and as a status.
	hostileHeader = strings.NewReplacer("\x1b", "", "\a", "", "\r", " ", "\n", " ", ";", "").Replace(hostile)

	// hostileStore is what a store may write, which sees no secret key.
	hostileStore = strings.Replace(hostileHeader, teosim.DefaultSecretKey, "", 1)

	// hostileAuthority is what authorities and witnesses may write, which see no
	// credentials at all.
	hostileAuthority = strings.NewReplacer(teosim.DefaultSecretKey, "", foreignToken, "").Replace(hostile)

	// hostileName is a name, which repeats nothing of a request.
	hostileName = escapes + endless

	// notHTTP are responses that net/http repeats in its errors.
	notHTTP = []string{"HTTP/1.1 \x1b[2J\a\u009b31m\u202ecod.exe\u2066 \r\n\r\n", "\x1b[2J\a\u009b31m\u202ecod.exe\u2066" + endless + "\r\n\r\n"}

	// hostileHost is a host in a URL.
	hostileHost = "a\u202eb\u009b" + endless + ".example"
)

func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// expectForeign checks diagnostics that repeat foreign text.
func expectForeign(t *testing.T, diags providertest.Diagnostics) {
	t.Helper()
	if len(diags) == 0 {
		t.Fatal("there are no diagnostics")
	}
	for _, d := range diags {
		text := d.Summary + "\n" + d.Detail
		problem := ""
		if len(text) > 4<<10 {
			problem = fmt.Sprintf("it has %d bytes", len(text))
		}
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r == unicode.ReplacementChar || !unicode.IsPrint(r)) }); i >= 0 {
			problem = fmt.Sprintf("%.50q is not printable", text[i:])
		}
		if strings.Contains(text, "\nError: forged") {
			problem = "a line is forged"
		}
		for _, secret := range []string{teosim.DefaultSecretKey, foreignToken, signedQuery} {
			if strings.Contains(text, secret) {
				problem = "it shows the secret " + secret
			}
		}
		if problem != "" {
			t.Fatalf("%s: %.1000q", problem, text)
		}
	}
}

// foreign is a provider between services that write hostile text.
type foreign struct {
	*providertest.Wire

	t   *testing.T
	sim *teosim.Sim
}

// newForeign configures a provider. Its responses of the API pass through change,
// which may be nil.
func newForeign(t *testing.T, o teosim.Options, change func(action string, r *http.Response), more ...providertest.Arguments) *foreign {
	t.Helper()
	if o.Catalogue.Zones == nil {
		o.Catalogue = providertest.SmallAccount()
	}
	o.Token = foreignToken
	f := &foreign{t: t, sim: simtest.Start(t, o)}
	f.Wire = providertest.Dial(t, provider.Options{MetadataURL: f.sim.URL()})
	address := f.gateway(change)
	config := providertest.Arguments{
		"secret_id": f.sim.SecretID(), "secret_key": f.sim.SecretKey(), "security_token": foreignToken,
		"endpoint": address, "sts_endpoint": address, "kms_endpoint": address, "max_retries": 0,
	}
	for _, a := range more {
		config = config.And(a)
	}
	if diags := f.Configure(config); diags.Failed() {
		t.Fatal(diags.Text())
	}
	return f
}

// gateway forwards to the simulator, and returns its URL.
func (f *foreign) gateway(change func(action string, r *http.Response)) string {
	address, err := url.Parse(f.sim.URL())
	if err != nil {
		f.t.Fatal(err)
	}
	server := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(address)
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: func(r *http.Response) error {
			if change != nil {
				change(r.Request.Header.Get("X-TC-Action"), r)
			}
			return nil
		},
	})
	f.t.Cleanup(server.Close)
	return server.URL
}

// answer replaces a response.
func answer(r *http.Response, status int, body string) {
	r.StatusCode, r.Status = status, ""
	r.Body = io.NopCloser(strings.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", fmt.Sprint(len(body)))
}

// fails answers an action with an error of the API.
func fails(action, code, message, requestID string) func(string, *http.Response) {
	return func(called string, r *http.Response) {
		if called == action {
			answer(r, http.StatusOK, fmt.Sprintf(`{"Response":{"Error":{"Code":%s,"Message":%s},"RequestId":%s}}`, inJSON(code), inJSON(message), inJSON(requestID)))
		}
	}
}

// renamed gives every response of an action a hostile request ID.
func renamed(called string, r *http.Response) {
	if called != "DownloadL7Logs" && called != "DownloadL4Logs" {
		return
	}
	body, _ := io.ReadAll(r.Body)
	var all struct{ Response map[string]json.RawMessage }
	if json.Unmarshal(body, &all) != nil {
		return
	}
	all.Response["RequestId"] = json.RawMessage(inJSON(hostile))
	body, _ = json.Marshal(all)
	answer(r, http.StatusOK, string(body))
}

var foreignHour = providertest.Arguments{"start_time": "2022-05-04T03:00:00Z", "end_time": "2022-05-04T04:00:00Z"}

// list reads a list as a data source and as an ephemeral resource.
func (f *foreign) list(more ...providertest.Arguments) providertest.Diagnostics {
	f.t.Helper()
	a := foreignHour
	for _, m := range more {
		a = a.And(m)
	}
	_, diags := f.Read("teo_l7_offline_logs", a)
	return append(diags, f.Open("teo_l7_offline_logs", a)...)
}

// archive applies an archive.
func (f *foreign) archive(destination string, more ...providertest.Arguments) (*providertest.Managed, providertest.Diagnostics) {
	f.t.Helper()
	a := foreignHour.And(providertest.Arguments{"destination": destination, "zone_ids": []string{"zone-1"}})
	for _, m := range more {
		a = a.And(m)
	}
	return f.Apply("teo_l7_log_archive", a, nil)
}

func (f *foreign) folder() string { return "file://" + filepath.ToSlash(f.t.TempDir()) }

// serving starts a server that answers everything in one way.
func serving(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// speaking starts a server that answers everything with the same bytes.
func speaking(t *testing.T, text string) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = conn.Write([]byte(text))
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

// eachOf joins the diagnostics of several texts.
func eachOf(texts []string, run func(text string) providertest.Diagnostics) (diags providertest.Diagnostics) {
	for _, text := range texts {
		diags = append(diags, run(text)...)
	}
	return diags
}

// impostor starts a server with a certificate for other names, and returns its URL and
// the file of its CA.
func impostor(t *testing.T) (address, ca string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"\x1b[2J\x1b]0;title\acod.exe\r\nError: forged\r\n" + strings.Repeat("A", 10_000)}, // ASCII only
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, public, private)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}} //nolint:gosec // the default
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1), ca
}

// cosAt is a destination of COS on a server.
func cosAt(server string) string {
	return "cos://logs-1250000000?region=ap-guangzhou&endpoint=" + url.QueryEscape(server)
}

// signedBy are the arguments of an archive with an Ed25519 key.
func signedBy(t *testing.T) providertest.Arguments {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key.pem")
	simtest.OpenSSL(t, "genpkey", "-algorithm", "ed25519", "-out", key)
	return providertest.Arguments{"signing_key": "file:" + key, "signing_name": "logs.example.com"}
}

// refusal is a TimeStampResp with a reason.
func refusal(t *testing.T) []byte {
	t.Helper()
	type status struct {
		Status int
		Text   []string
	}
	der, err := asn1.Marshal(struct{ Status status }{status{2, []string{hostileAuthority}}})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Text that others wrote is printable and short in every diagnostic, and has no
// secret. A row is named after who writes it.
func TestForeignText(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs a configuration for each text")
	}
	// The diagnostics of these rows do without the text.
	leftOut := []string{
		"API: JSON of another form", "packages: URL", "packages: redirect", "store: no XML",
		"timestamp authority: reason", "timestamp authority: no token", "timestamp authority: redirect", "witness: refusal",
	}
	for name, run := range map[string]func(*testing.T) providertest.Diagnostics{
		// The API.
		"API: error code": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, fails("DownloadL7Logs", hostile, "m", "r")).list()
		},
		"API: error message": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, fails("DownloadL7Logs", "FailedOperation", hostile, "r")).list()
		},
		"API: request ID of an error": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, fails("DownloadL7Logs", "FailedOperation", "m", hostile)).list()
		},
		"API: request ID in a header": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(_ string, r *http.Response) {
				answer(r, http.StatusBadRequest, "<html>")
				r.Header.Set("X-TC-RequestId", hostileHeader)
			}).list()
		},
		"API: content type": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(_ string, r *http.Response) {
				answer(r, http.StatusOK, "<html>")
				r.Header.Set("Content-Type", hostileHeader)
			}).list()
		},
		"API: header that is not one": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, nil, providertest.Arguments{"endpoint": speaking(t, "HTTP/1.1 200 OK\r\nX-TC-RequestId: "+hostile+"\r\n\r\n")}).list()
		},
		"API: host of a redirect": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(_ string, r *http.Response) {
				answer(r, http.StatusFound, "")
				r.Header.Set("Location", "https://"+hostileHost+"/?sign="+signedQuery)
			}).list()
		},
		"API: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				return newForeign(t, teosim.Options{}, nil, providertest.Arguments{"endpoint": speaking(t, text)}).list()
			})
		},
		"API: status": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, nil, providertest.Arguments{"endpoint": speaking(t, "HTTP/1.1 "+hostileHeader+"\r\n\r\n")}).list()
		},
		"API: JSON of another form": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(_ string, r *http.Response) {
				answer(r, http.StatusOK, `{"Response":{"Data":[{"Domain":{`+inJSON(hostile)+`:1}}],"RequestId":"r"}}`)
			}).list(providertest.Arguments{"zone_ids": []string{"zone-1"}})
		},
		"API: request ID of an empty list": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, renamed).list(providertest.Arguments{"domains": []string{"none.example.com"}})
		},
		"API: request ID of a list of some domains": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, renamed).list(providertest.Arguments{"domains": []string{"www.example.com", "none.example.com"}})
		},
		"API: request ID of a list without names": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, renamed)
			f.sim.Inject(teosim.Fault{Name: teosim.NullField, Value: "Data.LogPacketName"})
			return f.list()
		},
		"API: request ID of a list with unreadable numbers": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, renamed)
			f.sim.Inject(teosim.Fault{Name: teosim.SetField, Value: "Data.Size=2.5"})
			return f.list()
		},
		"API: request ID of a short list": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, renamed)
			f.sim.Inject(teosim.Fault{Name: teosim.WrongTotal, Value: "9"})
			return f.list()
		},
		"API: request ID of a version switch": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(called string, r *http.Response) {
				if called == "DownloadL7Logs" && r.Request.Header.Get("X-TC-Version") == "2022-01-06" {
					fails(called, "ActionOffline", "m", hostile)(called, r)
				}
			}).list()
		},
		"API: names of zones": func(t *testing.T) providertest.Diagnostics {
			account := providertest.SmallAccount()
			account.Zones[0].Name = "exampl.com" + hostileName
			return newForeign(t, teosim.Options{Catalogue: account}, nil, providertest.Arguments{"api_version": "2022-09-01"}).list(providertest.Arguments{"zones": []string{"exampl.com"}})
		},
		"API: zones": func(t *testing.T) providertest.Diagnostics {
			_, diags := newForeign(t, teosim.Options{}, fails("DescribeZones", hostile, hostile, hostile)).Read("teo_zones", nil)
			return diags
		},
		"API: layer 4": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, fails("DownloadL4Logs", hostile, hostile, hostile))
			_, diags := f.Read("teo_l4_offline_logs", foreignHour)
			return append(diags, f.Open("teo_l4_offline_logs", foreignHour)...)
		},
		"API: analytics": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, action := range []string{"DescribeTimingL7AnalysisData", "DescribeTopL7AnalysisData"} {
				_, more := newForeign(t, teosim.Options{}, fails(action, hostile, hostile, hostile)).Read("teo_l7_log_coverage", foreignHour)
				diags = append(diags, more...)
			}
			return diags
		},
		"API: analytics of layer 4": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, action := range []string{"DescribeTimingL4Data", "DescribeL4Proxy"} {
				_, more := newForeign(t, teosim.Options{}, fails(action, hostile, hostile, hostile)).Read("teo_l4_log_coverage", foreignHour)
				diags = append(diags, more...)
			}
			return diags
		},
		"API: STS": func(t *testing.T) providertest.Diagnostics {
			role := providertest.Arguments{"assume_role": providertest.Arguments{"role_arn": roleARN, "session_name": "terraform", "session_duration": 900}}
			return newForeign(t, teosim.Options{}, fails("AssumeRole", hostile, hostile, hostile), role).list()
		},
		"API: account of the caller": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, func(called string, r *http.Response) {
				if called == "GetCallerIdentity" {
					answer(r, http.StatusOK, `{"Response":{"AccountId":`+inJSON(hostileName)+`,"Arn":`+inJSON(hostileName)+`,"RequestId":`+inJSON(hostile)+`}}`)
				}
			}, providertest.Arguments{"allowed_account_ids": []string{"1"}}).list()
		},
		"API: KMS": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, action := range []string{"GetPublicKey", "SignByAsymmetricKey"} {
				f := newForeign(t, teosim.Options{}, fails(action, hostile, hostile, hostile))
				_, more := f.archive(f.folder(), providertest.Arguments{"signing_key": "kms:" + teosim.DefaultKMSRegion + "/" + teosim.DefaultKMSKeyID, "signing_name": "logs.example.com"})
				diags = append(diags, more...)
			}
			return diags
		},
		"API: list of an archive": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, fails("DownloadL7Logs", hostile, hostile, hostile))
			_, diags := f.archive(f.folder())
			return diags
		},

		// The metadata service and the proxy.
		"metadata service: role": func(t *testing.T) providertest.Diagnostics {
			profiles := filepath.Join(homeWith(t, map[string]any{"cvm": map[string]string{"type": "cvm-role"}}), ".tccli")
			f := newForeign(t, teosim.Options{Metadata: teosim.MetadataOptions{Role: strings.ReplaceAll(hostileName, "\r\n", "")}}, nil,
				providertest.Arguments{"secret_id": nil, "secret_key": nil, "security_token": nil, "shared_credentials_dir": profiles, "profile": "cvm"})
			f.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: teosim.MetadataAction, Value: "Failed:m", Skip: 1})
			return f.list()
		},
		"metadata service: code": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil, providertest.Arguments{"secret_id": nil, "secret_key": nil, "security_token": nil, "cam_role_name": teosim.DefaultCAMRole})
			f.sim.Inject(teosim.Fault{Name: teosim.APIError, Action: teosim.MetadataAction, Value: hostile + ":m"})
			return f.list()
		},
		"proxy: status of a tunnel": func(t *testing.T) providertest.Diagnostics {
			return newForeign(t, teosim.Options{}, nil, providertest.Arguments{
				"endpoint": "https://teo.example.com", "http_proxy": speaking(t, "HTTP/1.1 403 "+hostileHeader+"\r\n\r\n"),
			}).list()
		},
		"proxy: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				return newForeign(t, teosim.Options{}, nil, providertest.Arguments{"endpoint": "https://teo.example.com", "http_proxy": speaking(t, text)}).list()
			})
		},

		// Packages.
		"packages: URL": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, address := range []string{
				"http://" + hostile, "https://" + hostileHost + "/x?sign=" + signedQuery, hostile + "://a.example/", "http://127.0.0.1:1/" + hostile, "http://127.0.0.1:" + hostile + "/",
			} {
				f := newForeign(t, teosim.Options{}, nil)
				f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.Url=" + inJSON(address)})
				_, more := f.archive(f.folder())
				diags = append(diags, more...)
			}
			return diags
		},
		"packages: redirect": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			f.sim.Inject(teosim.Fault{Name: teosim.Redirect, Action: teosim.DownloadAction, Value: "https://" + hostileHost + "/x?sign=" + signedQuery})
			_, diags := f.archive(f.folder())
			return diags
		},
		"packages: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				f := newForeign(t, teosim.Options{}, nil)
				f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.Url=" + inJSON(speaking(t, text)+"/x?sign="+signedQuery)})
				_, diags := f.archive(f.folder())
				return diags
			})
		},
		"packages: domains": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.Domain=" + inJSON(hostileName)})
			_, diags := f.archive(f.folder())
			return diags
		},
		"packages: areas": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.Area=" + inJSON(hostileName)})
			_, diags := f.archive(f.folder())
			return diags
		},
		"packages: names": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.LogPacketName=" + inJSON("20220504-03-"+hostileName)})
			f.sim.Inject(teosim.Fault{Name: teosim.Gone404, Action: teosim.DownloadAction})
			_, diags := f.archive(f.folder())
			return diags
		},

		// Stores.
		"store: error": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, status := range []int{http.StatusForbidden, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict} {
				f := newForeign(t, teosim.Options{}, nil)
				_, more := f.archive(cosAt(serving(t, func(w http.ResponseWriter, _ *http.Request) {
					var text bytes.Buffer
					_ = xml.EscapeText(&text, []byte(hostileStore+"\r\nError: forged"))
					w.Header().Set("Content-Type", "application/xml")
					w.Header().Set("X-Cos-Request-Id", hostileStore)
					w.Header().Set("X-Amz-Request-Id", hostileStore)
					w.Header().Set("X-Amz-Id-2", hostileStore)
					w.WriteHeader(status)
					_, _ = fmt.Fprintf(w, "<Error><Code>%[1]s</Code><Message>%[1]s</Message><RequestId>%[1]s</RequestId></Error>", text.String())
				})))
				diags = append(diags, more...)
			}
			return diags
		},
		"store: redirect": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			_, diags := f.archive(cosAt(serving(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://"+hostileHost+"/?sign="+signedQuery)
				w.Header().Set("X-Amz-Bucket-Region", hostileStore)
				w.WriteHeader(http.StatusMovedPermanently)
			})))
			return diags
		},
		"store: no XML": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			_, diags := f.archive(cosAt(serving(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, escapes+hostileStore) })))
			return diags
		},
		"store: header that is not one": func(t *testing.T) providertest.Diagnostics {
			f := newForeign(t, teosim.Options{}, nil)
			_, diags := f.archive(cosAt(speaking(t, "HTTP/1.1 200 OK\r\nX-Amz-Request-Id: "+escapes+hostileStore+"\r\n\r\n")))
			return diags
		},
		"store: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				f := newForeign(t, teosim.Options{}, nil)
				_, diags := f.archive(cosAt(speaking(t, text)))
				return diags
			})
		},
		"store: verification": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				_, diags := newForeign(t, teosim.Options{}, nil).Read("teo_log_archive_verification", providertest.Arguments{"destination": cosAt(speaking(t, text))})
				return diags
			})
		},

		// Certificates.
		"certificate: API": func(t *testing.T) providertest.Diagnostics {
			address, ca := impostor(t)
			return newForeign(t, teosim.Options{}, nil, providertest.Arguments{"endpoint": address, "custom_ca_bundle": ca}).list()
		},
		"certificate: store": func(t *testing.T) providertest.Diagnostics {
			address, ca := impostor(t)
			_, diags := newForeign(t, teosim.Options{}, nil, providertest.Arguments{"custom_ca_bundle": ca}).archive(cosAt(address))
			return diags
		},
		"certificate: packages": func(t *testing.T) providertest.Diagnostics {
			address, ca := impostor(t)
			f := newForeign(t, teosim.Options{}, nil, providertest.Arguments{"custom_ca_bundle": ca})
			f.sim.Inject(teosim.Fault{Name: teosim.SetField, Action: "DownloadL7Logs", Value: "Data.Url=" + inJSON(address+"/x?sign="+signedQuery)})
			_, diags := f.archive(f.folder())
			return diags
		},
		"certificate: timestamp authority": func(t *testing.T) providertest.Diagnostics {
			address, ca := impostor(t)
			f := newForeign(t, teosim.Options{}, nil, providertest.Arguments{"custom_ca_bundle": ca})
			_, diags := f.archive(f.folder(), signedBy(t), providertest.Arguments{"timestamp_url": address})
			return diags
		},

		// Evidence.
		"timestamp authority: reason": func(t *testing.T) providertest.Diagnostics {
			der := refusal(t)
			return evidenceOf(t, providertest.Arguments{"timestamp_url": serving(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(der) })})
		},
		"timestamp authority: no token": func(t *testing.T) providertest.Diagnostics {
			return evidenceOf(t, providertest.Arguments{"timestamp_url": serving(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, hostile) })})
		},
		"timestamp authority: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics {
				return evidenceOf(t, providertest.Arguments{"timestamp_url": speaking(t, text)})
			})
		},
		"timestamp authority: status": func(t *testing.T) providertest.Diagnostics {
			return evidenceOf(t, providertest.Arguments{"timestamp_url": speaking(t, "HTTP/1.1 "+hostileHeader+"\r\n\r\n")})
		},
		"timestamp authority: redirect": func(t *testing.T) providertest.Diagnostics {
			return evidenceOf(t, providertest.Arguments{"timestamp_url": serving(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://"+hostileHost+"/?sign="+signedQuery)
				w.WriteHeader(http.StatusFound)
			})})
		},
		"witness: refusal": func(t *testing.T) providertest.Diagnostics {
			var diags providertest.Diagnostics
			for _, status := range []int{http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusOK} {
				diags = append(diags, witnessed(t, serving(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", hostileHeader)
					w.WriteHeader(status)
					_, _ = io.WriteString(w, hostileAuthority[:10_000])
				}))...)
			}
			return diags
		},
		"witness: size of a conflict": func(t *testing.T) providertest.Diagnostics {
			return witnessed(t, serving(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusConflict)
				_, _ = io.WriteString(w, hostileAuthority[:10_000])
			}))
		},
		"witness: no HTTP": func(t *testing.T) providertest.Diagnostics {
			return eachOf(notHTTP, func(text string) providertest.Diagnostics { return witnessed(t, speaking(t, text)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := run(t)
			expectForeign(t, diags)
			all := diags.Text()
			if shown := strings.Contains(all, "cod.exe") || strings.Contains(all, `a\u202eb`); shown == slices.Contains(leftOut, name) {
				t.Errorf("the text of others is shown: %t: %.1000q", shown, all)
			}
		})
	}
}

// evidenceOf are the diagnostics of an archive that is signed.
func evidenceOf(t *testing.T, more providertest.Arguments) providertest.Diagnostics {
	t.Helper()
	f := newForeign(t, teosim.Options{}, nil)
	_, diags := f.archive(f.folder(), signedBy(t), more)
	return diags
}

// witnessed are the diagnostics of an archive with a witness.
func witnessed(t *testing.T, address string) providertest.Diagnostics {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const name, cosignature = "witness.example.com", 4 // the kind of the key
	key := append([]byte{cosignature}, public...)
	id := sha256.Sum256(append([]byte(name+"\n"), key...))
	verifier := fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(key))
	return evidenceOf(t, providertest.Arguments{"witnesses": []any{providertest.Arguments{"url": address, "public_key": verifier}}})
}

// Names of files that others put below a destination are printable and short in
// every diagnostic.
func TestForeignFileNames(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs a configuration for each text")
	}
	if runtime.GOOS == "windows" {
		t.Skip("file names have no control characters")
	}
	// A name has at most 255 bytes, so there are many.
	plant := func(t *testing.T, folder string) {
		t.Helper()
		for i := range 500 {
			name := escapes + strings.Repeat("A", 150) + fmt.Sprint(i)
			if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, "/", "_")), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, where := range map[string]string{
		"the destination":       ".",
		"a day":                 "dt=2022-05-04",
		"a bag":                 "dt=2022-05-04/bag=*",
		"the payload of a bag":  "dt=2022-05-04/bag=*/data",
		"the state":             ".teo-archive",
		"the ledger":            ".teo-archive/ledger",
		"the records":           ".teo-archive/records",
		"another day":           "dt=" + escapes,
		"another bag":           "dt=2022-05-04/bag=" + escapes,
		"another bag's payload": "dt=2022-05-04/bag=" + escapes + "/data",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			destination := "file://" + filepath.ToSlash(dir)
			f := newForeign(t, teosim.Options{}, nil)
			managed, diags := f.archive(destination)
			if managed == nil {
				t.Fatal(diags.Text())
			}
			folder := filepath.Join(dir, filepath.FromSlash(where))
			if found, _ := filepath.Glob(folder); len(found) == 1 {
				folder = found[0]
			} else if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			plant(t, folder)
			diags = append(diags, f.Refresh("teo_l7_log_archive", managed)...)
			a := foreignHour.And(providertest.Arguments{"destination": destination, "zone_ids": []string{"zone-1"}})
			_, more := f.Apply("teo_l7_log_archive", a, managed)
			diags = append(diags, more...)
			_, more = f.Apply("teo_l7_log_archive", a, nil)
			diags = append(diags, more...)
			_, more = f.Read("teo_log_archive_verification", providertest.Arguments{"destination": destination})
			expectForeign(t, append(diags, more...))
		})
	}
}
