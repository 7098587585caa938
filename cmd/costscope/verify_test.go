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

// TestVerifyWithOtherPrices: the sums of other prices are worked out anew when a store is opened, and agree.
func TestVerifyWithOtherPrices(t *testing.T) {
	ownCache(t)
	trace := put(t, "t.jsonl", `{"trace_id":"r","span_id":"c","operation":"chat","model":"acme-large","input_tokens":1000,"output_tokens":10}`+"\n")
	book := func(input int) string {
		return put(t, fmt.Sprintf("book%d.json", input), fmt.Sprintf(`{"as_of":"2026-01-01","currency":"USD","unit":"per 1,000,000 tokens","source":"invented","providers":[{"id":"acme","models":[{"id":"acme-large","match":{"equals":"acme-large"},"prices":[{"input":%d,"output":15}]}]}]}`, input))
	}
	db := filepath.Join(t.TempDir(), "x.db")
	loadInto(t, db, []string{trace}, "--prices", book(3))
	for _, input := range []int{3, 30} {
		if got, v := verify(t, "--store", db, "--prices", book(input), trace); got.code != exitDone || v.Calls != 1 {
			t.Errorf("input at $%d: exit code %d, %+v, %s", input, got.code, v, got.errors)
		}
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
