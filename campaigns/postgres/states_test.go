package postgres_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres/postgrestest"
)

// texts turns the codes of a Go type into sorted strings.
func texts[T ~string](codes []T) []string {
	all := make([]string, 0, len(codes))
	for _, code := range codes {
		all = append(all, string(code))
	}
	slices.Sort(all)
	return all
}

// TestStatesInGoAreThoseOfTheSchema holds the transition tables and the code
// lists of package campaigns against the CHECK constraints.
func TestStatesInGoAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	_, url := postgrestest.NewWithURL(t)
	conn := postgrestest.Connect(t, url)
	for column, want := range map[[2]string][]string{
		{"campaigns", "state"}:    texts(slices.Collect(maps.Keys(campaigns.CampaignMoves))),
		{"candidates", "state"}:   texts(slices.Collect(maps.Keys(campaigns.CandidateMoves))),
		{"agent_spells", "state"}: texts(slices.Collect(maps.Keys(campaigns.AgentMoves))),
		{"attempts", "outcome"}:   texts(campaigns.Outcomes),
		{"campaigns", "kind"}: texts([]campaigns.Kind{
			campaigns.KindWinBack, campaigns.KindProspecting, campaigns.KindLoyalty, campaigns.KindCrossSell,
		}),
		{"users", "role"}:       texts([]campaigns.Role{campaigns.RoleAgent, campaigns.RoleSupervisor, campaigns.RoleAdmin}),
		{"users", "phone_mode"}: texts([]campaigns.PhoneMode{campaigns.PhoneNailed, campaigns.PhonePerCall}),
		{"calls", "direction"}:  texts([]campaigns.Direction{campaigns.Outbound, campaigns.Inbound}),
		{"calls", "ended_by"}: texts([]campaigns.EndedBy{
			campaigns.EndedByCustomer, campaigns.EndedByAgent, campaigns.EndedBySystem, campaigns.EndedByDeadMedia,
		}),
		{"experiments", "subject"}: texts(campaigns.ExperimentSubjects),
		{"experiments", "state"}:   texts(slices.Collect(maps.Keys(campaigns.ExperimentMoves))),
	} {
		var definition string
		err := conn.QueryRow(t.Context(), `select pg_get_constraintdef(c.oid) from pg_constraint c
			where c.conrelid = $1::regclass and c.contype = 'c' and c.conname = $2`, column[0], column[0]+"_"+column[1]+"_check").Scan(&definition)
		if err != nil {
			t.Errorf("%v: %v", column, err)
			continue
		}
		var got []string
		for _, quoted := range regexp.MustCompile(`'([a-z_]+)'`).FindAllStringSubmatch(definition, -1) {
			got = append(got, quoted[1])
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%v: the schema allows %v, Go knows %v", column, got, want)
		}
	}
}

// TestEveryWaitingStateIsLeft holds that no state of a candidate is a dead end,
// and that a table names known states only.
func TestEveryWaitingStateIsLeft(t *testing.T) {
	t.Parallel()
	for state, moves := range campaigns.CandidateMoves {
		if len(moves) == 0 {
			t.Errorf("candidate state %s is a dead end", state)
		}
		for _, next := range moves {
			if _, known := campaigns.CandidateMoves[next]; !known {
				t.Errorf("candidate state %s leads to the unknown %s", state, next)
			}
		}
	}
	for state, moves := range campaigns.AgentMoves {
		for _, next := range moves {
			if _, known := campaigns.AgentMoves[next]; !known || !state.CanMove(next) {
				t.Errorf("agent state %s leads to the unknown %s", state, next)
			}
		}
	}
}
