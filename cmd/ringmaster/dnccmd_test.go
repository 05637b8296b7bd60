package main

import (
	"slices"
	"strings"
	"testing"
)

func TestADoNotCallFileIsReadAsRegistriesWriteIt(t *testing.T) {
	t.Parallel()
	var rejects strings.Builder
	f := &dncFile{region: "US", rejects: &rejects, file: strings.NewReader("\ufeffphone,name\n" +
		"(212) 555-0100\n213,5550101\n\"305\";\"5550102\"\n+442079460123,London,x\n\n12\n+1 305 555 0103\tx\n")}
	var got []string
	for number, err := range f.numbers() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, number)
	}
	if want := []string{"+12125550100", "+12135550101", "+13055550102", "+442079460123", "+13055550103"}; !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if f.rejected != 1 || f.firstLine != 7 || f.line != 8 || !strings.HasPrefix(rejects.String(), "7\tphone: too short") {
		t.Errorf("%d rejected, the first at line %d of %d: %q", f.rejected, f.firstLine, f.line, rejects.String())
	}
	long := &dncFile{region: "US", rejects: &rejects, file: strings.NewReader("2125550100\n" + strings.Repeat("1", 70_000))}
	var failed error
	for _, err := range long.numbers() {
		failed = err
	}
	if failed == nil || !strings.Contains(failed.Error(), "line 2") {
		t.Errorf("an endless line: %v", failed)
	}
}

func TestHoursAreReadAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	w, err := readHours("mon-fri 17:00-20:00,sat 10:00-24:00")
	if err != nil {
		t.Fatal(err)
	}
	if w.Days[1].From != 17*60 || w.Days[5].Until != 20*60 || w.Days[6].Until != 24*60 || w.Days[0].Until != 0 {
		t.Errorf("hours %+v", w)
	}
	if w, err = readHours("9:00-12:30"); err != nil || w.Days[0].Until != 750 || w.Days[6].From != 540 {
		t.Errorf("every day: %+v, %v", w, err)
	}
	if w, err = readHours("fri-mon 09:00-12:00"); err != nil || w.Days[6].From != 540 || w.Days[1].From != 540 || w.Days[2].Until != 0 {
		t.Errorf("over the weekend: %+v, %v", w, err)
	}
	for _, wrong := range []string{"evenings", "mon-fry 17:00-20:00", "20:00-17:00", "mon 17:00", "17:00-25:00"} {
		if _, err := readHours(wrong); err == nil || !strings.Contains(err.Error(), "--hours") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
