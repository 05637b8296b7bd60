package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
)

const exampleCampaigns = "../../configs/campaigns/"

// TestCampaignsByFile does what the README says of campaign files.
func TestCampaignsByFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	file := o.write("two.yaml", "name: back\nkind: win_back\nratio: 1.5\nmode: ratio\n---\nname: loyal\nkind: loyalty\nstate: running\n")
	says(t, o.do("campaign", "apply", "--dry-run", file), `Campaign "back" (win_back) is new`, "+ ratio: 1.5 (default 1)", `"loyal" (loyalty) is new`,
		"+ state: running", "Dry run: nothing was changed.")
	if out := o.do("campaign", "list"); strings.Contains(out, "back") {
		t.Errorf("the dry run has made a campaign:\n%s", out)
	}
	says(t, o.do("campaign", "apply", file), "Applied: 2 created, 0 changed, 0 unchanged.")
	says(t, o.do("campaign", "list"), "back", "draft", "loyal", "running")
	says(t, o.do("campaign", "apply", file), `Campaign "back" (win_back) is unchanged at revision 1.`, "Applied: 0 created, 0 changed, 2 unchanged.")

	shown := o.do("campaign", "show", "back", "--yaml")
	says(t, o.do("campaign", "apply", o.write("shown.yaml", shown)), "is unchanged at revision 1.")
	changed := o.write("changed.yaml", strings.Replace(shown, "ratio: 1.5", "ratio: 2", 1)+"\nstate: running\n")
	says(t, o.do("campaign", "apply", changed), `Campaign "back" (win_back) changes from revision 1:`, "~ ratio: 1.5 → 2", "~ state: draft → running", "1 changed")
	says(t, o.do("campaign", "show", "back"), `"revision": 2`, `"ratio": 2`)
}

func TestAFileThatCannotBeAppliedChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "back")
	o.do("campaign", "create", "over")
	o.do("campaign", "close", "over")
	for text, want := range map[string]string{
		"kind: win_back\nring_timout: 25s":  "line 3: ring_timout: is no known key; did you mean ring_timeout?",
		"kind: win_back\nring_timeout: 5s":  "line 3: ring_timeout: 5s is not between 15s and 2m",
		"kind: loyalty":                     "kind: is win_back and cannot become loyalty",
		"kind: win_back\nstate: paused":     "state: is draft and cannot become paused",
		"kind: win_back\nselection: [1, 2]": "line 3: selection: must have keys below it",
	} {
		file := o.write("wrong.yaml", "name: back\n"+text+"\n---\nname: fine\nkind: loyalty\n")
		code, _, said := o.tryIn(t, "campaign", "apply", file)
		checkTold(t, code, exitFailed, said, "nothing was applied", file, want)
	}
	code, _, said := o.tryIn(t, "campaign", "apply", o.write("over.yaml", "name: over\nkind: win_back\nratio: 3\n"))
	checkTold(t, code, exitFailed, said, "is closed; nothing of it changes any more")
	fine := o.write("fine.yaml", "name: fine\nkind: loyalty\n")
	code, _, said = o.tryIn(t, "campaign", "apply", fine, fine)
	checkTold(t, code, exitFailed, said, `line 1: name: campaign "fine" stands in `)
	code, _, said = o.tryIn(t, "campaign", "apply", filepath.Join(o.dir, "none.yaml"))
	checkTold(t, code, exitFailed, said, "none.yaml")
	if out := o.do("campaign", "list"); strings.Contains(out, "fine") {
		t.Errorf("a part was applied:\n%s", out)
	}
}

// TestTheExamplesOfEachKind applies each example and imports a small list that
// matches it.
func TestTheExamplesOfEachKind(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	lists := map[string]string{
		"win-back": "external_id,first_name,phone,value,left_at,defector_reason\n" +
			"w1,Ann,2125550101,400,DAY,price\nw2,Bob,2125550102,300,DAY,service\nw3,Cid,2125550103,9,DAY,price\n",
		"prospecting": "external_id,phone,value,propensity,need_segment,profit_segment\n" +
			"p1,2125550111,200,5%,fibre,high\np2,2125550112,200,5%,none,high\np3,2125550113,200,5%,mobile,low\n",
		"loyalty": "external_id,phone,value_tier,need,churn_score\n" +
			"l1,2125550121,gold,speed,0.6\nl2,2125550122,bronze,price,0.3\nl3,2125550123,silver,price,0.01\n",
		"cross-sell": "external_id,phone,owned_products,usage,value,propensity\n" +
			"c1,2125550131,internet;mobile,300,60,0.1\nc2,2125550132,internet;tv,400,60,0.1\nc3,2125550133,internet,40,60,0.1\n",
	}
	fallsOut := map[string]map[campaigns.Reason]int{
		"win-back":    {campaigns.ReasonNotInSegment: 1},
		"prospecting": {campaigns.ReasonNotInSegment: 2},
		"loyalty":     {campaigns.ReasonNotInSegment: 1},
		"cross-sell":  {campaigns.ReasonNotInSegment: 1, campaigns.ReasonAlreadyOwned: 1},
	}
	store, lately := o.store(), time.Now().AddDate(0, 0, -3).Format(time.DateOnly)
	entries, err := os.ReadDir(exampleCampaigns)
	if err != nil || len(entries) != len(lists) {
		t.Fatalf("%v, %v", entries, err)
	}
	for name, list := range lists {
		says(t, o.do("campaign", "apply", exampleCampaigns+name+".yaml"), "Applied: 1 created")
		says(t, o.do("campaign", "apply", exampleCampaigns+name+".yaml"), "0 changed, 1 unchanged")
		out := o.do("import", "--campaign", name, o.write(name+".csv", strings.ReplaceAll(list, "DAY", lately)))
		says(t, out, "Imported 3 of 3 rows", "0 rejected")
		if strings.Contains(out, "the file has not") {
			t.Errorf("%s: %s", name, out)
		}
		campaign, err := store.CampaignByName(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		// What the engine does once in a while.
		if _, _, err := store.ApplySelection(t.Context(), campaign.ID, 0); err != nil {
			t.Fatal(err)
		}
		preview, err := store.Preview(t.Context(), campaign.ID, postgres.PreviewOptions{})
		if err != nil {
			t.Fatal(err)
		}
		fell := map[campaigns.Reason]int{}
		for _, step := range preview.Steps {
			for _, line := range step.FellOut {
				if line.Reason != campaigns.ReasonControlGroup {
					fell[line.Reason] += line.Count
				}
			}
		}
		if !maps.Equal(fell, fallsOut[name]) {
			t.Errorf("%s: out fall %v, want %v", name, fell, fallsOut[name])
		}
	}
	says(t, o.do("list", "ls", "prospecting"), "prospecting.csv", "enquiry")
}

// says fails unless the text has all the parts.
func says(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
