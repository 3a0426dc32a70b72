package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/simtest"
	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teosim"
)

var noon = time.Date(2022, 5, 8, 12, 0, 0, 0, time.UTC)

// account has one zone: a domain with a package for each hour of a week, except
// for one hour, and a wildcard domain that is listed under a sub-domain.
func account() teosim.Catalogue {
	zone := teosim.Zone{ID: "zone-2secret0001", Name: "secret.example"}
	c := teosim.Catalogue{Zones: []teosim.Zone{zone}}
	for n := range 7 * 24 {
		start := noon.Add(time.Duration(n-8*24) * time.Hour)
		for _, host := range []string{"www.secret.example", "a.wild.secret.example"} {
			pkg := teosim.Package{
				ZoneID: zone.ID, Host: host, Area: "mainland", Name: teosim.PackageName(host, start, time.Hour),
				Start: start, End: start.Add(time.Hour), LogTime: start.Unix(),
				Uncounted: strings.HasPrefix(host, "a."),
			}
			if n != 100 {
				c.L7 = append(c.L7, pkg)
			}
			if host == "a.wild.secret.example" {
				pkg.Host, pkg.Uncounted, pkg.Lost = "*.wild.secret.example", false, true
				if n != 100 {
					c.L7 = append(c.L7, pkg)
				}
			}
		}
	}
	return c
}

// probe returns the answers to the questions by their text, and the whole report.
func probe(t *testing.T, options teosim.Options, changes ...func(*prober)) (answers map[string]string, report string) {
	t.Helper()
	options.ServiceTime = noon
	if len(options.Catalogue.Zones) == 0 {
		options.Catalogue = account()
	}
	sim := simtest.Start(t, options)
	p := newProber(simtest.Client(t, sim).Config)
	p.now = sim.Now
	p.sleep = func(_ context.Context, d time.Duration) error {
		sim.MoveClock(d)
		return nil
	}
	for _, change := range changes {
		change(p)
	}
	report, err := p.report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	answers = map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.*\?) \| (.*) \|$`).FindAllStringSubmatch(report, -1) {
		answers[row[1]] = row[2]
	}
	return answers, report
}

const (
	oldVersion = "Does the service still answer API 2022-01-06?"
	pageBase   = "Is the first page of API 2022-01-06 page 0 or page 1?"
	oldLength  = "How long may a page of API 2022-01-06 be?"
	length     = "How long may a page of API 2022-09-01 be?"
	order      = "In which order are the rows?"
	counts     = "Does the total count match the number of rows?"
	window     = "Which packages does a time range list?"
	longest    = "How long may a time range be?"
	noZones    = "Which zones does a list without zone IDs have?"
	everyZone  = `Does ["*"] mean every zone?`
	spellings  = "Which spellings of a domain are found?"
	urlForm    = "What form has a URL?"
	lifetime   = "How long is a URL valid?"
	sparse     = "Do the analytics leave out hours without traffic?"
	lookBack   = "How far do the analytics look back?"
	wildcards  = "Under which name are the packages of a wildcard domain listed?"
)

func TestEachQuestionIsAnswered(t *testing.T) {
	t.Parallel()
	answers, _ := probe(t, teosim.Options{PageBase: 1, AllowEmptyWindow: true})
	want := map[string]string{
		oldVersion: "yes, with an area",
		pageBase:   "page 1; page 0 has the same rows",
		oldLength: "300: accepted, size applied 300, 96 rows; 1000: accepted, size applied 1000, 96 rows; " +
			"2000: accepted, size applied 1000, 96 rows; 10000: accepted, size applied 1000, 96 rows",
		length: "300: accepted, 96 rows; 301: `InvalidParameterValue`; 1000: `InvalidParameterValue`",
		order:  "latest first; the same when asked again",
		counts: "yes",
		window: "of a package of 1h0m0s: the second before it does not list it, its first second lists it, " +
			"a second in its middle lists it, the second at its end does not list it; times have the offset Z",
		longest:   "empty: accepted; 31 days: accepted; 92 days: accepted; 183 days: accepted; 366 days: accepted",
		noZones:   "left out: `MissingParameter`; an empty list: 0 packages (96 with the zone's ID)",
		everyZone: "lists: 0 packages (96 with the zone's ID); analytics: accepted, 24 points",
		spellings: "as listed: 48 packages; upper case: 0 packages; a dot at the end: 0 packages; its parent domain: 0 packages; " +
			`"*": 0 packages; a wildcard of its parent domain: 0 packages`,
		urlForm: "`http://….9.9.9/aaaa/9999999999/99999999/9999999999-DOMAIN-xxxxxxxxxxxxxxxx.log.gz?sign=…&t=…`; " +
			"a request for its first byte is answered with status 200 and Content-Length, Content-Type",
		lifetime: "`t` is 1h0m0s from now; `make probe PROBEFLAGS='-wait 25h'` tries it",
		sparse:   "of 168 hours: 168 points, 1 of them 0",
		lookBack: "7 days: 24 points, 0 of them 0; 31 days: 24 points, 24 of them 0; 62 days: 24 points, 24 of them 0; " +
			"92 days: 24 points, 24 of them 0; 183 days: 24 points, 24 of them 0; 366 days: 24 points, 24 of them 0",
		wildcards: "of 2 domains with traffic 1 are wildcards; 0 of these have packages of the same name, 1 have packages of a sub-domain",
	}
	if len(answers) != len(want) || len(questions()) != len(want) {
		t.Errorf("%d answers to %d questions, want %d", len(answers), len(questions()), len(want))
	}
	for question, answer := range want {
		if answers[question] != answer {
			t.Errorf("%s\n%q, want\n%q", question, answers[question], answer)
		}
	}
}

// The guide and the probe have the same questions, in the same order.
func TestTheGuideHasTheQuestions(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "guides", "undocumented.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## The questions")
	var documented, asked []string
	for _, row := range regexp.MustCompile(`(?m)^\| ([^?|]*\?)`).FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
	}
	for _, q := range questions() {
		asked = append(asked, q.text)
	}
	if !slices.Equal(documented, asked) {
		t.Errorf("the guide has\n%q, the probe asks\n%q", documented, asked)
	}
}

// The simulator has each behaviour that the service may have; each has its answer.
func TestAnswersFollowTheService(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options        teosim.Options
		question, want string
	}{
		"2022-01-06 is gone":        {teosim.Options{Gone: "ActionOffline"}, oldVersion, "no: `ActionOffline`"},
		"its pages cannot be asked": {teosim.Options{Gone: "ActionOffline"}, pageBase, "not answered: `ActionOffline`"},
		"no area":                   {teosim.Options{OldRowsWithoutArea: true}, oldVersion, "yes, without an area"},
		"pages from 0":              {teosim.Options{PageBase: 0}, pageBase, "page 0"},
		"page 0 is refused":         {teosim.Options{PageBase: 1, StrictPage: true}, pageBase, "page 1; page 0 is refused: `InvalidParameterValue`"},
		"shorter pages":             {teosim.Options{MaxLimit: 1000}, length, "300: accepted, 96 rows; 301: accepted, 96 rows; 1000: accepted, 96 rows"},
		"a count that is too small": {teosim.Options{Undercount: 1}, counts, "no: it counts 95 and lists 96"},
		"no empty time range":       {teosim.Options{}, longest, "empty: `InvalidParameter`; 31 days: accepted; 92 days: accepted; 183 days: accepted; 366 days: accepted"},
		"no zones":                  {teosim.Options{EmptyWithoutZoneIDs: true}, noZones, "left out: 0 packages (96 with the zone's ID); an empty list: 0 packages (96 with the zone's ID)"},
		"hours left out":            {teosim.Options{Analytics: teosim.AnalyticsOptions{Sparse: true}}, sparse, "of 168 hours: 167 points, 0 of them 0"},
		"a short memory": {
			teosim.Options{Analytics: teosim.AnalyticsOptions{LookBack: 40 * 24 * time.Hour}},
			lookBack,
			"7 days: 24 points, 0 of them 0; 31 days: 24 points, 24 of them 0; 62 days: `LimitExceeded.QueryTimeLimitExceeded`; " +
				"92 days: `LimitExceeded.QueryTimeLimitExceeded`; 183 days: `LimitExceeded.QueryTimeLimitExceeded`; 366 days: `LimitExceeded.QueryTimeLimitExceeded`",
		},
		"another time zone": {
			teosim.Options{TimeZone: time.FixedZone("", 8*60*60)},
			window,
			"of a package of 1h0m0s: the second before it does not list it, its first second lists it, " +
				"a second in its middle lists it, the second at its end does not list it; times have the offset +08:00",
		},
		"no packages": {
			teosim.Options{Catalogue: teosim.Catalogue{Zones: account().Zones}},
			pageBase,
			"not asked: it needs 2 packages, and 0 were found",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if answers, _ := probe(t, test.options); answers[test.question] != test.want {
				t.Errorf("%q, want %q", answers[test.question], test.want)
			}
		})
	}
}

func TestAURLIsTriedUntilItIsRefused(t *testing.T) {
	t.Parallel()
	answers, _ := probe(t, teosim.Options{URLLifetime: time.Hour}, func(p *prober) { p.wait = 25 * time.Hour })
	if got, want := answers[lifetime], "`t` is 1h0m0s from now; it worked after 45m0s and was refused with status 403 after 1h0m0s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	answers, _ = probe(t, teosim.Options{URLLifetime: 48 * time.Hour}, func(p *prober) { p.wait = 2 * time.Hour })
	if got, want := answers[lifetime], "`t` is 48h0m0s from now; it still worked after 2h0m0s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The report is meant for a public issue.
func TestTheReportNamesNothing(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]teosim.Options{
		"answered": {PageBase: 1},
		"refused":  {Gone: "ActionOffline", MaxZoneIDs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, report := probe(t, options)
			for _, secret := range []string{"secret", "zone-", "www.", "1251234567", teosim.DefaultSecretID, teosim.DefaultSecretKey, "127.0.0.1", "20220507"} {
				if strings.Contains(report, secret) {
					t.Errorf("the report contains %q:\n%s", secret, report)
				}
			}
			if regexp.MustCompile(`[0-9a-f]{16}`).MatchString(report) {
				t.Errorf("the report contains an ID or a signature:\n%s", report)
			}
		})
	}
}

// The service could list the URL of a metadata service, which answers with
// credentials.
func TestAMetadataServiceIsNotAsked(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{ServiceTime: noon, Catalogue: account()})
	for _, action := range []string{"DownloadL7Logs", "DownloadL4Logs"} {
		sim.Inject(teosim.Fault{Name: teosim.SetField, Action: action, Value: `Data.Url="http://metadata.tencentyun.com/latest/meta-data/"`})
	}
	p := newProber(simtest.Client(t, sim).Config)
	p.now, p.sleep = sim.Now, func(context.Context, time.Duration) error { return nil }
	report, err := p.report(t.Context())
	if want := "| What form has a URL? | not answered: " + errRefusedAddress.Error() + " |"; err != nil || !strings.Contains(report, want) {
		t.Errorf("%v\n%s", err, report)
	}
}

// Credentials that do not work end the probe; nothing else does.
func TestRefusedCredentialsAreAnError(t *testing.T) {
	t.Parallel()
	sim := simtest.Start(t, teosim.Options{})
	client := simtest.Client(t, sim, func(c *tcapi.Config) {
		c.Credentials = tcapi.StaticCredentials{SecretID: sim.SecretID(), SecretKey: "wrong"}
	})
	if _, err := newProber(client.Config).report(t.Context()); err == nil || !strings.Contains(err.Error(), "AuthFailure.SignatureFailure") {
		t.Errorf("error %v", err)
	}
}

func TestRunReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it sends two requests a second")
	}
	sim := simtest.Start(t, teosim.Options{Catalogue: teosim.Catalogue{Zones: account().Zones}, Rates: teosim.Unlimited()})
	env := map[string]string{}
	for _, pair := range simtest.Environment(sim) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	var out, messages bytes.Buffer
	if err := run(t.Context(), []string{"-fast"}, nil, &out, &messages); err == nil {
		t.Error("a flag that does not exist is accepted")
	}
	if err := run(t.Context(), nil, func(string) string { return "" }, &out, &messages); err == nil || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("without credentials: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := run(ctx, nil, func(name string) string { return env[name] }, &out, &messages); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "Report of `make probe`") || !strings.Contains(messages.String(), "nothing is changed there") {
		t.Errorf("it prints\n%s\nand says\n%s", &out, &messages)
	}
}
