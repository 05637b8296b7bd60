package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"ringmaster/campaigns"
	"ringmaster/campaigns/postgres"
	"ringmaster/campaigns/postgres/postgrestest"
)

// file is a file of numbers.
func file(numbers ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, n := range numbers {
			if !yield(n, nil) {
				return
			}
		}
	}
}

func (h *house) load(i postgres.DNCImport) postgres.DNCImported {
	h.t.Helper()
	done, err := h.store.ImportDNC(context.Background(), i)
	h.must(err)
	return done
}

// states gives state and reason of the persons' candidates.
func (h *house) states(people ...postgrestest.Person) string {
	h.t.Helper()
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.CandidateID
	}
	return h.read(`select state, reason from candidates where id = any($1) order by id`, ids)
}

func TestAFileOfNumbersHoldsUntilItIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(4)
	registry := campaigns.DNCList{Name: "us", National: true}
	done := h.load(postgres.DNCImport{List: registry, File: "october", Numbers: file("+12125550000", "+12125550001", "+12125550001", "+13105550000")})
	if done.Entries != 3 || done.Repeated != 1 {
		t.Errorf("imported %+v", done)
	}
	if got := h.states(people...); got != "blocked do_not_call\nblocked do_not_call\nqueued test\nqueued test" {
		t.Errorf("after the first file:\n%s", got)
	}
	attempts, refused := h.reserve(h.items(people...))
	if len(attempts) != 2 || len(refused) != 2 || refused[0].Reason != campaigns.ReasonNotQueued {
		t.Errorf("attempts %v, refused %v", attempts, refused)
	}
	h.load(postgres.DNCImport{List: registry, File: "november", Numbers: file("+12125550001", "+13105550000"), Replace: true})
	if got := h.states(people[:2]...); got != "ready \nblocked do_not_call" {
		t.Errorf("after the second file:\n%s", got)
	}
	if got := h.read(`select count(*), count(distinct file_id) from dnc_entries`); got != "2 1" {
		t.Errorf("entries and files: %s", got)
	}
	lists, err := h.store.DNCLists(t.Context())
	h.must(err)
	if len(lists) != 2 || lists[0].Name != postgres.OwnList || lists[1].Entries != 2 || lists[1].File != "november" || lists[1].Old ||
		lists[1].MaxAge.Std() != postgres.NationalMaxAge || lists[1].Loading {
		t.Errorf("lists %+v", lists)
	}
	h.exec(`update dnc_files set loaded_at = loaded_at - interval '32 days'`)
	if lists, err = h.store.DNCLists(t.Context()); err != nil || !lists[1].Old {
		t.Errorf("a registry's file of 32 days ago: %+v, %v", lists, err)
	}
}

func TestAnInterruptedFileHoldsBesideTheOldOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(3)
	list := campaigns.DNCList{Name: "us"}
	h.load(postgres.DNCImport{List: list, File: "whole", Numbers: file("+12125550000")})
	broken := errors.New("the line is gone")
	_, err := h.store.ImportDNC(t.Context(), postgres.DNCImport{List: list, File: "half", Replace: true, Numbers: func(yield func(string, error) bool) {
		for i := range 20_000 {
			if !yield(fmt.Sprintf("+1212555%04d", i%9999+1), nil) {
				return
			}
		}
		yield("", broken)
	}})
	if !errors.Is(err, broken) {
		t.Fatalf("error %v", err)
	}
	if got := h.states(people...); got != "blocked do_not_call\nblocked do_not_call\nblocked do_not_call" && got != "blocked do_not_call\nqueued test\nqueued test" {
		t.Errorf("candidates:\n%s", got)
	}
	if lists, err := h.store.DNCLists(t.Context()); err != nil || !lists[1].Loading || lists[1].File != "whole" {
		t.Errorf("lists %+v, %v", lists, err)
	}
	h.load(postgres.DNCImport{List: list, File: "again", Numbers: file("+12125550002"), Replace: true})
	if got := h.read(`select count(*) from dnc_entries`); got != "1" {
		t.Errorf("%s entries are left", got)
	}
}

func TestAListOfOneCampaignBindsNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p := h.queued(1)[0]
	other := postgrestest.Campaign(t, h.store, "other")
	twin := h.also(other, p, campaigns.CandidateQueued)
	h.load(postgres.DNCImport{List: campaigns.DNCList{Name: "partner", Campaign: "first"}, File: "f", Numbers: file("+12125550000")})
	h.exec(`update candidates set state = 'queued', queued_at = now()`)
	if _, refused := h.reserve(h.items(p)); len(refused) != 1 || refused[0].Reason != campaigns.ReasonDoNotCall {
		t.Errorf("in its campaign: %v", refused)
	}
	h.reserveIn(other, twin)
	_, err := h.store.ImportDNC(t.Context(), postgres.DNCImport{List: campaigns.DNCList{Name: "partner", Campaign: "other"}, File: "f", Numbers: file()})
	h.code(err, campaigns.CodeConflict, `"partner"`)
	_, err = h.store.ImportDNC(t.Context(), postgres.DNCImport{List: campaigns.DNCList{Name: "x", Campaign: "none"}, File: "f", Numbers: file()})
	h.code(err, campaigns.CodeNotFound, `no campaign "none"`)
	_, err = h.store.ImportDNC(t.Context(), postgres.DNCImport{List: campaigns.DNCList{Name: " "}, File: "f", Numbers: file()})
	h.code(err, campaigns.CodeInvalid, "list")
	_, err = h.store.ImportDNC(t.Context(), postgres.DNCImport{List: campaigns.DNCList{Name: "x"}, File: "f", Numbers: file(), Until: h.ago(time.Hour)})
	h.code(err, campaigns.CodeInvalid, "expires")
}

func TestPrefixesAndCountriesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		hit     bool
	}{{"+1212", true}, {"+12125550000", true}, {"+1", true}, {"US", true}, {"+1213", false}, {"CA", false}, {"+12125550001", false}} {
		t.Run(c.pattern, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			p := h.queued(1)[0]
			// Once by the entry itself, and once by the gate alone.
			h.must(h.store.SuppressPattern(t.Context(), campaigns.DNCList{Name: postgres.OwnList}, c.pattern, "premium rate", time.Time{}))
			want := map[bool]string{true: "blocked do_not_call", false: "queued test"}[c.hit]
			if got := h.states(p); got != want {
				t.Errorf("candidate is %q", got)
			}
			h.exec(`update candidates set state = 'queued', queued_at = now(), reason = ''`)
			if attempts, refused := h.reserve(h.items(p)); (len(attempts) == 0) != c.hit || c.hit && refused[0].Reason != campaigns.ReasonDoNotCall {
				t.Fatalf("attempts %v, refused %v", attempts, refused)
			}
			found, err := h.store.Suppressions(t.Context(), "+12125550000", "US")
			h.must(err)
			if (len(found) == 1) != c.hit || c.hit && (found[0].Pattern != c.pattern || found[0].Reason != "premium rate") {
				t.Errorf("entries %+v", found)
			}
			h.must(h.store.LiftPattern(t.Context(), postgres.OwnList, c.pattern))
			if got := h.states(p); c.hit && got != "ready " {
				t.Errorf("after lifting: %q", got)
			}
		})
	}
	h := newHouse(t)
	h.code(h.store.SuppressPattern(t.Context(), campaigns.DNCList{Name: "own"}, "1900*", "", time.Time{}), campaigns.CodeInvalid, `pattern: "1900*"`)
	h.code(h.store.SuppressPattern(t.Context(), campaigns.DNCList{Name: "own"}, "XQ", "", time.Time{}), campaigns.CodeInvalid, "XQ")
	h.code(h.store.LiftPattern(t.Context(), "own", "+1900"), campaigns.CodeNotFound, "+1900")
}

func TestLiftingAnEntryGivesTheCandidateBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.queued(2)
	p := people[0]
	list := campaigns.DNCList{Name: "partner"}
	h.must(h.store.AddToDNCList(t.Context(), list, "+12125550000", time.Time{}))
	h.must(h.store.AddToDNCList(t.Context(), list, "+12125550000", time.Time{}))
	h.must(h.store.AddSuppression(t.Context(), "+12125550000", 0, "agent", "asked", time.Time{}))
	if entries, err := h.store.Suppressions(t.Context(), "+12125550000", "US"); err != nil || len(entries) != 2 {
		t.Errorf("entries %+v, %v", entries, err)
	}
	h.must(h.store.LiftSuppression(t.Context(), "+12125550000", 0))
	if got := h.states(p); got != "blocked do_not_call" {
		t.Errorf("with an entry left: %q", got)
	}
	h.must(h.store.RemoveFromDNCList(t.Context(), "partner", "+12125550000"))
	if got := h.states(people...); got != "ready \nqueued test" {
		t.Errorf("with none left: %q", got)
	}
	h.code(h.store.LiftSuppression(t.Context(), "+12125550000", 0), campaigns.CodeNotFound, "no entry")
	h.code(h.store.RemoveFromDNCList(t.Context(), "partner", "+12125550000"), campaigns.CodeNotFound, `"partner"`)
	if lists, err := h.store.DNCLists(t.Context()); err != nil || lists[1].Entries != 0 {
		t.Errorf("lists %+v, %v", lists, err)
	}
}

// Files, prefixes and objections are committed while batches are reserved:
// nothing is reserved after, and what was reserved before is told to stop.
func TestWhatRingsIsToldOfEveryKindOfEntry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		block func(context.Context, *house, []postgrestest.Person) error
	}{
		{"file", func(ctx context.Context, h *house, people []postgrestest.Person) error {
			numbers := make([]string, len(people))
			for i := range numbers {
				numbers[i] = fmt.Sprintf("+1212555%04d", i)
			}
			_, err := h.store.ImportDNC(ctx, postgres.DNCImport{List: campaigns.DNCList{Name: "us"}, File: "f", Numbers: file(numbers...)})
			return err
		}},
		{"prefix", func(ctx context.Context, h *house, _ []postgrestest.Person) error {
			return h.store.SuppressPattern(ctx, campaigns.DNCList{Name: "us"}, "+1212", "", time.Time{})
		}},
		{"objection", func(ctx context.Context, h *house, people []postgrestest.Person) error {
			for _, p := range people {
				if err := h.store.Object(ctx, campaigns.Objection{ContactID: p.ContactID, Source: "letter"}); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			people := h.queued(60)
			ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
			var mu sync.Mutex
			told := map[int64]bool{} // numbers and persons
			listening, ended := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(ended)
				_ = h.store.Watch(ctx, func(b postgres.Block) {
					if b.Resync {
						close(listening)
					}
					mu.Lock()
					defer mu.Unlock()
					told[b.NumberID], told[b.ContactID] = true, true // the ids of persons and numbers agree
				})
			}()
			<-listening
			var workers sync.WaitGroup
			reserved := make([][]campaigns.Attempt, 20)
			for w := range reserved {
				workers.Go(func() {
					attempts, _, err := h.store.Reserve(ctx, h.owner, h.items(people[3*w:3*w+3]...))
					if err != nil {
						t.Error(err)
					}
					reserved[w] = attempts
				})
			}
			if err := c.block(ctx, h, people); err != nil {
				t.Fatal(err)
			}
			workers.Wait()
			attempts := slices.Concat(reserved...)
			t.Logf("%d of %d were reserved before", len(attempts), len(people))
			for deadline := time.Now().Add(10 * time.Second); ; {
				mu.Lock()
				missing := slices.DeleteFunc(slices.Clone(attempts), func(a campaigns.Attempt) bool { return told[a.NumberID] || told[a.ContactID] })
				mu.Unlock()
				if len(missing) == 0 {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d attempts ring on", len(missing))
				}
				time.Sleep(5 * time.Millisecond)
			}
			if got := h.read(`select count(*) from candidates where state not in ('blocked', 'open')`); got != "0" {
				t.Errorf("%s candidates are neither blocked nor open", got)
			}
			stop()
			<-ended
		})
	}
}

// An empty file does not take a registry's place.
func TestAnEmptyFileReplacesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	list := campaigns.DNCList{Name: "national"}
	if _, err := h.store.ImportDNC(t.Context(), postgres.DNCImport{List: list, File: "one", Numbers: file("+12125550001")}); err != nil {
		t.Fatal(err)
	}
	_, err := h.store.ImportDNC(t.Context(), postgres.DNCImport{List: list, File: "two", Numbers: file(), Replace: true})
	h.code(err, campaigns.CodeInvalid, "file")
	found, err := h.store.Suppressions(t.Context(), "+12125550001", "US")
	h.must(err)
	if len(found) != 1 {
		t.Errorf("the number is covered by %d entries, want 1", len(found))
	}
	h.code(h.store.AddToDNCList(t.Context(), list, "+12125550002", h.ago(time.Hour)), campaigns.CodeInvalid, "expires")
}
