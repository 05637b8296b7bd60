package main

import (
	"bytes"
	"fmt"
	"io"
	"text/tabwriter"

	"ringmaster/campaigns"
	"ringmaster/campaigns/scoring/judge"
	"ringmaster/campaigns/scoring/model"
)

// trainSummary is what training printed.
type trainSummary struct {
	Rows      int                `json:"rows"`
	Successes int                `json:"successes"`
	Columns   int                `json:"columns"`
	Seconds   float64            `json:"seconds"`
	LeftOut   model.LeftOut      `json:"left_out"`
	Strongest []campaigns.Factor `json:"strongest"`
	Warnings  []string           `json:"warnings"`
	Out       string             `json:"out,omitempty"`
	Saved     string             `json:"saved,omitempty"`
	Version   int                `json:"version,omitempty"`
	InUse     bool               `json:"in_use,omitempty"`

	// unnamed: the campaign does not name the model that was saved.
	unnamed bool
}

// shownColumns is how many of the strongest columns are printed.
const shownColumns = 8

func (s *trainSummary) write(w io.Writer, campaign string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Trained on %d rows, %d of them successes (%.2f %%), with %d columns in %.1f s\n",
		s.Rows, s.Successes, 100*float64(s.Successes)/float64(s.Rows), s.Columns, s.Seconds)
	fmt.Fprintf(&b, "Its own rows, each left out: AUC %.3f, log-loss %.4f (%.4f without a model). How good it is on new rows: ringmaster score evaluate\n",
		s.LeftOut.AUC, s.LeftOut.LogLoss, s.LeftOut.BaseLogLoss)
	fmt.Fprintln(&b, "What matters most, in doublings of the odds from person to person:")
	for i, f := range s.Strongest {
		if i == shownColumns {
			break
		}
		fmt.Fprintf(&b, "  %.2f  %s\n", f.Points, f.Name)
	}
	for _, warning := range s.Warnings {
		fmt.Fprintln(&b, "Warning:", warning)
	}
	switch {
	case s.Saved != "" && s.InUse:
		fmt.Fprintf(&b, "Saved as model %s version %d, in use\n", s.Saved, s.Version)
	case s.Saved != "":
		fmt.Fprintf(&b, "Saved as model %s version %d; put it into use: ringmaster score use %s %d\n", s.Saved, s.Version, s.Saved, s.Version)
	}
	if s.unnamed {
		fmt.Fprintf(&b, "Campaign %s does not use model %s: set selection.model in its settings\n", campaign, s.Saved)
	}
	if s.Out != "" {
		fmt.Fprintf(&b, "Written to %s\n", s.Out)
	}
	if s.Out == "" && s.Saved == "" {
		fmt.Fprintln(&b, "Kept nowhere: say --out FILE or --save MODEL")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeReport prints a judgement as tables.
func writeReport(w io.Writer, r *judge.Report, days string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s; %d of %d rows scored, %d successes (%.2f %%); %d models in %.1f s\n",
		r.Method, r.Scored, r.Rows, r.Successes, 100*float64(r.Successes)/float64(r.Scored), r.Models, r.Seconds)
	if days == "" {
		days = "n/a: say with --day which column tells the day"
	}
	fmt.Fprintf(&b, "days: %s\n\n", days)

	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(table, "\tAUC\t+-\twithin a day\tlift of the best tenth\tpredicted/actual\tmean error\t\n") // a buffer takes all
	line := func(name string, f *judge.Figures) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", name, figure(f.AUC), figure(f.AUCSD), figure(f.WithinDayAUC),
			figure(f.LiftTopDecile), figure(f.Calibration), figure(f.CalibrationError))
	}
	line("trained", &r.Figures)
	line("plain logistic regression", &r.Plain)
	if r.InUse != nil {
		line("model in use", r.InUse)
	}
	_ = table.Flush() // a buffer takes all
	if r.InUse != nil {
		fmt.Fprintln(&b, "(the model in use may have been trained on some of these rows, which flatters it)")
	}

	fmt.Fprintln(&b)
	table = tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(table, "tenth\trows\tsuccesses\tpredicted\tactual\tpredicted/actual\tlift\t\n")
	for i, d := range r.Deciles {
		ratio := "n/a"
		if d.Actual > 0 {
			ratio = fmt.Sprintf("%.2f", d.Predicted/d.Actual)
		}
		_, _ = fmt.Fprintf(table, "%d\t%d\t%d\t%.4f\t%.4f\t%s\t%.2f\t\n", i+1, d.Rows, d.Successes, d.Predicted, d.Actual, ratio, d.Lift)
	}
	_ = table.Flush() // the same
	for _, warning := range r.Warnings {
		fmt.Fprintln(&b, "Warning:", warning)
	}
	_, err := w.Write(b.Bytes())
	return err
}

func figure(f judge.Figure) string {
	if !f.Known() {
		return "n/a"
	}
	return fmt.Sprintf("%.4f", float64(f))
}
