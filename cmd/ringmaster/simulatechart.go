package main

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	"ringmaster/dialer/pacing/simulation"
)

// chart is a day of several algorithms.
type chart struct {
	title string
	hours float64
	limit float64
	lines []chartLine
}

// chartLine is one algorithm: a value for each time in hours; NaN leaves a gap.
type chartLine struct {
	name                        string
	at, occupancy, drops, waits []float64
}

// smooth is how many points of five minutes a value is over: one alone has too
// few answers for a rate.
const smooth = 6

// chartOf takes the series of a report.
func chartOf(s simulation.Scenario, report *simulation.Report) chart {
	c := chart{title: s.Name, hours: s.Hours, limit: s.DropLimit}
	if c.title == "" {
		c.title = fmt.Sprintf("%d agents, %.3g of the calls answered", s.Agents, s.Answer)
	}
	for _, a := range report.Algorithms {
		line := chartLine{name: a.Name}
		for i := range a.Series {
			var sum simulation.Point
			for _, p := range a.Series[max(0, i+1-smooth) : i+1] {
				sum.Busy += p.Busy
				sum.Staffed += p.Staffed
				sum.Waited += p.Waited
				sum.Talks += p.Talks
				sum.Answers += p.Answers
				sum.Drops += p.Drops
			}
			gap := func(x float64, of bool) float64 {
				if !of {
					return math.NaN()
				}
				return x
			}
			line.at = append(line.at, a.Series[i].At/3600)
			line.occupancy = append(line.occupancy, gap(sum.Occupancy(), sum.Staffed > 0))
			line.drops = append(line.drops, gap(sum.DropRate(), sum.Answers > 0))
			line.waits = append(line.waits, gap(sum.Wait(), sum.Talks > 0))
		}
		c.lines = append(c.lines, line)
	}
	return c
}

// The measures of the picture in pixels.
const (
	chartWidth, chartLeft, chartRight = 960, 70, 20
	panelTop, panelHeight, panelGap   = 94, 200, 54
)

// The colors tell lines apart for the color-blind, too (Okabe and Ito, 2008); a
// dash tells those that share one.
var chartColors = [...]string{"#0072b2", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000"}

// writeChart draws three panels, one below the other, as SVG.
func writeChart(out io.Writer, c chart) error {
	var b strings.Builder
	height := panelTop + 3*(panelHeight+panelGap) - panelGap/2
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n",
		chartWidth, height, chartWidth, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="28" font-size="18" font-weight="bold">%s</text>`+"\n", chartLeft, html.EscapeString(c.title))
	x := chartLeft
	for i, l := range c.lines {
		fmt.Fprintf(&b, `<path d="M%d 50h24" %s/><text x="%d" y="54">%s</text>`+"\n", x, stroke(i), x+30, html.EscapeString(l.name))
		x += 52 + 8*len(l.name)
	}
	c.panel(&b, 0, "Occupancy over half an hour", 1, 0, func(l chartLine) []float64 { return l.occupancy })
	most := c.limit
	for _, l := range c.lines {
		most = max(most, highest(l.drops))
	}
	title := "Dropped answers over half an hour"
	// A burst of one algorithm would press all others to the ground.
	if cut := 4 * c.limit; c.limit > 0 && most > cut {
		most = cut / 1.1
		title += fmt.Sprintf(", cut off at %.3g %%", 100*cut)
	}
	c.panel(&b, 1, title, min(1, 1.1*max(most, 0.001)), c.limit, func(l chartLine) []float64 { return l.drops })
	most = 1
	for _, l := range c.lines {
		most = max(most, highest(l.waits))
	}
	c.panel(&b, 2, "Seconds that an agent waits for a call", 1.1*most, 0, func(l chartLine) []float64 { return l.waits })
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func stroke(i int) string {
	dash := ""
	if i >= len(chartColors) {
		dash = ` stroke-dasharray="6 4"`
	}
	return fmt.Sprintf(`fill="none" stroke=%q stroke-width="2"%s`, chartColors[i%len(chartColors)], dash)
}

// panel draws values from zero to most; those up to 1 are shown in percent.
func (c chart) panel(b *strings.Builder, which int, title string, most, limit float64, of func(chartLine) []float64) {
	top := float64(panelTop + which*(panelHeight+panelGap))
	wide := float64(chartWidth - chartLeft - chartRight)
	x := func(hours float64) float64 { return chartLeft + wide*hours/c.hours }
	y := func(value float64) float64 { return top + panelHeight*(1-value/most) }
	fmt.Fprintf(b, `<text x="%d" y="%.0f" font-weight="bold">%s</text>`+"\n", chartLeft, top-8, title)
	step := roundStep(most / 4)
	for v := 0.0; v <= most*1.0001; v += step {
		label := fmt.Sprintf("%.4g", v)
		if most <= 1 {
			label = fmt.Sprintf("%.4g %%", 100*v)
		}
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			chartLeft, y(v), chartWidth-chartRight, chartLeft-8, y(v)+4, label)
	}
	every := max(0.25, roundStep(c.hours/12))
	if c.hours > 3 {
		every = math.Ceil(c.hours / 12)
	}
	for h := 0.0; h <= c.hours+1e-9; h += every {
		anchor := "middle"
		if h > c.hours-every/4 {
			anchor = "end"
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%.0f" text-anchor="%s" fill="#555">%.4g h</text>`+"\n", x(h), top+panelHeight+18, anchor, h)
	}
	for i, l := range c.lines {
		var path strings.Builder
		pen := "M"
		for j, v := range of(l) {
			if math.IsNaN(v) {
				pen = "M"
				continue
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", pen, x(min(c.hours, l.at[j])), y(min(v, most)))
			pen = "L"
		}
		if path.Len() > 0 {
			fmt.Fprintf(b, `<path d="%s" %s/>`+"\n", path.String(), stroke(i))
		}
	}
	if limit > 0 {
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#c00" stroke-width="1.5" stroke-dasharray="3 3"/><text x="%d" y="%.1f" text-anchor="end" fill="#c00" stroke="#fff" stroke-width="4" paint-order="stroke">limit %.3g %%</text>`+"\n",
			chartLeft, y(limit), chartWidth-chartRight, chartWidth-chartRight, y(limit)-5, 100*limit)
	}
}

// roundStep is the next of 1, 2, 2.5, 5 and 10 of the size of x.
func roundStep(x float64) float64 {
	size := math.Pow(10, math.Floor(math.Log10(x)))
	for _, n := range []float64{1, 2, 2.5, 5} {
		if x <= n*size {
			return n * size
		}
	}
	return 10 * size
}

func highest(values []float64) float64 {
	most := 0.0
	for _, v := range values {
		if v > most {
			most = v
		}
	}
	return most
}
