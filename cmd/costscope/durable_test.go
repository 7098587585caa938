//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// loadable writes traces of about mb megabytes: costscope JSONL whose runs are spread over the whole file, with repeated and completed
// lines, and Claude Code logs of which one resumes the other under another session id.
func loadable(t *testing.T, mb int) []string {
	t.Helper()
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(7, 7))
	pad := strings.Repeat("x", 700)
	native := written(t, filepath.Join(dir, "native.jsonl"), func(w *bufio.Writer) {
		for n := 0; n < mb*900; n++ {
			line := fmt.Sprintf(`{"trace_id":"r%d","span_id":"c%d","operation":"chat","workflow":"w%d","agent":"a%d","model":"%s","start":%d,"duration_ms":%d,"input_tokens":%d,"output_tokens":%d,"prompt":"%s"`,
				r.IntN(1500), n, n%3, n%7, []string{"gpt-5-mini", "claude-sonnet-4-5", "acme-large"}[n%3], 1_770_000_000_000+n*50, 5+n%900, 100+r.IntN(9000), r.IntN(900), pad)
			if n%4 == 0 {
				line += fmt.Sprintf(`,"cost_usd":%d.%06d`, r.IntN(3), r.IntN(1_000_000))
			}
			w.WriteString(line + "}\n")
			if n%50 == 0 {
				w.WriteString(line + "}\n" + line + `,"status":"error","error_type":"timeout"}` + "\n")
			}
		}
	})
	claude := func(name, session string, from, to int) string {
		return written(t, filepath.Join(dir, name), func(w *bufio.Writer) {
			for n := from; n < to; n++ {
				fmt.Fprintf(w, `{"type":"assistant","sessionId":"%s","uuid":"%s-%d","parentUuid":null,"version":"2.1.83","cwd":"/w","timestamp":"%s","requestId":"q%d","message":{"id":"msg_%d","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"%s"}],"stop_reason":"end_turn","usage":{"input_tokens":%d,"output_tokens":%d,"cache_read_input_tokens":%d,"cache_creation_input_tokens":10}}}`+"\n",
					session, session, n, time.Unix(1_770_000_000+int64(n), 0).UTC().Format(time.RFC3339), n, n, pad, n%100, 1+n%300, n%5000)
			}
		})
	}
	return []string{native, claude("b.jsonl", "session-b", 0, mb*100), claude("a.jsonl", "session-a", mb*50, mb*150)}
}

func written(t *testing.T, path string, f func(w *bufio.Writer)) string {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := bufio.NewWriterSize(file, 1<<20)
	f(w)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

const durableBy = "workflow,agent,model,status,day"

// heldBy is the plain report of a store.
func heldBy(t *testing.T, db string, args ...string) string {
	t.Helper()
	got := cli(t, append([]string{"report", "--json", "--quiet", "--by", durableBy, db}, args...)...)
	if got.code != exitDone {
		t.Fatalf("report %s: exit code %d\n%s", db, got.code, got.errors)
	}
	return plain(t, got.out)
}

// loadInto loads files into a store, which must succeed.
func loadInto(t *testing.T, db string, files []string, more ...string) told {
	t.Helper()
	got := cli(t, append(append([]string{"load", "--quiet", "--store", db}, more...), files...)...)
	if got.code != exitDone {
		t.Fatalf("load: exit code %d\n%s", got.code, got.errors)
	}
	return got
}

// child is the program as a process of its own.
func child(args ...string) (*exec.Cmd, *bytes.Buffer) {
	var errs bytes.Buffer
	cmd := exec.Command("costscope", args...)
	cmd.Stderr = &errs
	return cmd, &errs
}

// TestKilledLoads: a load that is killed at any moment, again and again, and then goes on, ends with what one clean load gives; also
// with another price book or cost mode than the one it began with.
func TestKilledLoads(t *testing.T) {
	ownCache(t)
	files := loadable(t, 36)
	book := put(t, "book.json", `{"as_of":"2026-01-01","currency":"USD","unit":"per 1,000,000 tokens","source":"invented","providers":[{"id":"acme","models":[{"id":"acme-large","match":{"equals":"acme-large"},"prices":[{"input":3,"output":15}]}]}]}`)
	clean := filepath.Join(t.TempDir(), "clean.db")
	began := time.Now()
	loadInto(t, clean, files)
	whole := time.Since(began)
	r := rand.New(rand.NewPCG(uint64(began.UnixNano()), 1))
	kills := 0
	for round, more := range [][]string{nil, {"--prices", book}, {"--cost", "computed"}, {"--tz", "Asia/Tokyo"}} {
		db := filepath.Join(t.TempDir(), "killed.db")
		for range 4 {
			cmd, _ := child(append([]string{"load", "--quiet", "--store", db}, files...)...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(r.Int64N(int64(whole))))
			if cmd.Process.Kill() == nil {
				kills++
			}
			cmd.Wait()
		}
		loadInto(t, db, files, more...)
		same(t, fmt.Sprintf("round %d %v", round, more), heldBy(t, db, more...), heldBy(t, clean, more...))
		same(t, "and as usual again", heldBy(t, db), heldBy(t, clean))
	}
	if kills < 15 {
		t.Errorf("%d kills, want at least 15", kills)
	}
}

// TestInterruptedProcess: ctrl+c ends a load with 130, keeps what is loaded, and the next load completes it.
func TestInterruptedProcess(t *testing.T) {
	ownCache(t)
	files := loadable(t, 24)
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, files)
	db := filepath.Join(t.TempDir(), "x.db")
	cmd, errs := child(append([]string{"load", "--store", db}, files...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForSize(t, db, 200<<10)
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(errs.String(), "calls are kept in "+db) {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if got := reportOf(t, db); got.Totals.Calls == 0 {
		t.Error("nothing was kept")
	}
	loadInto(t, db, files)
	same(t, "completed", heldBy(t, db), heldBy(t, clean))
}

// waitForSize waits until a file has so many bytes.
func waitForSize(t *testing.T, path string, size int64) {
	t.Helper()
	for range 12_000 {
		if info, err := os.Stat(path); err == nil && info.Size() >= size {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s did not grow to %d bytes", path, size)
}

// TestSecondProcess: while one process holds a store, another is told which store, by whom, and what to do.
func TestSecondProcess(t *testing.T) {
	ownCache(t)
	files := loadable(t, 24)
	db := filepath.Join(t.TempDir(), "x.db")
	cmd, _ := child(append([]string{"load", "--store", db}, files...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitForSize(t, db+".pid", 1)
	cmd.Process.Signal(syscall.SIGSTOP) // it holds the store as long as this takes
	for _, args := range [][]string{{"load", "--store", db, files[0]}, {"report", "--store", db, files[0]}, {"report", db}, {"convert", db}} {
		got := cli(t, args...)
		if got.code != exitNothing || !strings.Contains(got.errors, db+" is open in another costscope (pid "+fmt.Sprint(cmd.Process.Pid)+")") || !strings.Contains(got.errors, "--store other.db") {
			t.Errorf("%q: exit code %d, %s", args[0], got.code, got.errors)
		}
	}
	cmd.Process.Signal(syscall.SIGCONT)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the first process: %v", err)
	}
	loadInto(t, db, files)
}

// TestFullDisk: a store that cannot grow says so and keeps its last whole batch; with room again, the load goes on.
func TestFullDisk(t *testing.T) {
	ownCache(t)
	files := loadable(t, 24)
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, files)
	info, err := os.Stat(clean)
	if err != nil {
		t.Fatal(err)
	}
	kept := false
	for _, part := range []int64{20, 4, 2} {
		db := filepath.Join(t.TempDir(), "full.db")
		limited := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d && exec costscope load --store "$0" "$@"`, info.Size()/part/512), db}, files...)...)
		var errs bytes.Buffer
		limited.Stderr = &errs
		limited.Run()
		if code := limited.ProcessState.ExitCode(); code != exitNothing || !strings.Contains(errs.String(), db) || !strings.Contains(errs.String(), "file too large") || strings.Contains(errs.String(), "goroutine") {
			t.Errorf("1/%d of the room: exit code %d, %.600s", part, code, &errs)
		}
		got := cli(t, "report", "--json", "--quiet", db)
		kept = kept || got.code == exitDone
		loadInto(t, db, files)
		same(t, "with room again", heldBy(t, db), heldBy(t, clean))
	}
	if !kept {
		t.Error("no limit kept a batch")
	}
}

// TestSourcesThatChange: grown, replaced, cut and deleted sources give right totals, and the report says what was done.
func TestSourcesThatChange(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl")
	write := func(path string, spans ...string) {
		var text strings.Builder
		for _, s := range spans {
			text.WriteString(good(s) + "\n")
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name  string
		do    func()
		calls int64
		says  string
	}{
		{"first", func() { write(a, "c1", "c2"); write(b, "d1") }, 3, ""},
		{"grown", func() { write(a, "c1", "c2", "c3") }, 4, ""},
		{"replaced by other calls of the same length", func() { write(a, "e1", "e2", "e3") }, 4, "was replaced or cut"},
		{"cut", func() { write(a, "e1") }, 2, "was replaced or cut"},
		{"emptied", func() { write(a) }, 1, "was replaced or cut"},
		{"written again", func() { write(a, "c1", "c2") }, 3, ""},
		{"deleted", func() { os.Remove(b) }, 3, "is gone; what was read of it is kept"},
		{"back, unchanged", func() { write(b, "d1") }, 3, ""},
	} {
		step.do()
		got := cli(t, "report", "--json", "--store", filepath.Join(dir, "x.db"), dir)
		var s summary
		if err := json.Unmarshal([]byte(got.out), &s); err != nil {
			t.Fatalf("%s: exit code %d, %s", step.name, got.code, got.errors)
		}
		if s.Totals.Calls != step.calls || string(s.Totals.Cost) != fmt.Sprint(float64(step.calls)/4) {
			t.Errorf("%s: %d calls, $%s, want %d", step.name, s.Totals.Calls, s.Totals.Cost, step.calls)
		}
		if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, step.says) || step.says == "" && step.name != "written again" && (strings.Contains(w, "replaced") || strings.Contains(w, "gone")) {
			t.Errorf("%s: warnings %q, want %q", step.name, w, step.says)
		}
	}
}

// TestDamagedStore: a store with flipped or missing bytes is refused with advice, or still gives the right report; it never crashes.
func TestDamagedStore(t *testing.T) {
	ownCache(t)
	files := loadable(t, 1)
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, files)
	want := heldBy(t, clean)
	whole, err := os.ReadFile(clean)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 5))
	refused := 0
	for n := range 60 {
		b := bytes.Clone(whole)
		switch n % 3 {
		case 0: // a cut anywhere
			b = b[:r.IntN(len(b))]
		case 1: // one byte
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		case 2: // a page
			at := r.IntN(len(b)/4096) * 4096
			for i := range 4096 {
				b[at+i] = byte(r.Uint32())
			}
		}
		db := filepath.Join(t.TempDir(), "damaged.db")
		os.WriteFile(db, b, 0o600)
		got := cli(t, append([]string{"report", "--json", "--quiet", "--by", durableBy, "--store", db}, files...)...)
		switch {
		case got.code == exitNothing:
			refused++
			if !strings.Contains(got.errors, db) || !strings.Contains(got.errors, "damaged") || !strings.Contains(got.errors, "load the traces again") {
				t.Errorf("%d: %.400s", n, got.errors)
			}
		case got.code != exitDone:
			t.Errorf("%d: exit code %d, %.400s", n, got.code, got.errors)
		case plain(t, got.out) != want:
			t.Errorf("damage %d is not noticed: the report differs", n)
		}
	}
	if refused < 10 {
		t.Errorf("%d of 60 damaged stores were refused", refused)
	}
}

// TestNewerStore: a store that a newer version wrote is refused with advice, and left as it is.
func TestNewerStore(t *testing.T) {
	ownCache(t)
	trace, path := put(t, "t.jsonl", good("c1")+"\n"), filepath.Join(t.TempDir(), "x.db")
	loadInto(t, path, []string{trace})
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { // as store.putSealed writes it
		v := regexp.MustCompile(`"version":\d+`).ReplaceAll(tx.Bucket([]byte("meta")).Get([]byte("state")), []byte(`"version":99`))
		v = v[:len(v)-4]
		v = binary.LittleEndian.AppendUint32(v, crc32.Checksum(v, crc32.MakeTable(crc32.Castagnoli)))
		return tx.Bucket([]byte("meta")).Put([]byte("state"), v)
	})
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	for _, args := range [][]string{{"report", path}, {"report", "--store", path, trace}, {"load", "--store", path, trace}, {"tail", "--alerts", "--store", path, trace}} {
		if got := cli(t, args...); got.code != exitNothing || !strings.Contains(got.errors, path) || !strings.Contains(got.errors, "written by a newer costscope: update costscope, or use --store other.db") {
			t.Errorf("%q: exit code %d, %s", args, got.code, got.errors)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the store was changed")
	}
}

// TestReadError: a source that fails while it is read is named with the reason; the others count.
func TestReadError(t *testing.T) {
	ownCache(t)
	const failing = "/proc/self/mem" // reading it from the start is an I/O error
	if _, err := os.Stat(failing); err != nil {
		t.Skip("no file that fails is at hand")
	}
	trace := put(t, "t.jsonl", good("c1")+"\n")
	got := cli(t, "report", "--json", trace, failing)
	var s summary
	if err := json.Unmarshal([]byte(got.out), &s); err != nil || got.code != exitDone || s.Totals.Calls != 1 || !strings.Contains(got.out+got.errors, "input/output error") {
		t.Errorf("%v, exit code %d, %d calls, %s%.600s", err, got.code, s.Totals.Calls, got.errors, got.out)
	}
	if got := cli(t, "report", failing); got.code != exitNothing || !strings.Contains(got.errors, "input/output error") {
		t.Errorf("alone: exit code %d, %s", got.code, got.errors)
	}
}

// TestReadOnlyCache: where the usual store cannot be made, a report does without and load says what to use.
func TestReadOnlyCache(t *testing.T) {
	trace := put(t, "t.jsonl", good("c1")+"\n")
	for name, dir := range map[string]string{"a file in its place": put(t, "cache", ""), "a folder that takes nothing": "/proc/self"} {
		t.Setenv("XDG_CACHE_HOME", dir)
		if got := cli(t, "report", "--json", trace); got.code != exitDone || !strings.Contains(got.errors, "not kept") {
			t.Errorf("%s: report: exit code %d, %s", name, got.code, got.errors)
		}
		if got := cli(t, "load", trace); got.code != exitNothing || !strings.Contains(got.errors, "--store") {
			t.Errorf("%s: load: exit code %d, %s", name, got.code, got.errors)
		}
	}
}

// TestKilledTails: a tail that is killed at any moment while its trace is written and rotated, and started again, ends with what one clean
// load of all files gives.
func TestKilledTails(t *testing.T) {
	ownCache(t)
	files := loadable(t, 2)
	var lines []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.SplitAfter(string(b), "\n")...)
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	db, kills := filepath.Join(t.TempDir(), "tail.db"), 0
	path := func(n int) string { return filepath.Join(dir, fmt.Sprintf("t%d.jsonl", n)) }
	const rounds = 40
	part, file := len(lines)/rounds+1, 0
	for round := range rounds {
		cmd, errs := child("load", "--quiet", "--follow", "--store", db, dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w, err := os.OpenFile(path(file), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		mine := strings.Join(lines[min(round*part, len(lines)):min((round+1)*part, len(lines))], "")
		life := time.Duration(r.Int64N(int64(300 * time.Millisecond)))
		for n := 0; n < 10; n++ {
			w.WriteString(mine[len(mine)*n/10 : len(mine)*(n+1)/10])
			time.Sleep(life / 10)
		}
		w.Close()
		if cmd.Process.Kill() == nil {
			kills++
		}
		cmd.Wait()
		if errs.Len() > 0 {
			t.Errorf("round %d: %s", round, errs)
		}
		if round%8 == 7 {
			file++
		}
	}
	loadInto(t, db, []string{dir})
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, []string{dir})
	same(t, "after the kills", heldBy(t, db), heldBy(t, clean))
	if got, v := verify(t, "--store", db, dir); got.code != exitDone {
		t.Errorf("verify: exit code %d, %+v", got.code, v)
	}
	if kills < 35 {
		t.Errorf("%d kills, want 35", kills)
	}
}

// TestFullDiskWhileFollowing: a tail whose store cannot grow ends with a message and keeps whole batches.
func TestFullDiskWhileFollowing(t *testing.T) {
	ownCache(t)
	files := loadable(t, 8)
	clean := filepath.Join(t.TempDir(), "clean.db")
	loadInto(t, clean, files)
	info, err := os.Stat(clean)
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "full.db")
	limited := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -f %d && exec costscope load --follow --store "$0" "$@"`, info.Size()/4/512), db}, files...)...)
	var errs bytes.Buffer
	limited.Stderr = &errs
	limited.Run()
	if code := limited.ProcessState.ExitCode(); code != exitNothing || !strings.Contains(errs.String(), "file too large") || !strings.Contains(errs.String(), "what was stored before is kept") {
		t.Errorf("exit code %d, %.600s", code, &errs)
	}
	loadInto(t, db, files)
	same(t, "with room again", heldBy(t, db), heldBy(t, clean))
}

// TestTwoTails: the second one says that the store is in use, reads into a store of its own, and both are right.
func TestTwoTails(t *testing.T) {
	ownCache(t)
	trace := put(t, "t.jsonl", good("c1")+"\n")
	first, _ := child("load", "--follow", trace)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	store := waitForStore(t)
	second, _ := child("tail", "--alerts", trace)
	var errs syncBuffer
	second.Stderr = &errs
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Contains(errs.String(), "alerts follow") })
	second.Process.Signal(os.Interrupt)
	if err := second.Wait(); err != nil || !strings.Contains(errs.String(), "is open in another costscope (pid "+fmt.Sprint(first.Process.Pid)) || !strings.Contains(errs.String(), "1 call read") {
		t.Errorf("the second: %v, %s", err, errs.String())
	}
	first.Process.Signal(os.Interrupt)
	if err := first.Wait(); err != nil {
		t.Errorf("the first: %v", err)
	}
	if got := reportOf(t, store); got.Totals.Calls != 1 {
		t.Errorf("the store holds %d calls", got.Totals.Calls)
	}
}

// waitForStore waits for the only store of the test's cache.
func waitForStore(t *testing.T) (path string) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		list, _ := filepath.Glob(filepath.Join(cache, "costscope", "*.pid"))
		if len(list) == 1 {
			path = strings.TrimSuffix(list[0], ".pid")
		}
		return path != ""
	})
	return path
}

func waitFor(t *testing.T, is func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal("waited for a minute")
}
