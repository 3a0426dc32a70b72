package coverage

import (
	"fmt"
	"html"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// Measures of the drawing, in pixels.
const (
	cellSize   = 15
	cellStep   = 17
	dateWidth  = 78
	panelWidth = dateWidth + 24*cellStep + 3*groupGap
	groupGap   = 6 // after every six hours
	headHeight = 58
	margin     = 28
	columnGap  = 44
	fontStack  = "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',Arial,sans-serif\""
)

// style is shared by the svg and the html.
const style = `.name{font-size:15px;font-weight:600;fill:#16202a}.note{font-size:12px;fill:#5b6670}.bad{fill:#b34700;font-weight:600}` +
	`.axis,.date{font-size:11px;fill:#5b6670}.date{font-variant-numeric:tabular-nums}.l{font-size:11px;font-weight:700;text-anchor:middle}`

// pattern fills the cells that could not be verified, so that they differ from
// the paper.
const pattern = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
	`<rect width="5" height="5" fill="#ffffff"/><rect width="1.4" height="5" fill="#c3cad1"/></pattern></defs>`

func cellX(hour int) int { return dateWidth + hour*cellStep + hour/6*groupGap }

func (p panel) height() int { return headHeight + len(p.days)*cellStep }

// swatch draws the symbol of a status with its corner at x, y.
func swatch(b *strings.Builder, status, x, y int) {
	v := statuses[status]
	fill, stroke := v.fill, ""
	switch v.letter {
	case Unverified:
		fill, stroke = "url(#hatch)", ` stroke="#8a949e"`
	case Quiet:
		stroke = ` stroke="#dbe0e5"`
	case Pending:
		stroke = ` stroke="#b8ad00"`
	}
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" rx="3" fill="%s"%s/>`, x, y, cellSize, cellSize, fill, stroke)
	fmt.Fprintf(b, `<text class="l" x="%.1f" y="%d" fill="%s">%s</text>`, float64(x)+cellSize/2.0, y+12, v.ink, html.EscapeString(string(v.letter)))
}

// draw draws the panel with its corner at x, y.
func (p panel) draw(b *strings.Builder, x, y int) {
	name := html.EscapeString(p.name)
	fmt.Fprintf(b, `<g class="panel" transform="translate(%d,%d)" role="group" aria-label="%s">`, x, y, name)
	fmt.Fprintf(b, `<text class="name" x="0" y="15">%s</text>`, html.EscapeString(shortened(p.name, 52)))
	notes := html.EscapeString(strings.Trim(p.amount()+" · "+present(p.sums), " ·"))
	if p.sums.Missing > 0 {
		missing := printable.Grouped(p.sums.Missing) + " missing"
		notes = strings.ReplaceAll(notes, missing, `<tspan class="bad">`+missing+`</tspan>`)
	}
	fmt.Fprintf(b, `<text class="note" x="0" y="33">%s</text>`, notes)
	for hour := 0; hour < 24; hour += 6 {
		fmt.Fprintf(b, `<text class="axis" x="%d" y="52">%02d:00</text>`, cellX(hour), hour)
	}
	for i, d := range p.days {
		top := headHeight + i*cellStep
		fmt.Fprintf(b, `<text class="date" x="0" y="%d">%s</text>`, top+12, d.date)
		for hour, letter := range d.letters {
			if letter == Outside {
				continue
			}
			fmt.Fprintf(b, `<g class="cell"><title>%s</title>`, html.EscapeString(cellTitle(p.name, d.date, hour, letter)))
			swatch(b, statusOf(letter), cellX(hour), top)
			b.WriteString("</g>\n")
		}
	}
	b.WriteString("</g>\n")
}

func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// svg draws the chart as one image: a heading, the panels in two columns, and
// the legend with its totals.
func (c *chart) svg() string {
	columns := min(2, max(1, len(c.panels)))
	width := 2*margin + columns*panelWidth + (columns-1)*columnGap
	var b strings.Builder
	y := 100
	for row := 0; row < len(c.panels); row += columns {
		height := 0
		for i, p := range c.panels[row:min(len(c.panels), row+columns)] {
			p.draw(&b, margin+i*(panelWidth+columnGap), y)
			height = max(height, p.height())
		}
		y += height + 30
	}
	legendColumns := columns
	fmt.Fprintf(&b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#dbe0e5"/>`+"\n", margin, y-6, width-margin, y-6)
	b.WriteString(`<g class="legend">` + "\n")
	for i, v := range statuses {
		x, top := margin+i%legendColumns*(panelWidth+columnGap), y+10+i/legendColumns*24
		fmt.Fprintf(&b, `<g class="entry" data-status="%s" data-hours="%d">`, v.name, v.of(c.sums))
		swatch(&b, i, x, top)
		fmt.Fprintf(&b, `<text class="note" x="%d" y="%d"><tspan fill="#16202a" font-weight="600">%s</tspan> %s: %s</text></g>`+"\n",
			x+cellSize+10, top+12, printable.Grouped(v.of(c.sums)), v.name, v.meaning)
	}
	b.WriteString("</g>\n")
	height := y + 10 + (len(statuses)+legendColumns-1)/legendColumns*24 + 14

	var heading strings.Builder
	fmt.Fprintf(&heading, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" %s>`+"\n", width, height, width, height, fontStack)
	fmt.Fprintf(&heading, "<title>%s</title>\n<style>%s</style>\n%s\n", html.EscapeString(c.title()), style, pattern)
	fmt.Fprintf(&heading, `<rect width="%d" height="%d" fill="#ffffff"/>`+"\n", width, height)
	fmt.Fprintf(&heading, `<text x="%d" y="46" font-size="22" font-weight="700" fill="#16202a">Log coverage</text>`, margin)
	fmt.Fprintf(&heading, `<text x="%d" y="70" font-size="13" fill="#5b6670">%s</text>`+"\n", margin, html.EscapeString(c.subtitle()))
	return heading.String() + b.String() + "</svg>\n"
}

func (c *chart) title() string {
	if period := c.period(); period != "" {
		return "Log coverage, " + period
	}
	return "Log coverage"
}

// subtitle is the period, the total and the conclusion, as far as there is room.
func (c *chart) subtitle() string {
	parts := []string{c.period()}
	if c.unit != "" && len(c.panels) != 1 {
		parts = append(parts, printable.Grouped(c.count)+" "+c.unit)
	}
	parts = append(parts, c.conclusion())
	return strings.Trim(strings.Join(parts, " · "), " ·")
}
