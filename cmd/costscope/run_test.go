package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"costscope/analyze"
)

// testApp is an app whose output can be looked at.
func testApp(t *testing.T) (a *app, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	a = &app{ctx: t.Context(), in: strings.NewReader(""), out: out, err: err, getenv: func(string) string { return "" },
		now: func() time.Time { return time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC) }}
	t.Cleanup(a.cleanup)
	return a, out, err
}

func TestNearestCommand(t *testing.T) {
	for word, want := range map[string]string{
		"reprot": "report", "opne": "open", "conv": "convert", "laod": "load", "price": "prices", "xyzzy": "", "r": "", "": "",
	} {
		if got := nearest(word, commandNames()); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDefaultToOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("trace", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		open bool
	}{
		{"trace", true}, {"- --json", true}, {"nosuch.jsonl", true}, {"'x*'", true}, {"--by agent trace", true}, {"--quiet nosuch", true},
		{"", false}, {"report trace", false}, {"reprot", false}, {"--help", false}, {"--version", false}, {"--quiet report trace", false}, {"help", false},
	} {
		got := defaultToOpen(strings.Fields(strings.ReplaceAll(c.args, "'", "")))
		if opens := len(got) > 0 && got[0] == "open"; opens != c.open {
			t.Errorf("%q becomes %v", c.args, got)
		}
	}
}

func TestResultAppearsOnlyWhenComplete(t *testing.T) {
	a, _, _ := testApp(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "out.txt")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut := errors.New("cut")
	err := a.write(path, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("new", 1<<16))
		if b, _ := os.ReadFile(path); string(b) != "old" {
			t.Errorf("the file holds %d bytes before the result is complete", len(b))
		}
		return cut
	})
	if !errors.Is(err, cut) {
		t.Errorf("error %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Errorf("after a failure the file holds %d bytes", len(b))
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("out.txt", link); err != nil {
		t.Skip(err)
	}
	if err := a.write(link, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "new" {
		t.Errorf("through a link: %q", b)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want that of the file before", info.Mode())
	}
	if names, _ := filepath.Glob(filepath.Join(dir, ".*")); len(names) != 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestClosedPipeIsNoError(t *testing.T) {
	a, _, stderr := testApp(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	a.out = w
	err = a.write("", func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err })
	if code := a.report(err); !errors.Is(err, syscall.EPIPE) || code != exitDone || stderr.Len() > 0 {
		t.Errorf("error %v, code %d, stderr %q", err, code, stderr)
	}
}

func TestProgressLine(t *testing.T) {
	s := analyze.Status{Done: 43, Size: 100, Sources: []analyze.Source{
		{Path: "a/first.jsonl", Size: 10, Bytes: 10, Calls: 310_000}, {Path: "a/tr\x1bace.jsonl", Size: 90, Bytes: 33, Calls: 422}}}
	if got, want := progressLine(s), "reading tr\uFFFDace.jsonl 43% · 310,422 calls"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressIsRewrittenAndErased(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	p := &progress{w: &b, width: 20, now: func() time.Time { return now }}
	s := analyze.Status{Done: 1, Size: 2, Sources: []analyze.Source{{Path: "trace.jsonl", Size: 2, Bytes: 1, Calls: 7}}}
	p.show(s)
	p.show(s) // too soon
	now = now.Add(progressEvery)
	p.show(s)
	p.done()
	p.done()
	const line = "\r\x1b[Kreading trace.jsonl"
	if got, want := b.String(), line+line+"\r\x1b[K"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPrintable(t *testing.T) {
	if got, want := printable("a\x1b[31mé·✗\u202e\x9b\ttab\nline\x00"), "a\uFFFD[31mé·✗\uFFFD\uFFFD\ttab\nline\uFFFD"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestInterruptedLoad: what was loaded is kept, the message says where, and the next load goes on from there.
func TestInterruptedLoad(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	trace := filepath.Join(t.TempDir(), "t.jsonl")
	a, out, stderr := testApp(t)
	if err := a.execute([]string{"sample", "--scenario", "pilot", "-o", trace}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a.ctx = ctx
	if code := a.report(a.execute([]string{"load", trace})); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	kept := regexp.MustCompile(`^costscope: interrupted; \d+ calls are kept in ` + regexp.QuoteMeta(os.Getenv("XDG_CACHE_HOME")) + `\S+\nthe same command goes on from there\n$`)
	if s := stderr.String(); !kept.MatchString(s) { // how many depends on how far it got
		t.Errorf("stderr %q", s)
	}
	a.ctx = t.Context()
	if code := a.report(a.execute([]string{"load", trace, "--json"})); code != exitDone || !strings.Contains(out.String(), `"runs":60,`) {
		t.Errorf("exit code %d, stdout %q", code, out)
	}
}

// TestInterruptWhileWaitingForInput sends the signal to a command that reads standard input.
func TestInterruptWhileWaitingForInput(t *testing.T) {
	tmp := t.TempDir()
	cmd := exec.Command("costscope", "report", "-")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for { // it waits once its copy is there
		if found, _ := filepath.Glob(filepath.Join(tmp, "costscope-*", "stdin")); len(found) > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || stderr.String() != "costscope: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, &stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(tmp, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestStoreInUse: another costscope holds the usual store; a report does without, load does not.
func TestStoreInUse(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	trace := filepath.Join(t.TempDir(), "t.jsonl")
	a, out, stderr := testApp(t)
	if err := a.execute([]string{"sample", "--scenario", "pilot", "--runs", "3", "-o", trace}); err != nil {
		t.Fatal(err)
	}
	j := &job{traceFlags: traceFlags{by: defaultBy, cost: "auto", theme: "auto"}, inputs: inputs{args: []string{trace}}}
	if err := errors.Join(j.check(nil, a.now()), a.find(&j.inputs, "")); err != nil {
		t.Fatal(err)
	}
	held, err := a.openStore(j)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if code := a.report(a.execute([]string{"report", trace, "--json"})); code != exitDone || !strings.Contains(out.String(), `"runs": 3,`) {
		t.Errorf("report: exit code %d\n%s", code, stderr)
	}
	if !strings.Contains(stderr.String(), "is open in another costscope") || !strings.Contains(stderr.String(), "is not kept") {
		t.Errorf("report says %q", stderr)
	}
	stderr.Reset()
	if code := a.report(a.execute([]string{"load", trace})); code != exitNothing || !strings.Contains(stderr.String(), "use --store") {
		t.Errorf("load: exit code %d, stderr %q", code, stderr)
	}
	if code := a.report(a.execute([]string{"report", trace, "--store", held.path})); code != exitNothing {
		t.Errorf("report --store: exit code %d", code)
	}
}
