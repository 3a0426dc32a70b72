package coverage

import (
	"fmt"
	"html"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// pageStyle is the style of the page around the drawings.
const pageStyle = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#f4f6f8;color:#16202a;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",Arial,sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:1120px;margin:0 auto;padding:36px 24px 48px}
h1{margin:0;font-size:28px;line-height:1.2;letter-spacing:-.01em}
h2{margin:36px 0 12px;font-size:18px}
.period{margin:4px 0 0;color:#5b6670}
.conclusion{display:inline-block;margin:18px 0 0;padding:9px 16px;border-radius:8px;font-weight:600;background:#e3f1f9;color:#00496f;border-left:5px solid #0072b2}
.conclusion.bad{background:#fdece0;color:#8a3a00;border-color:#d55e00}
.conclusion.unsure{background:#fff;color:#333c45;border-color:#8a949e}
.legend{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;margin:24px 0 0;padding:0;list-style:none}
.legend li{background:#fff;border:1px solid #e1e6ea;border-radius:10px;padding:12px 14px}
.legend .hours{display:flex;align-items:center;gap:9px;font-size:22px;font-weight:700;font-variant-numeric:tabular-nums;line-height:1.2}
.legend .status-name{display:block;margin-top:4px;font-weight:600}
.legend .meaning{display:block;color:#5b6670;font-size:13px;line-height:1.35}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:14px}
figure{margin:0;background:#fff;border:1px solid #e1e6ea;border-radius:10px;padding:16px 18px;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #e1e6ea;font-variant-numeric:tabular-nums}
th,td{padding:7px 12px;text-align:right;border-bottom:1px solid #e9edf0}
th:first-child,td:first-child,.gaps th,.gaps td{text-align:left}
.gaps{width:auto;min-width:60%}
thead th{font-size:13px;color:#5b6670;font-weight:600}
tfoot td{font-weight:700;border-bottom:0;border-top:2px solid #c3cad1}
td.missing{color:#b34700;font-weight:700}
footer{margin-top:32px;color:#5b6670;font-size:13px}
@media (max-width:520px){.panels{grid-template-columns:1fr}}
@media print{body{background:#fff}main{max-width:none;padding:0}@page{margin:14mm}h2{break-after:avoid}tr{break-inside:avoid}}
`

// html draws the chart as a self-contained page without scripts.
func (c *chart) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"+
		"<title>%s</title>\n<style>%s%s</style>\n</head>\n<body>\n<main>\n", html.EscapeString(c.title()), pageStyle, style)
	b.WriteString("<h1>Log coverage</h1>\n")
	if period := c.period(); period != "" {
		fmt.Fprintf(&b, "<p class=\"period\">%s</p>\n", html.EscapeString(period))
	}
	fmt.Fprintf(&b, "<p class=\"conclusion%s\">%s</p>\n", c.mood(), html.EscapeString(c.conclusion()))
	// The pattern is defined once for all drawings.
	fmt.Fprintf(&b, "<svg width=\"0\" height=\"0\" style=\"position:absolute\" aria-hidden=\"true\">%s</svg>\n", pattern)
	c.htmlLegend(&b)
	if len(c.panels) > 0 {
		b.WriteString("<h2>Hour by hour</h2>\n<div class=\"panels\">\n")
		for _, p := range c.panels {
			fmt.Fprintf(&b, "<figure><svg viewBox=\"0 0 %d %d\" %s role=\"img\" aria-label=\"%s\">", panelWidth, p.height(), fontStack, html.EscapeString(p.name+": "+present(p.sums)))
			p.draw(&b, 0, 0)
			b.WriteString("</svg></figure>\n")
		}
		b.WriteString("</div>\n")
		c.htmlMissing(&b)
		c.htmlTotals(&b)
	}
	b.WriteString("<footer>Each hour compares the log packages with the traffic that EdgeOne counted. All times are UTC.</footer>\n</main>\n</body>\n</html>\n")
	return b.String()
}

func (c *chart) mood() string {
	switch {
	case c.sums.Missing > 0:
		return " bad"
	case c.sums.Unverified > 0 || len(c.panels) == 0:
		return " unsure"
	}
	return ""
}

func (c *chart) htmlLegend(b *strings.Builder) {
	b.WriteString("<ul class=\"legend\">\n")
	for i, v := range statuses {
		fmt.Fprintf(b, "<li class=\"entry\" data-status=\"%s\" data-hours=\"%d\"><span class=\"hours\"><svg width=\"%d\" height=\"%d\" viewBox=\"-1 -1 %d %d\" %s aria-hidden=\"true\">",
			v.name, v.of(c.sums), cellSize+5, cellSize+5, cellSize+2, cellSize+2, fontStack)
		swatch(b, i, 0, 0)
		fmt.Fprintf(b, "</svg>%s</span><span class=\"status-name\">%s</span><span class=\"meaning\">%s</span></li>\n", printable.Grouped(v.of(c.sums)), v.name, v.meaning)
	}
	b.WriteString("</ul>\n")
}

// htmlMissing lists the missing hours.
func (c *chart) htmlMissing(b *strings.Builder) {
	if c.sums.Missing == 0 {
		return
	}
	b.WriteString("<h2>Missing hours</h2>\n<div class=\"scroll\"><table class=\"gaps\">\n<thead><tr><th>" + c.heading() + "</th><th>Date</th><th>Hours (UTC)</th></tr></thead>\n<tbody>\n")
	for _, p := range c.panels {
		for _, d := range p.days {
			var hours []string
			for hour, letter := range d.letters {
				if letter == Missing {
					hours = append(hours, fmt.Sprintf("%02d:00", hour))
				}
			}
			if len(hours) > 0 {
				fmt.Fprintf(b, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", html.EscapeString(p.name), d.date, strings.Join(hours, ", "))
			}
		}
	}
	b.WriteString("</tbody></table></div>\n")
}

func (c *chart) htmlTotals(b *strings.Builder) {
	b.WriteString("<h2>Totals</h2>\n<div class=\"scroll\"><table class=\"totals\">\n<thead><tr><th>" + c.heading() + "</th>")
	if c.unit != "" {
		fmt.Fprintf(b, "<th>%s</th>", html.EscapeString(printable.Capitalized(c.unit)))
	}
	for _, v := range statuses {
		fmt.Fprintf(b, "<th>%s %s</th>", html.EscapeString(string(v.letter)), v.name)
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	line := func(name string, count *int64, sums Sums) {
		fmt.Fprintf(b, "<tr><td>%s</td>", html.EscapeString(name))
		if c.unit != "" {
			text := ""
			if count != nil {
				text = printable.Grouped(*count)
			}
			fmt.Fprintf(b, "<td>%s</td>", text)
		}
		for _, v := range statuses {
			class := ""
			if v.letter == Missing && sums.Missing > 0 {
				class = ` class="missing"`
			}
			fmt.Fprintf(b, "<td%s>%s</td>", class, printable.Grouped(v.of(sums)))
		}
		b.WriteString("</tr>\n")
	}
	for _, p := range c.panels {
		line(p.name, p.count, p.sums)
	}
	b.WriteString("</tbody>\n<tfoot>\n")
	line("Total", &c.count, c.sums)
	b.WriteString("</tfoot>\n</table></div>\n")
}
