package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const vicidialFiles = "../../campaigns/ingest/testdata/vicidial/"

// copied gives a file of the samples in the office's folder, because rejects
// stand beside their file.
func (o *office) copied(name string) string {
	o.t.Helper()
	text, err := os.ReadFile(vicidialFiles + name)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.write(name, string(text))
}

// TestMovingOverFromVICIdial does what the guide campaigns/ingest/VICIDIAL.md
// says.
func TestMovingOverFromVICIdial(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	says(t, o.do("import", "--preset", "vicidial-dnc", o.copied("dnc.txt")), `List "vicidial-dnc": 2 entries`)
	leads := o.copied("leads.txt")
	says(t, o.do("import", "--preset", "vicidial", "--campaign", "winback", "--zone", "America/New_York", "--dry-run", leads), "Would import 6 of 7 rows")
	says(t, o.do("import", "--preset", "vicidial", "--campaign", "winback", "--zone", "America/New_York", leads), "Imported 6 of 7 rows",
		"ready 3", "blocked 1", "callback 1", "done 1", "1 agreed callbacks have no time", "rejected by column: phone_number 1")
	calls := o.copied("log.txt")
	says(t, o.do("import", "--preset", "vicidial-log", "--campaign", "winback", "--zone", "America/New_York", calls), "Imported 2 of 4 calls", "answered 1, no_answer 1")
	says(t, o.do("import", "--preset", "vicidial-log", "--campaign", "winback", "--zone", "America/New_York", calls), "Imported 0 of 4 calls", "2 were there before")
	rejects, err := os.ReadFile(filepath.Join(o.dir, "log.txt.rejects.csv"))
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(rejects), "4,phone_number,nobody has this number: import the leads first", "5,call_date,2127-11-20T16:00:00Z is ahead")

	strange := o.write("strange.txt", strings.Replace(readAll(t, leads), "\tB\t1001", "\tHUNGUP\t1001", 1))
	code, _, said := o.tryIn(t, "import", "--preset", "vicidial", "--campaign", "winback", strange)
	checkTold(t, code, exitFailed, said, "--status: the file has statuses that are not known: HUNGUP (1 rows)", "--status HUNGUP=MEANING")
	says(t, o.do("import", "--preset", "vicidial", "--campaign", "winback", "--status", "HUNGUP=not_available", strange), "of 7 rows")
	for want, args := range map[string][]string{
		"--status: A=gone: is not one of ready": {"--preset", "vicidial", "--status", "A=gone"},
		"--status A: is not STATUS=MEANING":     {"--preset", "vicidial", "--status", "A"},
		"--zone Mars: is no IANA time zone":     {"--preset", "vicidial", "--zone", "Mars"},
		"--map x: is not field=Column":          {"--map", "x"},
		`--map: "x" is no field`:                {"--map", "x=y"},
	} {
		code, _, said := o.tryIn(t, append([]string{"import", "--campaign", "winback", leads}, args...)...)
		checkTold(t, code, exitFailed, said, want)
	}
	code, _, said = o.tryIn(t, "import", "--preset", "asterisk", leads)
	checkTold(t, code, exitUsage, said, "--preset asterisk: is not one of vicidial, vicidial-log, vicidial-dnc")
	code, _, said = o.tryIn(t, "import", leads)
	checkTold(t, code, exitUsage, said, "missing flags: --campaign=NAME")
}

// Rejected rows are mended in their own file and imported from there, over and
// over; who will never be called is told with examples.
func TestRejectsAreMendedAndImported(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	o.do("campaign", "create", "winback")
	leads := o.write("leads.csv", "external_id,phone,value,plan\nc-1,+12125550101,0,gold\nc-2,12,-1,=gold\nc-3,+12125550103,-2,basic\nc-4,+881612345678,5,gold\n"+
		"external_id,phone,value,plan\n")
	says(t, o.do("import", "--campaign", "winback", leads), "Imported 2 of 5 rows", "rejected by column: phone 1, value 1, whole row 1",
		"never to be called, for nobody knows where they are: zone_unknown 1, such as line 5 (", ", zone_unknown)", "a column time_zone")
	rejects := leads + ".rejects.csv"
	text := readAll(t, rejects)
	says(t, text, "reject_row,reject_column,reject_reason,external_id,phone,value,plan\n", "6,,the header once more,", "'=gold")
	code, _, said := o.tryIn(t, "import", "--campaign", "winback", "--rejects", rejects, rejects)
	checkTold(t, code, exitFailed, said, "is the file that is imported")
	o.write("leads.csv.rejects.csv", strings.Replace(text, ",'-2,", ",2,", 1))
	says(t, o.do("import", "--campaign", "winback", rejects), "Imported 1 of 3 rows", "2 rejected")
	again := readAll(t, rejects+".rejects.csv")
	says(t, again, "reject_row,reject_column,reject_reason,external_id,phone,value,plan\n", "c-2,12,'-1,'=gold")
	o.write("mended.csv", strings.Replace(again, ",12,'-1,", ",+12125550102,0,", 1))
	says(t, o.do("import", "--campaign", "winback", filepath.Join(o.dir, "mended.csv")), "Imported 1 of 2 rows")
	contacts, err := o.store().FindContacts(t.Context(), "c-2")
	if err != nil || len(contacts) != 1 || contacts[0].Attributes["plan"] != "=gold" || contacts[0].Value != 0 {
		t.Errorf("%+v, %v", contacts, err)
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
