package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
	"github.com/edgeone-community/terraform-provider-teo/internal/teo"
	"github.com/edgeone-community/terraform-provider-teo/internal/wait"
)

// The actions that are asked, with their documented limits. Their requests are
// written here once more, because the provider never sends most of them.
var (
	zonesAction   = tcapi.Action{Version: teo.Version20220901, Name: "DescribeZones", PerSecond: 20}
	logsAction    = tcapi.Action{Version: teo.Version20220901, Name: "DownloadL7Logs", PerSecond: 100}
	oldLogsAction = tcapi.Action{Version: teo.Version20220106, Name: "DownloadL7Logs", PerSecond: 20}
	timingAction  = tcapi.Action{Version: teo.Version20220901, Name: "DescribeTimingL7AnalysisData", PerSecond: 100}
	topAction     = tcapi.Action{Version: teo.Version20220901, Name: "DescribeTopL7AnalysisData", PerSecond: 100}
)

// fewZones is how many zones are searched for one with packages.
const fewZones = 20

// prober asks the questions.
type prober struct {
	api      *tcapi.Client
	files    *http.Client
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	wait     time.Duration // how long to try a download URL
	progress func(question string)
	requests int

	sample sample
}

// sample is what the questions refer to: a zone, and packages of it that are
// complete.
type sample struct {
	zoneID, zoneName string
	start, end       time.Time
	packages         []row
	total            int64
}

// question is one thing that is not documented.
type question struct {
	text string
	// needs is how many packages the sample must have.
	needs int
	ask   func(*prober, context.Context) (string, error)
}

func questions() []question {
	return []question{
		{"Does the service still answer API 2022-01-06?", 0, (*prober).oldVersion},
		{"Is the first page of API 2022-01-06 page 0 or page 1?", 2, (*prober).pageBase},
		{"How long may a page of API 2022-01-06 be?", 1, (*prober).oldPageLength},
		{"How long may a page of API 2022-09-01 be?", 1, (*prober).pageLength},
		{"In which order are the rows?", 2, (*prober).order},
		{"Does the total count match the number of rows?", 1, (*prober).count},
		{"Which packages does a time range list?", 1, (*prober).window},
		{"How long may a time range be?", 0, (*prober).longestWindow},
		{"Which zones does a list without zone IDs have?", 1, (*prober).noZones},
		{`Does ["*"] mean every zone?`, 1, (*prober).everyZone},
		{"Which spellings of a domain are found?", 1, (*prober).spellings},
		{"What form has a URL?", 1, (*prober).urlForm},
		{"How long is a URL valid?", 1, (*prober).urlLifetime},
		{"Do the analytics leave out hours without traffic?", 0, (*prober).sparseHours},
		{"How far do the analytics look back?", 0, (*prober).lookBack},
		{"Under which name are the packages of a wildcard domain listed?", 1, (*prober).wildcards},
	}
}

func newProber(config tcapi.Config) *prober {
	p := &prober{now: time.Now, sleep: wait.For, progress: func(string) {}}
	observe := config.Observe
	config.Observe = func(ctx context.Context, a tcapi.Attempt) {
		p.requests++
		if observe != nil {
			observe(ctx, a)
		}
	}
	p.api = tcapi.New(config)
	p.files = &http.Client{
		Transport:     tcapi.NewDownloadTransport(tcapi.TransportOptions{}, config.Endpoint.Loopback()),
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

// report asks every question. An error of the service is an answer; only
// credentials that do not work, and the end of ctx, are errors.
func (p *prober) report(ctx context.Context) (string, error) {
	if err := p.findSample(ctx); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| question | answer |\n|---|---|\n")
	for _, q := range questions() {
		p.progress(q.text)
		answer := fmt.Sprintf("not asked: it needs %d packages, and %d were found", q.needs, len(p.sample.packages))
		if len(p.sample.packages) >= q.needs {
			var err error
			if answer, err = q.ask(p, ctx); err != nil {
				code, known := codeOf(err)
				if !known {
					return "", err
				}
				answer = "not answered: " + code
			}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", cell(q.text), cell(answer))
	}
	return fmt.Sprintf("Report of `make probe`, %s, %d requests, %d packages in the sample.\n\n%s",
		p.now().UTC().Format(time.DateOnly), p.requests, len(p.sample.packages), &b), nil
}

// codeOf returns the error code of the service, which is all of its error that a
// report may contain: messages repeat names and account IDs.
func codeOf(err error) (string, bool) {
	if errors.Is(err, errNoConnection) || errors.Is(err, errRefusedAddress) {
		return err.Error(), true
	}
	if failure := tcapi.AsError(err); failure != nil && failure.Code != "" {
		return "`" + failure.Code + "`", true
	}
	return "", false
}

// outcome is "yes" or the code of an error that the service answered.
func outcome(err error) (string, error) {
	if err == nil {
		return "accepted", nil
	}
	if code, known := codeOf(err); known {
		return code, nil
	}
	return "", err
}

// errNoZones ends a probe of an account without zones.
var errNoZones = errors.New("these credentials can access no zone: the questions need a zone with log packages")

// findSample finds a zone with packages that are complete: of two days that ended
// a day ago, or else of a month.
func (p *prober) findSample(ctx context.Context) error {
	answer, err := tcapi.Call[zonesAnswer](ctx, p.api, zonesAction, zonesRequest{Limit: 100})
	if err != nil {
		return err
	}
	if len(answer.Zones) == 0 {
		return errNoZones
	}
	end := p.now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)
	for _, days := range []int{2, 30} {
		for _, zone := range answer.Zones[:min(fewZones, len(answer.Zones))] {
			s := sample{zoneID: zone.ID, zoneName: zone.Name, start: end.AddDate(0, 0, -days), end: end}
			list, err := p.list(ctx, s.request(300))
			if err != nil {
				return err
			}
			if len(list.Data) > len(p.sample.packages) || p.sample.zoneID == "" {
				s.packages, s.total = list.Data, list.total()
				p.sample = s
			}
			if len(p.sample.packages) > 1 {
				return nil
			}
		}
	}
	return nil
}

// request asks for the sample again.
func (s sample) request(limit int) logsRequest {
	return logsRequest{StartTime: wire(s.start), EndTime: wire(s.end), ZoneIDs: &[]string{s.zoneID}, Limit: limit}
}

// host is the domain of the first package.
func (s sample) host() string { return s.packages[0].Domain }

func wire(t time.Time) string { return t.UTC().Format(time.RFC3339) }

type zonesRequest struct{ Limit int }

type zonesAnswer struct {
	tcapi.Head

	Zones []teo.Zone
}

// logsRequest is DownloadL7Logs of 2022-09-01. ZoneIDs may be missing or empty,
// which are different questions.
type logsRequest struct {
	StartTime, EndTime string
	ZoneIDs            *[]string `json:"ZoneIds,omitempty"`
	Domains            []string  `json:",omitempty"`
	Limit              int
	Offset             int
}

type logsAnswer struct {
	tcapi.Head

	Data       []row
	TotalCount *int64
}

// row is a package as the service lists it. Nothing of it is completed or
// converted, as the provider does.
type row struct {
	Domain, Area             string
	LogPacketName            string
	URL                      string `json:"Url"`
	LogStartTime, LogEndTime time.Time
}

// total is the count of the service, -1 if it gave none.
func (a *logsAnswer) total() int64 {
	if a.TotalCount == nil {
		return -1
	}
	return *a.TotalCount
}

func (p *prober) list(ctx context.Context, request logsRequest) (*logsAnswer, error) {
	return tcapi.Call[logsAnswer](ctx, p.api, logsAction, request)
}

// oldLogsRequest is DownloadL7Logs of 2022-01-06.
type oldLogsRequest struct {
	StartTime, EndTime string
	PageSize, PageNo   int
	Zones              []string `json:",omitempty"`
}

type oldLogsAnswer struct {
	tcapi.Head

	Data      []row
	PageSize  *int64
	TotalSize *int64
}

// oldList asks for one page of the sample.
func (p *prober) oldList(ctx context.Context, pageSize, pageNo int) (*oldLogsAnswer, error) {
	return tcapi.Call[oldLogsAnswer](ctx, p.api, oldLogsAction, oldLogsRequest{
		StartTime: wire(p.sample.start), EndTime: wire(p.sample.end), Zones: []string{p.sample.zoneName},
		PageSize: pageSize, PageNo: pageNo,
	})
}
