package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// verified is what verify --json prints.
type verified struct {
	Sources, Runs, Calls, Differ int64
	Unread                       int64 `json:"runs_not_reread"`
	Repriced                     int64 `json:"calls_repriced"`
	Unchecked                    []string
	Findings                     []struct {
		Kind, Run, Why string
		Calls          []string
	}
}

func verify(t *testing.T, args ...string) (told, verified) {
	t.Helper()
	got := cli(t, append([]string{"verify", "--json"}, args...)...)
	var v verified
	if got.out != "" {
		if err := json.Unmarshal([]byte(got.out), &v); err != nil {
			t.Fatalf("%v\n%s", err, got.out)
		}
	}
	return got, v
}

// TestVerify: what a store says is compared with its sources as they are now.
func TestVerify(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	a, b, db := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl"), filepath.Join(dir, "x.db")
	write := func(path string, lines ...string) {
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dearer := func(id string) string { return strings.Replace(good(id), "0.25", "0.75", 1) }
	for _, step := range []struct {
		name    string
		do      func()
		code    int
		calls   int64
		finding string // kind and text
		says    string // of what was not compared
	}{
		{"as it was", func() {}, exitDone, 3, "", ""},
		{"grown", func() { write(a, good("c1"), good("c2"), good("c3")) }, exitDone, 3, "", "a.jsonl: the "},
		{"replaced by a dearer call", func() { write(a, dearer("c1"), good("c2")) }, exitFails, 3, "source: the sources say something else now|c1 (" + a + ":1): stored as $0.25, now $0.75", ""},
		{"a call is gone", func() { write(a, good("c1")) }, exitFails, 3, "source: |c2 (" + a + ":2): not in the sources", ""},
		{"lost", func() { os.Remove(b) }, exitDone, 3, "", "b.jsonl: "},
	} {
		write(a, good("c1"), good("c2"))
		write(b, strings.Replace(good("d1"), `"r"`, `"q"`, 1))
		os.Remove(db)
		loadInto(t, db, []string{a, b})
		step.do()
		got, v := verify(t, "--store", db, a, b)
		if got.code != step.code || v.Calls != step.calls || (v.Differ == 0) != (step.finding == "") || (len(v.Unchecked) == 0) != (step.says == "") || !strings.Contains(strings.Join(v.Unchecked, "\n"), step.says) {
			t.Errorf("%s: exit code %d, %+v\n%s", step.name, got.code, v, got.errors)
		}
		text := ""
		for _, f := range v.Findings {
			text += f.Kind + ": " + f.Why + "\n" + strings.Join(f.Calls, "\n")
		}
		for _, part := range strings.Split(step.finding, "|") {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is not in\n%s", step.name, part, text)
			}
		}
		plain := cli(t, "verify", "--store", db, a, b)
		if plain.code != step.code || strings.Contains(plain.out, "every number agrees") != (step.code == exitDone) {
			t.Errorf("%s, as text: exit code %d\n%s", step.name, plain.code, plain.out)
		}
		loadInto(t, db, []string{a})
		if got, v := verify(t, "--store", db, a); got.code != exitDone && step.name != "lost" {
			t.Errorf("%s, read anew: exit code %d, %+v", step.name, got.code, v)
		}
	}
}

// acmeBook is a price book of one model: input in dollars per million tokens, output 15.
func acmeBook(t *testing.T, input int) string {
	return put(t, fmt.Sprintf("book%d.json", input), fmt.Sprintf(`{"as_of":"2026-01-%02d","currency":"USD","unit":"per 1,000,000 tokens","source":"invented","providers":[{"id":"acme","models":[{"id":"acme-large","match":{"equals":"acme-large"},"prices":[{"input":%d,"output":15}]}]}]}`, input, input))
}

// acmeCalls is two calls of 1,000 and 2,000 input tokens, 10 output each, and one whose cost is stated.
const acmeCalls = `{"trace_id":"r","span_id":"c","operation":"chat","model":"acme-large","input_tokens":1000,"output_tokens":10}
{"trace_id":"r","span_id":"d","operation":"chat","model":"acme-large","input_tokens":2000,"output_tokens":10}
{"trace_id":"r","span_id":"e","operation":"chat","model":"acme-large","input_tokens":2000,"output_tokens":10,"cost_usd":0.5}
`

// TestVerifyWithOtherPrices: another price book than that of the store is found, with the calls whose cost it changes. By the first book
// they cost 3,150 and 6,150 micro-dollars, by the second 30,150 and 60,150; the stated cost stays.
func TestVerifyWithOtherPrices(t *testing.T) {
	ownCache(t)
	trace := put(t, "t.jsonl", acmeCalls)
	old, now := acmeBook(t, 3), acmeBook(t, 30)
	db := filepath.Join(t.TempDir(), "x.db")
	loadInto(t, db, []string{trace}, "--prices", old)
	if got, v := verify(t, "--store", db, "--prices", old, trace); got.code != exitDone || v.Calls != 3 || v.Repriced != 0 {
		t.Errorf("the same book: exit code %d, %+v, %s", got.code, v, got.errors)
	}
	for range 2 { // verify changes nothing
		got, v := verify(t, "--store", db, "--prices", now, trace)
		if got.code != exitFails || v.Calls != 3 || v.Repriced != 2 || v.Differ != 1 || len(v.Findings) != 1 {
			t.Fatalf("another book: exit code %d, %+v, %s", got.code, v, got.errors)
		}
		f := v.Findings[0]
		want := []string{
			"c (" + trace + ":1): $0.00315 → $0.03015 (acme/acme-large): input $3 → $30 per million",
			"d (" + trace + ":2): $0.00615 → $0.06015 (acme/acme-large): input $3 → $30 per million",
		}
		if f.Kind != "prices" || f.Run != "r" || strings.Join(f.Calls, "\n") != strings.Join(want, "\n") || !strings.Contains(f.Why, "stored as $0.5093 by the book of 2026-01-03, 2026-09-23, now $0.5903 by that of 2026-01-30, 2026-09-23") {
			t.Errorf("%+v", f)
		}
	}
	if got := cli(t, "verify", "--store", db, "--prices", now, trace); !strings.Contains(got.out, "prices: 2 calls cost something else") || !strings.Contains(got.errors, "by the book that they are given") {
		t.Errorf("%s%s", got.out, got.errors)
	}
	loadInto(t, db, []string{trace}, "--prices", now)
	if got, v := verify(t, "--store", db, "--prices", now, trace); got.code != exitDone || v.Calls != 3 {
		t.Errorf("re-priced: exit code %d, %+v, %s", got.code, v, got.errors)
	}
}

// TestVerifyNamesTheFirst: of many calls whose price differs some are named and all are counted.
func TestVerifyNamesTheFirst(t *testing.T) {
	ownCache(t)
	var lines strings.Builder
	for i := range 250 {
		for k := range 20 {
			fmt.Fprintf(&lines, `{"trace_id":"r%d","span_id":"c%d","operation":"chat","model":"acme-large","input_tokens":1000,"output_tokens":10}`+"\n", i, k)
		}
	}
	trace, db := put(t, "t.jsonl", lines.String()), filepath.Join(t.TempDir(), "x.db")
	loadInto(t, db, []string{trace}, "--prices", acmeBook(t, 3))
	got, v := verify(t, "--store", db, "--prices", acmeBook(t, 4), trace)
	if got.code != exitFails || v.Repriced != 5000 || v.Differ != 250 || len(v.Findings) != 100 {
		t.Fatalf("exit code %d, %d calls, %d findings, %d named", got.code, v.Repriced, v.Differ, len(v.Findings))
	}
	if c := v.Findings[0].Calls; len(c) != 11 || c[10] != "and 10 more" || !strings.Contains(c[9], "$0.00315 → $0.00415") {
		t.Errorf("%q", c)
	}
}

// TestRepricing: another book over a loaded store works every number out anew from the store alone, and says so.
func TestRepricing(t *testing.T) {
	ownCache(t)
	trace, db := put(t, "t.jsonl", acmeCalls), filepath.Join(t.TempDir(), "x.db")
	old, now := acmeBook(t, 3), acmeBook(t, 30)
	loadInto(t, db, []string{trace}, "--prices", old)
	if err := os.Remove(trace); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		book, cost, was string
		says            bool
	}{
		{old, "0.5093", "", false}, {now, "0.5903", "0.5093", true}, {now, "0.5903", "", false}, {old, "0.5093", "0.5903", true},
	} {
		got := cli(t, "report", "--json", "--prices", step.book, db)
		var r struct {
			Prices struct {
				AsOf     string `json:"as_of"`
				Version  string
				Repriced *struct {
					Was json.Number `json:"was_usd"`
					Now json.Number `json:"now_usd"`
				}
			}
			Totals struct {
				Cost     json.Number `json:"cost_usd"`
				Recorded json.Number `json:"recorded_usd"`
			}
		}
		if err := json.Unmarshal([]byte(got.out), &r); err != nil {
			t.Fatalf("%v\n%s%s", err, got.out, got.errors)
		}
		p := r.Prices.Repriced
		if r.Totals.Cost.String() != step.cost || r.Totals.Recorded.String() != "0.5" || (p != nil) != step.says || p != nil && (p.Was.String() != step.was || p.Now.String() != step.cost) || r.Prices.Version == "" {
			t.Errorf("%s: %+v", step.book, r)
		}
	}
	got := cli(t, "report", "--prices", now, db)
	if !strings.Contains(got.out, "re-priced with the book of 2026-01-30, 2026-09-23: was $0.509 by the book of 2026-01-03, 2026-09-23, now $0.59") {
		t.Errorf("%s%s", got.out, got.errors)
	}
	got = cli(t, "report", "--prices", now, "--cost", "recorded", db)
	if strings.Contains(got.out, "re-priced") {
		t.Errorf("another cost mode is no other book: %s", got.out)
	}
}

// TestVerifyDamage: a flipped byte in a store is found, or lies where nothing is kept: verify never says that wrong numbers agree.
func TestVerifyDamage(t *testing.T) {
	ownCache(t)
	files := loadable(t, 1)
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, files)
	want := heldBy(t, clean)
	whole, err := os.ReadFile(clean)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(8, 8))
	found := 0
	for n := range 25 {
		b := append([]byte(nil), whole...)
		b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		db := filepath.Join(t.TempDir(), "damaged.db")
		if err := os.WriteFile(db, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got := cli(t, append([]string{"verify", "--store", db}, files...)...)
		switch {
		case got.code == exitFails:
			found++
			if !strings.Contains(got.errors, "damaged") && !strings.Contains(got.out, "damaged") {
				t.Errorf("%d: %.300s %.300s", n, got.errors, got.out)
			}
		case got.code != exitDone:
			t.Errorf("%d: exit code %d, %.300s", n, got.code, got.errors)
		case heldBy(t, db) != want:
			t.Errorf("damage %d is not noticed", n)
		}
	}
	if found == 0 {
		t.Error("no damage was found")
	}
}
