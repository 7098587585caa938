//go:build unix

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

// good is a call of $0.000675: 900 input and 225 output tokens of gpt-5-mini would be another sum, so a lost or doubled line shows.
func good(span string) string {
	return `{"trace_id":"r","span_id":"` + span + `","operation":"chat","workflow":"w","agent":"a","model":"gpt-5-mini","start":"2026-02-03T10:00:00Z","duration_ms":1000,"input_tokens":1000,"output_tokens":100,"cost_usd":0.25}`
}

// put writes a file of the test.
func put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func wide(text string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

// TestNothingToRead: where no call can be read, every command says why and ends with 3.
func TestNothingToRead(t *testing.T) {
	ownCache(t)
	empty := t.TempDir()
	for _, c := range []struct{ name, path, says string }{
		{"missing file", filepath.Join(empty, "nothere.jsonl"), "no such file"},
		{"empty folder", empty, "no file in it"},
		{"folder without traces", filepath.Dir(put(t, "notes.txt", "nothing here\n")), "is a trace"},
		{"glob", filepath.Join(empty, "*.jsonl"), "no file matches"},
		{"empty file", put(t, "x", ""), "empty"},
		{"blank file", put(t, "x", " \n\n\t\n"), "only blank lines"},
		{"text", put(t, "x", "hello\nworld\n"), "JSON"},
		{"other JSON", put(t, "x", `{"a":1}`+"\n"), "x"},
		{"binary", put(t, "x", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\xff\xfe\xfd"), "binary"},
		{"NUL bytes", put(t, "x", strings.Repeat("\x00", 5000)), "only blank lines"},
		{"damaged gzip", put(t, "x", "\x1f\x8b\x08\x00garbage that is no deflate stream"), "gzip"},
		{"gzip header only", put(t, "x", packed(good("c1"))[:5]), "gzip"},
		{"damaged zstd", put(t, "x", "\x28\xb5\x2f\xfdgarbage that is no frame"), "zstd"},
		{"half a line", put(t, "x", good("c1")[:60]), "x"},
		{"only brackets", put(t, "x", strings.Repeat("[", 100_000)), "x"},
		{"deep object", put(t, "x", strings.Repeat(`{"a":`, 100_000)), "x"},
	} {
		for _, args := range [][]string{{"report", c.path}, {"report", "--json", c.path}, {"convert", c.path}, {"load", c.path}, {"load", "--store", filepath.Join(t.TempDir(), "s.db"), c.path}} {
			got := cli(t, args...)
			if got.code != exitNothing || got.out != "" || !strings.Contains(got.errors, c.says) {
				t.Errorf("%s: %q: exit code %d, stdout %q, stderr %q, want %q in it", c.name, args[0], got.code, got.out, got.errors, c.says)
			}
			calm(t, c.name, got.errors)
		}
	}
}

// calm fails on text that a terminal would act on, or that is not UTF-8.
func calm(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c {
			t.Errorf("%s: the output holds %U:\n%.600q", what, r, text)
			return
		}
	}
	if !utf8.ValidString(text) {
		t.Errorf("%s: the output is not UTF-8: %.600q", what, text)
	}
}

// A damage is input of which a part cannot be read.
type damage struct {
	name, text string
	calls      int64 // that count
	cost       string
	lines      []int64 // that are skipped
}

var damages = []damage{
	{"not JSON in the middle", good("c1") + "\nhello\n" + good("c2") + "\n", 2, "0.5", []int64{2}},
	{"half line in the middle", good("c1") + "\n" + good("c2")[:70] + "\n" + good("c3") + "\n", 2, "0.5", []int64{2}},
	{"two torn lines run together", good("c1") + "\n" + good("c2")[:70] + good("c3") + "\n" + good("c4") + "\n", 3, "0.75", []int64{2}},
	{"half-written end", good("c1") + "\n" + good("c2")[:70], 1, "0.25", nil},
	{"end without newline", good("c1") + "\n" + good("c2"), 2, "0.5", nil},
	{"carriage returns", good("c1") + "\r\n" + good("c2") + "\r\n\r\n", 2, "0.5", nil},
	{"byte order mark", "\ufeff" + good("c1") + "\n" + good("c2") + "\n", 2, "0.5", nil},
	{"NUL line, as after a crash", good("c1") + "\n\x00\x00\x00\n" + good("c2") + "\n", 2, "0.5", nil},
	{"NUL within a line", good("c1") + "\n{\x00}\n" + good("c2") + "\n", 2, "0.5", []int64{2}},
	{"invalid UTF-8 line", good("c1") + "\n\xff\xfe\xfd\n" + good("c2") + "\n", 2, "0.5", []int64{2}},
	{"an array among lines", good("c1") + "\n[1]\n" + good("c2") + "\n", 2, "0.5", []int64{2}},
	{"too deep", good("c1") + "\n" + strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000) + "\n" + good("c2") + "\n", 2, "0.5", []int64{2}},
	{"repeated id", good("c1") + "\n" + good("c1") + "\n" + good("c1") + "\n", 1, "0.25", nil},
	{"blank lines", "\n\n" + good("c1") + "\n\n\n" + good("c2") + "\n\n", 2, "0.5", nil},
	{"own parent", strings.Replace(good("c1"), `"span_id"`, `"parent_span_id":"c1","span_id"`, 1) + "\n", 1, "0.25", nil},
	{"parents in a ring", strings.Replace(good("c1"), `"span_id"`, `"parent_span_id":"c2","span_id"`, 1) + "\n" +
		strings.Replace(good("c2"), `"span_id"`, `"parent_span_id":"c3","span_id"`, 1) + "\n" + strings.Replace(good("c3"), `"span_id"`, `"parent_span_id":"c1","span_id"`, 1) + "\n", 3, "0.75", nil},
	{"retries in a ring", strings.Replace(good("c1"), `"span_id"`, `"retry_of":"c2","span_id"`, 1) + "\n" + strings.Replace(good("c2"), `"span_id"`, `"retry_of":"c1","span_id"`, 1) + "\n", 2, "0.5", nil},
	{"cut gzip", packed(good("c1") + "\n" + good("c2") + "\n")[:len(packed(good("c1")+"\n"+good("c2")+"\n"))-8], 2, "0.5", nil},
	{"gzip with something behind", packed(good("c1")+"\n") + "garbage", 1, "0.25", nil},
}

// TestDamagedInput: what can be read counts, what cannot is counted and located, and the exit code is 0.
func TestDamagedInput(t *testing.T) {
	ownCache(t)
	for _, d := range damages {
		path := put(t, "t.jsonl", d.text)
		s := reportOf(t, path)
		var lines []int64
		for _, k := range s.Skipped {
			lines = append(lines, k.Line)
			if k.Path == "" || k.Reason == "" {
				t.Errorf("%s: skipped without a place or a reason: %+v", d.name, k)
			}
		}
		if s.Totals.LLM != d.calls || string(s.Totals.Cost) != d.cost || fmt.Sprint(lines) != fmt.Sprint(d.lines) {
			t.Errorf("%s: %d calls, $%s, skipped lines %v; want %d, $%s, %v (%v)", d.name, s.Totals.LLM, s.Totals.Cost, lines, d.calls, d.cost, d.lines, s.Skipped)
		}
		checkRows(t, d.name, s)
		for _, form := range []string{"--quiet", "--markdown"} {
			got := cli(t, "report", path, form)
			if got.code != exitDone {
				t.Errorf("%s: exit code %d, %s", d.name, got.code, got.errors)
			}
			calm(t, d.name, got.out+got.errors)
		}
	}
}

// TestUTF16 is refused with a hint or read; it is no silent zero.
func TestUTF16(t *testing.T) {
	ownCache(t)
	got := cli(t, "report", put(t, "t.jsonl", wide(good("c1")+"\n")))
	if got.code != exitNothing || !strings.Contains(got.errors, "UTF-16") {
		t.Errorf("exit code %d, %s", got.code, got.errors)
	}
}

// TestAbsurdNumbers: a token count, a time or a price that cannot be is refused or bounded, with a warning or a skipped line, and the
// calls beside it keep their sums.
func TestAbsurdNumbers(t *testing.T) {
	ownCache(t)
	for _, member := range []string{
		`"input_tokens":-5`, `"input_tokens":1.5`, `"input_tokens":1e30`, `"input_tokens":9223372036854775807`, `"input_tokens":99999999999999999999`, `"input_tokens":"many"`,
		`"input_tokens":null`, `"input_tokens":{}`, `"output_tokens":-1`, `"output_tokens":1e400`, `"cost_usd":-1`, `"cost_usd":1e300`, `"cost_usd":"x"`, `"cost_usd":9223372`, `"cost_usd":1e-30`,
		`"start":"yesterday"`, `"start":-1`, `"start":1e300`, `"start":"9999-12-31T23:59:59Z"`, `"start":"0001-01-01T00:00:00Z"`, `"start":null`, `"duration_ms":-5`, `"duration_ms":1e300`,
		`"cache_read_input_tokens":-5`, `"cache_read_input_tokens":9223372036854775807`, `"cache_creation_input_tokens":9223372036854775807`, `"reasoning_output_tokens":9223372036854775807`,
		`"attempt":-1`, `"attempt":1e99`, `"model":{"a":1}`, `"agent":["x"]`, `"tags":"x"`, `"context":[1]`, `"status":17`, `"span_id":17`,
	} {
		odd := `{"trace_id":"r2","span_id":"odd","operation":"chat","workflow":"odd","model":"gpt-5-mini","start":"2026-02-03T10:00:00Z","input_tokens":10,"output_tokens":10}`
		key, _, _ := strings.Cut(member, ":")
		if i := strings.Index(odd, key+":"); i >= 0 {
			end := i + strings.IndexAny(odd[i:], ",}")
			if strings.HasPrefix(odd[i:], `"start"`) {
				end = i + strings.Index(odd[i:], `,"input`)
			}
			odd = odd[:i] + member + odd[end:]
		} else {
			odd = odd[:len(odd)-1] + "," + member + "}"
		}
		path := put(t, "t.jsonl", good("c1")+"\n"+odd+"\n"+good("c2")+"\n")
		s := reportOf(t, path, "--by", "workflow")
		var w int
		for _, r := range s.Rows {
			if r.Path[0] == "w" {
				w++
				if r.Cost != "0.5" || r.Calls != 2 {
					t.Errorf("%s: the calls beside it cost $%s in %d calls", member, r.Cost, r.Calls)
				}
			}
			if strings.HasPrefix(string(r.Cost), "-") {
				t.Errorf("%s: negative cost %s", member, r.Cost)
			}
		}
		for _, n := range []*int64{s.Totals.Input, s.Totals.Output, s.Totals.CacheRead, s.Totals.CacheWrite, s.Totals.Reasoning} {
			if n != nil && *n < 0 {
				t.Errorf("%s: a negative sum of tokens: %+v", member, s.Totals)
			}
		}
		if w != 1 {
			t.Errorf("%s: rows %v", member, s.Rows)
		}
		if s.Totals.Cost == "" { // the sums are larger than what can be held
			if w := strings.Join(s.Warnings, "\n"); !strings.Contains(w, "exceed") {
				t.Errorf("%s: no total and warnings %q", member, w)
			}
			continue
		}
		checkRows(t, member, s)
	}
}

// TestNamesAreHarmless: no text output passes on what a terminal would act on.
func TestNamesAreHarmless(t *testing.T) {
	ownCache(t)
	evil := `\u001b[31mred\u001b]0;title\u0007\u0000\u0008\r\n\t\u009b5m\u202egnp\u2066x\u200f` + "\u009b\u202e\u2067"
	var b strings.Builder
	for i, key := range []string{"trace_id", "span_id", "operation", "workflow", "agent", "step", "model", "tool", "error_type", "session_id", "user_id", "version", "feature", "provider", "request_model", "service_tier", "agent_role"} {
		line := good(fmt.Sprint("c", i))
		line = strings.Replace(line, `"`+key+`":`, `"x`+key+`":`, 1)
		fmt.Fprintf(&b, "%s,%q:\"%s\",\"status\":\"error\"}\n", line[:len(line)-1], key, evil)
		fmt.Fprintf(&b, `{"trace_id":"r","span_id":"u%d","operation":"chat","model":"%s","input_tokens":1,"output_tokens":1,"tags":{"%s":"%s"}}`+"\n", i, evil, evil, evil)
	}
	b.WriteString("\x1b[31m not JSON \x9b\n")
	dir := t.TempDir()
	path := filepath.Join(dir, "tr\x1b[31m\u202eace\r.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{{"report", path}, {"report", "--markdown", path}, {"report", "--by", "model,tool,status,user,session,run,source", path}, {"report", "--json", path}, {"load", path}, {"convert", path},
		{"report", filepath.Join(dir, "no\x1b[31m\u202ething")}, {"report", dir}, {"prices", "\x1b[31m\u202ex"}, {"\x1b[31m\u202e"}, {"report", path, "--where", "agent=\x1b[31m\u202e"}, {"report", path, "--by", "\x1b[31m"}} {
		got := cli(t, args...)
		if got.code == exitDone && got.out == "" {
			t.Errorf("%.40q: no output", args)
		}
		calm(t, fmt.Sprintf("%.40q", args), got.out+got.errors)
	}
}

// TestVanishingAndUnreadableFiles: what cannot be opened is named, the rest is read.
func TestVanishingAndUnreadableFiles(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"a.jsonl": good("c1") + "\n", "b.jsonl": good("c2") + "\n"} {
		os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
	}
	os.Symlink(".", filepath.Join(dir, "loop"))
	os.Symlink("self", filepath.Join(dir, "self"))
	os.Symlink("gone", filepath.Join(dir, "dangling"))
	os.Mkdir(filepath.Join(dir, "sub"), 0o700)
	os.Symlink("..", filepath.Join(dir, "sub", "up"))
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.jsonl"), 0o600); err != nil {
		t.Skip(err)
	}
	for _, arg := range []string{dir, filepath.Join(dir, "*")} {
		if s := reportOf(t, arg); s.Totals.LLM != 2 || s.Totals.Cost != "0.5" {
			t.Errorf("%s: %d calls, $%s", arg, s.Totals.LLM, s.Totals.Cost)
		}
	}
	got := cli(t, "report", "--json", filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "gone.jsonl"))
	if got.code != exitDone || !strings.Contains(got.errors, "gone.jsonl: no such file") || !strings.Contains(got.out, "gone.jsonl: no such file") {
		t.Errorf("a missing file beside another: exit code %d, %s", got.code, got.errors)
	}
	if os.Getuid() == 0 {
		t.Log("root reads everything: permissions are not looked at")
		return
	}
	os.Chmod(filepath.Join(dir, "b.jsonl"), 0)
	got = cli(t, "report", "--json", filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl"))
	if got.code != exitDone || !strings.Contains(got.errors, "permission denied") {
		t.Errorf("an unreadable file: exit code %d, %s", got.code, got.errors)
	}
}

// TestFileGoneBeforeReading: a file vanishes between listing and reading.
func TestFileGoneBeforeReading(t *testing.T) {
	ownCache(t)
	a, out, errs := testApp(t)
	path, other := put(t, "t.jsonl", good("c1")+"\n"), put(t, "u.jsonl", good("c2")+"\n")
	j := &job{traceFlags: traceFlags{by: defaultBy, cost: "auto", theme: "auto"}, inputs: inputs{args: []string{path, other}}}
	if err := j.check(nil, a.now()); err != nil {
		t.Fatal(err)
	}
	if err := a.find(&j.inputs, ""); err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	j.json = true
	if code := a.report(a.reportTraces(j)); code != exitDone || !strings.Contains(out.String(), `"llm_calls": 1,`) || !strings.Contains(out.String(), "no such file") || !strings.Contains(errs.String(), "no such file") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
}

// TestPipesAndDevices: a named pipe is read once, as standard input is; a device is refused.
func TestPipesAndDevices(t *testing.T) {
	ownCache(t)
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	go func() {
		if f, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
			f.WriteString(good("c1") + "\n" + good("c2") + "\n")
			f.Close()
		}
	}()
	done := make(chan told, 1)
	go func() { done <- cli(t, "report", "--json", fifo) }()
	select {
	case got := <-done:
		if got.code != exitDone || !strings.Contains(got.out, `"llm_calls": 2,`) {
			t.Errorf("pipe: exit code %d, %s", got.code, got.errors)
		}
	case <-time.After(time.Minute):
		t.Fatal("a pipe makes it hang")
	}
	for _, dev := range []string{"/dev/null", "/dev/zero", "/dev/urandom"} {
		if got := cli(t, "report", dev); got.code != exitNothing || !strings.Contains(got.errors, dev) {
			t.Errorf("%s: exit code %d, %s", dev, got.code, got.errors)
		}
	}
}

// peak runs f and returns the most memory in use meanwhile, in bytes.
func peak(f func()) uint64 {
	runtime.GC()
	var most atomic.Uint64
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	f()
	close(stop)
	<-done
	return most.Load()
}

// TestHugeLine: one line of 100 MB is read, and memory stays bounded.
func TestHugeLine(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 200 MB")
	}
	ownCache(t)
	const size = 100 << 20
	call := good("c2")
	span := otlpLine(`{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"chat","kind":3,"startTimeUnixNano":"1770000000000000000","endTimeUnixNano":"1770000001000000000","attributes":[
		{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.request.model","value":{"stringValue":"gpt-5-mini"}},{"key":"gen_ai.input.messages","value":{"stringValue":"@"}},
		{"key":"gen_ai.usage.input_tokens","value":{"intValue":"1000"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"100"}},{"key":"gen_ai.usage.cost","value":{"doubleValue":0.25}}]}`)
	for name, halves := range map[string][2]string{
		"costscope": {call[:len(call)-1] + `,"prompt":"`, `"}` + "\n"},
		"otlp":      {span[:strings.Index(span, "@")], span[strings.Index(span, "@")+1:] + "\n"},
	} {
		path := filepath.Join(t.TempDir(), name+".jsonl")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(halves[0])
		part := []byte(strings.Repeat("lorem ipsum \\n", 1<<16))
		for n := 0; n < size; n += len(part) {
			f.Write(part)
		}
		f.WriteString(halves[1])
		f.Close()
		var s summary
		if used := peak(func() { s = reportOf(t, path) }); used > 1<<30 {
			t.Errorf("%s: %d MB in use", name, used>>20)
		}
		if s.Totals.LLM != 1 || known(s.Totals.Input) != 1000 || len(s.Skipped) != 0 {
			t.Errorf("%s: %d calls, input %d, skipped %v", name, s.Totals.LLM, known(s.Totals.Input), s.Skipped)
		}
		os.Remove(path)
	}
}

// TestManyLines: memory does not grow with a file of 300 MB.
func TestManyLines(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 300 MB")
	}
	ownCache(t)
	path := filepath.Join(t.TempDir(), "many.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	pad := strings.Repeat("x", 2000)
	n := 0
	for size := 0; size < 300<<20; n++ {
		k, _ := fmt.Fprintf(w, `{"trace_id":"r%d","span_id":"c%d","operation":"chat","agent":"a","model":"gpt-5-mini","start":%d,"duration_ms":5,"input_tokens":1000,"output_tokens":100,"cost_usd":0.25,"prompt":"%s"}`+"\n",
			n/20, n, 1_770_000_000_000+n, pad)
		size += k
	}
	if err := w.Flush(); err != nil {
		t.Skip(err)
	}
	f.Close()
	var s summary
	if used := peak(func() { s = reportOf(t, path) }); used > 600<<20 {
		t.Errorf("%d MB in use", used>>20)
	}
	if s.Totals.LLM != int64(n) || known(s.Totals.Input) != 1000*int64(n) {
		t.Errorf("%d calls, want %d; input %d", s.Totals.LLM, n, known(s.Totals.Input))
	}
}
