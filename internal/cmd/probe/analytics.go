package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/edgeone-community/terraform-provider-teo/internal/tcapi"
)

type timingRequest struct {
	StartTime, EndTime string
	MetricNames        []string
	ZoneIDs            []string `json:"ZoneIds"`
	Interval           string
}

type timingAnswer struct {
	tcapi.Head

	Data []struct {
		TypeValue []struct {
			Detail []struct{ Timestamp, Value int64 }
		}
	}
}

// points is the number of hours in the answer.
func (a *timingAnswer) points() int {
	n := 0
	a.each(func(int64) { n++ })
	return n
}

// quiet is the number of hours with the count 0.
func (a *timingAnswer) quiet() int {
	n := 0
	a.each(func(value int64) {
		if value == 0 {
			n++
		}
	})
	return n
}

func (a *timingAnswer) each(do func(value int64)) {
	for _, data := range a.Data {
		for _, series := range data.TypeValue {
			for _, point := range series.Detail {
				do(point.Value)
			}
		}
	}
}

// timing asks for the requests of zones by hour.
func (p *prober) timing(ctx context.Context, zoneIDs []string, start, end time.Time) (*timingAnswer, error) {
	return tcapi.Call[timingAnswer](ctx, p.api, timingAction, timingRequest{
		StartTime: wire(start), EndTime: wire(end), MetricNames: []string{"l7Flow_request"}, ZoneIDs: zoneIDs, Interval: "hour",
	})
}

func (p *prober) sparseHours(ctx context.Context) (string, error) {
	start := p.sample.end.AddDate(0, 0, -7)
	answer, err := p.timing(ctx, []string{p.sample.zoneID}, start, p.sample.end)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("of %d hours: %d points, %d of them 0", 7*24, answer.points(), answer.quiet()), nil
}

func (p *prober) lookBack(ctx context.Context) (string, error) {
	var all []string
	for _, days := range []int{7, 31, 62, 92, 183, 366} {
		start := p.sample.end.AddDate(0, 0, -days)
		answer, err := p.timing(ctx, []string{p.sample.zoneID}, start, start.AddDate(0, 0, 1))
		said, err := outcome(err)
		if err != nil {
			return "", err
		}
		if answer != nil {
			said = fmt.Sprintf("%d points, %d of them 0", answer.points(), answer.quiet())
		}
		all = append(all, fmt.Sprintf("%d days: %s", days, said))
	}
	return strings.Join(all, "; "), nil
}

type topRequest struct {
	StartTime, EndTime string
	MetricName         string
	ZoneIDs            []string `json:"ZoneIds"`
	Limit              int
}

type topAnswer struct {
	tcapi.Head

	Data []struct {
		DetailData []struct{ Key string }
	}
}

// wildcards compares the domains of the analytics with those of the packages.
func (p *prober) wildcards(ctx context.Context) (string, error) {
	answer, err := tcapi.Call[topAnswer](ctx, p.api, topAction, topRequest{
		StartTime: wire(p.sample.start), EndTime: wire(p.sample.end), MetricName: "l7Flow_request_domain",
		ZoneIDs: []string{p.sample.zoneID}, Limit: 1000,
	})
	if err != nil {
		return "", err
	}
	listed := map[string]bool{}
	for _, pkg := range p.sample.packages {
		listed[pkg.Domain] = true
	}
	counted, wild, sameName, below := 0, 0, 0, 0
	for _, data := range answer.Data {
		for _, row := range data.DetailData {
			counted++
			suffix, ok := strings.CutPrefix(row.Key, "*")
			if !ok {
				continue
			}
			wild++
			if listed[row.Key] {
				sameName++
			}
			for host := range listed {
				if host != row.Key && strings.HasSuffix(host, suffix) {
					below++
					break
				}
			}
		}
	}
	return fmt.Sprintf("of %d domains with traffic %d are wildcards; %d of these have packages of the same name, %d have packages of a sub-domain",
		counted, wild, sameName, below), nil
}
