package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A number may be the external id of one person and the id of another: it is
// the external id, which is what people know, and the command says so.
func TestWhyTellsAnExternalIDFromAnID(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	o.do("import", "--campaign", "winback", o.write("list.csv", "external_id,phone,first_name\n2,2125550101,Ada\n1,2125550102,Bob\n7,2125550103,Cleo\n"))
	o.do("campaign", "start", "winback")
	ids := map[string]string{}
	for _, name := range []string{"id:1", "id:2", "id:3"} {
		ids[strings.Fields(o.do("campaign", "why", "winback", "--contact", name))[0]] = name
	}
	if len(ids) != 3 {
		t.Fatalf("the ids name %v", ids)
	}
	for external, want := range map[string]string{"2": "Ada", "1": "Bob", "7": "Cleo"} {
		code, out, said := o.tryIn(t, "campaign", "why", "winback", "--contact", external)
		if code != exitDone || !strings.HasPrefix(out, want) {
			t.Errorf("--contact %s: exit %d\n%s%s, want %s", external, code, out, said, want)
		}
		// Seven is nobody's id, and who is meant where both are the same is plain.
		note := fmt.Sprintf("note: %s is the external id of contact", external)
		if noted := strings.Contains(said, note); noted != (external != "7" && ids[want] != "id:"+external) {
			t.Errorf("--contact %s (%s is %s) noted: %v\n%s", external, want, ids[want], noted, said)
		}
	}
	code, _, said := o.tryIn(t, "campaign", "why", "winback", "--contact", "id:crm-1")
	checkTold(t, code, exitFailed, said, `--contact: "id:crm-1" is no contact id`)
}

// An empty RINGMASTER_CONFIG, as of a unit file with a blank, is none.
func TestAnEmptyConfigVariableIsNone(t *testing.T) {
	t.Setenv("RINGMASTER_CONFIG", "")
	var out bytes.Buffer
	// The database's address is wrong, so that the complaint tells how far it came.
	code := run(t.Context(), []string{"dnc", "lists"}, streams{out: &out, err: &out, environ: []string{"RINGMASTER_CONFIG=", "RINGMASTER_SECRETS_NUMBER_KEY=0123456789abcdef0123456789abcdef",
		"RINGMASTER_DATABASE_URL=postgres://nobody@127.0.0.1:1/none"}})
	if code != exitFailed || strings.Contains(out.String(), "is a directory") || !strings.Contains(out.String(), "127.0.0.1") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}
