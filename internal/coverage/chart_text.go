package coverage

import (
	"fmt"
	"strings"

	"github.com/edgeone-community/terraform-provider-teo/internal/printable"
)

// hoursHeading is above the columns of six hours each.
const hoursHeading = "00     06     12     18"

// spaced divides the hours of a day into groups of six.
func spaced(letters string) string {
	return strings.TrimRight(letters[:6]+" "+letters[6:12]+" "+letters[12:18]+" "+letters[18:], " ")
}

// text draws the chart for a terminal or a log.
func (c *chart) text() string {
	var b strings.Builder
	if period := c.period(); period != "" {
		fmt.Fprintf(&b, "Log coverage, %s\n\n", period)
	}
	c.heatMap(&b)
	fmt.Fprintf(&b, "%s\n", c.conclusion())
	if len(c.panels) > 0 {
		b.WriteByte('\n')
		width := len(printable.Grouped(c.largest()))
		for _, v := range statuses {
			fmt.Fprintf(&b, "  %c  %*s  %-11s  %s\n", v.letter, width, printable.Grouped(v.of(c.sums)), v.name, v.meaning)
		}
		if c.unit != "" {
			fmt.Fprintf(&b, "\nTotal: %s %s\n", printable.Grouped(c.count), c.unit)
		}
	}
	return b.String()
}

func (c *chart) largest() int64 {
	var n int64
	for _, v := range statuses {
		n = max(n, v.of(c.sums))
	}
	return n
}

// heatMap draws a line of text for each host and day.
func (c *chart) heatMap(b *strings.Builder) {
	for _, p := range c.panels {
		b.WriteString(p.name)
		if amount := p.amount(); amount != "" {
			b.WriteString(": " + amount)
		}
		fmt.Fprintf(b, "\n              %s\n", hoursHeading)
		for _, d := range p.days {
			fmt.Fprintf(b, "  %s  %s\n", d.date, spaced(d.letters))
		}
		b.WriteByte('\n')
	}
}

// markdown draws the chart for an issue, a pull request or a job summary.
func (c *chart) markdown() string {
	var b strings.Builder
	b.WriteString("## Log coverage\n\n")
	if period := c.period(); period != "" {
		fmt.Fprintf(&b, "%s. ", period)
	}
	fmt.Fprintf(&b, "**%s**\n", c.conclusion())
	if len(c.panels) == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "\n| %s |", c.heading())
	if c.unit != "" {
		fmt.Fprintf(&b, " %s |", printable.Capitalized(c.unit))
	}
	for _, v := range statuses {
		fmt.Fprintf(&b, " `%c` %s |", v.letter, v.name)
	}
	b.WriteString("\n|:---|")
	if c.unit != "" {
		b.WriteString("---:|")
	}
	b.WriteString(strings.Repeat("---:|", len(statuses)) + "\n")
	line := func(name string, count *int64, sums Sums) {
		fmt.Fprintf(&b, "| %s |", name)
		if c.unit != "" {
			text := ""
			if count != nil {
				text = printable.Grouped(*count)
			}
			fmt.Fprintf(&b, " %s |", text)
		}
		for _, v := range statuses {
			fmt.Fprintf(&b, " %s |", printable.Grouped(v.of(sums)))
		}
		b.WriteByte('\n')
	}
	for _, p := range c.panels {
		line(markdownText(p.name), p.count, p.sums)
	}
	if len(c.panels) > 1 {
		line("**Total**", &c.count, c.sums)
	}
	b.WriteString("\n")
	for _, v := range statuses {
		fmt.Fprintf(&b, "- `%c` %s: %s\n", v.letter, v.name, v.meaning)
	}
	// A fence is longer than any run of backquotes in it.
	var heatMap strings.Builder
	c.heatMap(&heatMap)
	fence := "```"
	for strings.Contains(heatMap.String(), fence) {
		fence += "`"
	}
	fmt.Fprintf(&b, "\n%stext\n%s\n%s\n", fence, strings.TrimRight(heatMap.String(), "\n"), fence)
	return b.String()
}

// markdownText escapes what Markdown and HTML in it would interpret.
func markdownText(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_{}[]()#+!|~>", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
