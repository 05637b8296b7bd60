package rest

import (
	"context"
	"net/http"
)

// ReportQuery asks for a report.
type ReportQuery struct {
	Kind     string `path:"kind" enum:"campaign,agents,sla,lists,scores"`
	Campaign string `query:"campaign" doc:"Name of the campaign; kind campaign needs one."`
	From     string `query:"from" doc:"First day, such as 2026-11-01; today where absent."`
	To       string `query:"to" doc:"Last day; the first one where absent."`
	Month    string `query:"month" doc:"A whole month, such as 2026-11, in place of days."`
	Zone     string `query:"zone" default:"UTC" doc:"Time zone of the days."`
	Format   string `query:"format" enum:"json,csv" default:"json"`

	CostAttempt    float64 `query:"cost_attempt" minimum:"0" doc:"Cost of a dial, for cost per sale."`
	CostTalkMinute float64 `query:"cost_talk_minute" minimum:"0"`
	CostAgentHour  float64 `query:"cost_agent_hour" minimum:"0"`
	CostRecord     float64 `query:"cost_record" minimum:"0"`
	CostSale       float64 `query:"cost_sale" minimum:"0" doc:"Cost of what is given with a sale."`
}

// Reports makes reports.
type Reports interface {
	// Report gives the report in the format of the query; CodeInvalid names a
	// wrong field, CodeNotFound an unknown campaign.
	Report(ctx context.Context, q ReportQuery) ([]byte, error)
}

type reportReply struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// reportRoutes declare the reports.
func (a *api) reportRoutes() {
	register(a, operation{http.MethodGet, "/v1/reports/{kind}", "get-report", "Figures with numerator and denominator, as JSON or CSV", supervisors()},
		func(ctx context.Context, in *ReportQuery) (*reportReply, error) {
			text, err := a.opts.Reports.Report(ctx, *in)
			reply := &reportReply{ContentType: "application/json", Body: text}
			if in.Format == "csv" {
				reply.ContentType = "text/csv; charset=utf-8"
			}
			return reply, err
		})
}
