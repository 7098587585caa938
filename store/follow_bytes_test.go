package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A tailed is a file that grows under a store that looks at it when told to.
type tailed struct {
	t    *testing.T
	f    *follower
	path string
}

// tailFile follows a file of that name, which is not there yet.
func tailFile(t *testing.T, dir, name string, opt Options) *tailed {
	t.Helper()
	opt.Path = filepath.Join(dir, "tail.db")
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.db.NoSync = true // the disk is not what is tried here
	t.Cleanup(func() { s.Close() })
	path := filepath.Join(dir, name)
	of := Following{Files: func() []string { return []string{path} }}
	x := &tailed{t, newFollower(s, of, &watcher{folders: map[string]bool{}}), path}
	s.caughtUp()
	return x
}

// grow appends and looks.
func (x *tailed) grow(data []byte) {
	x.t.Helper()
	w, err := os.OpenFile(x.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = w.Write(data)
		w.Close()
	}
	if err != nil {
		x.t.Fatal(err)
	}
	x.look()
}

// put writes the file as a whole, in place, and looks.
func (x *tailed) put(data string) {
	x.t.Helper()
	if err := os.WriteFile(x.path, []byte(data), 0o600); err != nil {
		x.t.Fatal(err)
	}
	x.look()
}

func (x *tailed) look() {
	x.t.Helper()
	if err := x.f.round(context.Background()); err != nil {
		x.t.Fatal(err)
	}
}

// told is everything that a report is made of.
func told(t *testing.T, s *Bolt) string {
	t.Helper()
	if err := s.exactMax(context.Background()); err != nil {
		t.Fatal(err)
	}
	table, err := s.Rollup(context.Background(), analyze.Query{By: analyze.DefaultBy()})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range append(table.Rows, table.Total) {
		fmt.Fprintf(&b, "%v %d runs %+v\n", r.Path, r.Runs, r.Summary)
	}
	costs, err := s.RunCosts(context.Background(), analyze.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range costs {
		fmt.Fprintln(&b, "run", c.Cost, c.Outcome, c.Incomplete)
	}
	st := s.Status()
	for _, src := range st.Sources {
		fmt.Fprintf(&b, "source %s %d calls, %d records, %d repeated, %d skipped, %d pending, %s\n", src.Format, src.Calls, src.Records, src.Duplicates, src.Skipped, src.Pending, src.Note)
	}
	for _, k := range st.Skips {
		fmt.Fprintf(&b, "skip %d %s\n", k.Line, k.Reason)
	}
	for _, w := range st.Warnings {
		fmt.Fprintln(&b, "warning", w)
	}
	return b.String()
}

// loadedAtOnce is what a store says that reads the files as they stand.
func loadedAtOnce(t *testing.T, opt Options, files ...string) string {
	t.Helper()
	opt.Path = filepath.Join(t.TempDir(), "once.db")
	s, err := Open(opt)
	if err != nil {
		t.Fatal(err)
	}
	s.db.NoSync = true
	defer s.Close()
	if err := s.Load(context.Background(), files, nil, nil); err != nil {
		t.Fatal(err)
	}
	return told(t, s)
}

// same compares two texts line by line.
func same(t *testing.T, name, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var diff []string
	for _, l := range g {
		if !slices.Contains(w, l) {
			diff = append(diff, "tailed:  "+l)
		}
	}
	for _, l := range w {
		if !slices.Contains(g, l) {
			diff = append(diff, "at once: "+l)
		}
	}
	t.Errorf("%s: tailed and loaded at once differ:\n%.3000s", name, strings.Join(diff, "\n"))
}

// sampleFiles are those of shared/traces, few of the many alike ones, and our own.
func sampleFiles(t *testing.T) (files []string) {
	t.Helper()
	alike := map[string]int{}
	for _, root := range []string{filepath.Join("..", "..", "shared", "traces"), filepath.Join("..", "tracefmt", "testdata")} {
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.Contains(path, "fuzz") {
				return nil
			}
			if dir := filepath.Dir(filepath.Dir(path)); strings.Contains(path, "trajs") || strings.Contains(path, "instance_results") {
				if alike[dir]++; alike[dir] > 2 {
					return nil
				}
			}
			if _, err := tracefmt.Detect(path); err == nil {
				files = append(files, path)
			}
			return nil
		})
	}
	return files
}

// TestTailIsLoad: a file that grows in pieces, cut anywhere, gives in the end what reading it at once gives, whatever its format.
func TestTailIsLoad(t *testing.T) {
	files := sampleFiles(t)
	if len(files) < 10 {
		t.Skip("../shared is not there")
	}
	r := rand.New(rand.NewPCG(6, 6))
	for _, sample := range files {
		data, err := os.ReadFile(sample)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		x := tailFile(t, dir, filepath.Base(sample), Options{Workers: 1})
		for rest := data; len(rest) > 0; {
			n := min(len(rest), 1+r.IntN(1+min(len(data)/4, 400_000)))
			x.grow(rest[:n])
			rest = rest[n:]
		}
		x.look()
		if p, _ := x.f.s.compare([]string{x.path}); len(p.feeds) > 0 {
			t.Errorf("%s: is read again and again though it is as it was", sample)
		}
		same(t, sample, told(t, x.f.s), loadedAtOnce(t, Options{}, x.path))
	}
}

// acme is the price book of shared/cases.
func acme(t *testing.T) *tracefmt.PriceBook {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "cases", "acme-prices.json"))
	if err != nil {
		t.Skip("../shared is not there")
	}
	defer f.Close()
	book, err := tracefmt.ReadPrices(f)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// TestTailByteByByte: the file is looked at behind every byte, also within letters. What is told at the end is what reading at once tells;
// on the way no value is called unreadable, and no call counts that is taken back later, but for streamed answers that grow.
func TestTailByteByByte(t *testing.T) {
	book := acme(t)
	for _, name := range []string{"a11-half-written.jsonl", "a1-streaming-snapshots.jsonl", "a2-cumulative-counter.jsonl", "a10-failed-attempts.jsonl"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "shared", "cases", name))
		if err != nil {
			t.Fatal(err)
		}
		opt := Options{Workers: 1, Prices: book}
		x := tailFile(t, t.TempDir(), name, opt)
		calls := int64(0)
		for i := range data {
			x.grow(data[i : i+1])
			st := x.f.s.Status()
			if len(st.Sources) == 0 {
				continue
			}
			if n := st.Sources[0].Calls; n < calls {
				t.Fatalf("%s: %d calls after %d bytes, %d before", name, n, i+1, calls)
			} else {
				calls = n
			}
			if st.SkipCount > 0 {
				t.Fatalf("%s: after %d bytes: %v", name, i+1, st.Skips)
			}
		}
		same(t, name, told(t, x.f.s), loadedAtOnce(t, opt, x.path))
	}
}

// TestHalfWritten is case a11 as it is told there.
func TestHalfWritten(t *testing.T) {
	book := acme(t)
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "cases", "a11-half-written.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	x := tailFile(t, t.TempDir(), "t.jsonl", Options{Prices: book})
	for i, step := range []struct {
		add   string
		calls int64
	}{{lines[0] + lines[1][:60], 1}, {lines[1][60:], 2}, {strings.TrimSuffix(lines[2], "\n"), 3}, {"\n", 3}} {
		x.grow([]byte(step.add))
		src := x.f.s.Status().Sources[0]
		if src.Calls != step.calls || src.Skipped != 0 {
			t.Errorf("step %d: %d calls, %d unreadable, want %d and none", i, src.Calls, src.Skipped, step.calls)
		}
	}
	if st := x.f.s.Status(); len(st.Warnings) > 0 || st.Spent.String() != "0.0021" {
		t.Errorf("warnings %q, spent %s, want none and 0.0021", st.Warnings, st.Spent)
	}
}

// chat is a call of costscope JSONL of a quarter of a dollar.
func chat(run, id string) string {
	return fmt.Sprintf(`{"trace_id":%q,"span_id":%q,"operation":"chat","workflow":"w","agent":"a","model":"m","input_tokens":10,"output_tokens":1,"cost_usd":0.25}`, run, id)
}

// pretty is a document of calls over several lines.
func pretty(calls ...string) string { return "[\n  " + strings.Join(calls, ",\n  ") + "\n]\n" }

// TestDocumentWrittenAnew: a document that is written as a whole again and again is one source, and only what it holds now counts.
func TestDocumentWrittenAnew(t *testing.T) {
	x := tailFile(t, t.TempDir(), "session.json", Options{})
	for n, step := range []struct {
		text  string
		calls int64
	}{
		{pretty(chat("r", "1")), 1},
		{pretty(chat("r", "1"), chat("r", "2")), 2},
		{pretty(chat("r", "1"), chat("r", "2"), chat("q", "3")), 3},
		{"", 3}, // it is about to be written
		{pretty(chat("r", "1"), chat("r", "9")), 2},
		{pretty(chat("p", "1")), 1},
		{pretty(chat("p", "1"), chat("p", "1b")), 2},
		{chat("p", "1"), 1}, // on one line, without an end
		{chat("p", "1") + "\n", 1},
	} {
		x.put(step.text)
		st := x.f.s.Status()
		if len(st.Sources) != 1 || st.Sources[0].Calls != step.calls || st.Sources[0].Records != step.calls || st.Spent.String() != fmt.Sprint(float64(step.calls)/4) {
			t.Errorf("step %d: %d calls, $%s in %d sources %+v, want %d", n, st.Sources[0].Calls, st.Spent, len(st.Sources), st.Sources, step.calls)
		}
		if step.text != "" {
			same(t, fmt.Sprint("step ", n), told(t, x.f.s), loadedAtOnce(t, Options{}, x.path))
		}
	}
}

// TestCopiedSessionIsRewound: a call that two documents state stays when one of them no longer does.
func TestCopiedSessionIsRewound(t *testing.T) {
	session := func(id string, turns ...string) string {
		var m []string
		for _, turn := range turns {
			m = append(m, fmt.Sprintf(`{"id":%q,"timestamp":"2026-02-01T10:00:0%s.000Z","type":"gemini","content":"x","tokens":{"input":100,"output":10,"cached":0,"thoughts":0,"tool":0,"total":110},"model":"gemini-2.5-pro"}`, "t"+turn, turn))
		}
		return fmt.Sprintf("{\n \"sessionId\": %q,\n \"projectHash\": \"p\",\n \"startTime\": \"2026-02-01T10:00:00.000Z\",\n \"lastUpdated\": \"2026-02-01T10:01:00.000Z\",\n \"messages\": [\n%s\n ]\n}\n", id, strings.Join(m, ",\n"))
	}
	dir := t.TempDir()
	x := tailFile(t, dir, "session-a.json", Options{})
	other := filepath.Join(dir, "session-b.json")
	x.f.of.Files = func() []string { return []string{x.path, other} }
	if err := os.WriteFile(other, []byte(session("b", "1", "2")), 0o600); err != nil {
		t.Fatal(err)
	}
	x.put(session("a", "1", "2", "3"))
	for n, turns := range [][]string{{"1", "2", "3"}, {"1"}, {"1", "2", "4"}, {"5"}} {
		x.put(session("a", turns...))
		same(t, fmt.Sprint("step ", n), told(t, x.f.s), loadedAtOnce(t, Options{}, x.path, other))
	}
}

// TestShiftedLogs: logs that move on by one number each, all of them followed, count once.
func TestShiftedLogs(t *testing.T) {
	dir := t.TempDir()
	x := tailFile(t, dir, "log.jsonl", Options{})
	name := func(n int) string { return fmt.Sprintf("%s.%d", x.path, n) }
	x.f.of.Files = func() []string {
		list, _ := filepath.Glob(x.path + "*")
		return list
	}
	want := int64(0)
	for day := range 5 {
		for n := range 3 {
			x.f.stale = true
			x.grow([]byte(chat(fmt.Sprint("run", day), fmt.Sprint(day, "-", n)) + "\n"))
			want++
		}
		w, err := os.OpenFile(x.path, os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		for n := 3; n > 0; n-- {
			os.Rename(name(n), name(n+1))
		}
		os.Rename(x.path, name(1))
		fmt.Fprintln(w, chat(fmt.Sprint("run", day), fmt.Sprint(day, "-late"))) // the writer still has the old file
		w.Close()
		want++
		x.f.stale = true
		x.look()
		st := x.f.s.Status()
		records := int64(0)
		for _, src := range st.Sources {
			records += src.Records
		}
		if records != want || st.Spent.String() != fmt.Sprint(float64(want)/4) {
			t.Fatalf("day %d: %d records, $%s, want %d and $%v: %+v", day, records, st.Spent, want, float64(want)/4, st.Sources)
		}
	}
}

// TestCopiedAndPackedLogs: what logrotate makes of a log with copytruncate and compress, in a folder that is followed.
func TestCopiedAndPackedLogs(t *testing.T) {
	dir := t.TempDir()
	x := tailFile(t, dir, "log.jsonl", Options{})
	x.f.of.Files = func() []string {
		list, _ := filepath.Glob(x.path + "*")
		return list
	}
	want := 0
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for day := range 4 {
		for n := range 30 {
			x.f.stale = n == 0
			x.grow([]byte(chat(fmt.Sprint("run", day), fmt.Sprint(day, "-", n)) + "\n"))
			want++
		}
		os.Rename(x.path+".1.gz", x.path+".2.gz")
		whole := read(x.path)
		os.WriteFile(x.path+".1", whole[:len(whole)/2], 0o600) // the copy is being made
		x.f.stale = true
		x.look()
		os.WriteFile(x.path+".1", whole, 0o600)
		x.look()
		os.Truncate(x.path, 0)
		x.look()
		os.WriteFile(x.path+".1.gz", packed(string(read(x.path+".1"))), 0o600)
		os.Remove(x.path + ".1")
		x.f.stale = true
		x.look()
		st, records := x.f.s.Status(), int64(0)
		for _, src := range st.Sources {
			records += src.Records
		}
		if records != int64(want) || st.Spent.String() != fmt.Sprint(float64(want)/4) {
			t.Fatalf("day %d: %d records, $%s, want %d and $%v: %+v", day, records, st.Spent, want, float64(want)/4, st.Sources)
		}
	}
}

// packed is text in gzip.
func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// TestAppendedPackedData is not read and said; packed data that was cut short is read again when more of it comes.
func TestAppendedPackedData(t *testing.T) {
	x := tailFile(t, t.TempDir(), "t.jsonl.gz", Options{})
	calls := func(want int64, note string) {
		t.Helper()
		x.look()
		if src := x.f.s.Status().Sources[0]; src.Calls != want || !strings.Contains(src.Note, note) || (note == "") != (src.Note == "") {
			t.Errorf("%d calls, note %q, want %d, %q", src.Calls, src.Note, want, note)
		}
	}
	first := packed(chat("r", "1") + "\n" + chat("r", "2") + "\n")
	x.grow(first[:len(first)-9])
	x.grow(first[len(first)-9:])
	calls(2, "")
	x.grow(packed(chat("r", "3") + "\n"))
	calls(2, "appended")
	calls(2, "appended")
	if err := x.f.s.Load(context.Background(), []string{x.path}, nil, nil); err != nil {
		t.Fatal(err)
	}
	if src := x.f.s.Status().Sources[0]; src.Calls != 3 || src.Note != "" {
		t.Errorf("opened anew: %d calls, note %q", src.Calls, src.Note)
	}
}

// TestVerdictsWhileFollowed: verdicts that come before their runs, after them, and in a document that is written anew.
func TestVerdictsWhileFollowed(t *testing.T) {
	dir := t.TempDir()
	verdicts := filepath.Join(dir, "verdicts.jsonl")
	x := tailFile(t, dir, "t.jsonl", Options{Outcomes: []string{verdicts}})
	x.f.of.Files = func() []string { return []string{x.path, verdicts} }
	judge := func(text string) {
		t.Helper()
		if err := os.WriteFile(verdicts, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		x.f.stale = true
		x.look()
	}
	agree := func(name string) {
		t.Helper()
		same(t, name, told(t, x.f.s), loadedAtOnce(t, Options{Outcomes: []string{verdicts}}, x.path, verdicts))
	}
	x.grow([]byte(chat("r", "1") + "\n"))
	judge(`{"run_id":"r","success":true}` + "\n" + `{"run_id":"q","success":false}` + "\n")
	agree("a verdict behind its run")
	x.grow([]byte(chat("r", "2") + "\n" + chat("q", "1") + "\n"))
	agree("a run behind its verdict")
	x.grow([]byte(chat("r", "3") + "\n"))
	agree("a run that goes on behind its verdict")
	judge("[\n{\"run_id\":\"r\",\n\"success\":false}]")
	x.grow([]byte(chat("q", "2") + "\n"))
}

// TestRotatedTwiceBetweenLooks: a file that stood at the path only while nobody looked is read, too; a log that is not of this name is not.
func TestRotatedTwiceBetweenLooks(t *testing.T) {
	x := tailFile(t, t.TempDir(), "log.jsonl", Options{})
	write := func(path, id string) {
		if err := os.WriteFile(path, []byte(chat("r", id)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x.grow([]byte(chat("r", "1") + "\n"))
	for n := 2; n < 4; n++ {
		os.Rename(x.path, fmt.Sprintf("%s.%d", x.path, n))
		write(x.path, fmt.Sprint(n))
	}
	write(x.path+".other", "9")
	x.look()
	if st := x.f.s.Status(); st.Spent.String() != "0.75" || len(st.Sources) != 3 {
		t.Errorf("$%s of %+v, want 0.75", st.Spent, st.Sources)
	}
}
