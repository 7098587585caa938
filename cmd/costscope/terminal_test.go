package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A pane is a real terminal, 100x30, kept by tmux.
type pane struct {
	t      *testing.T
	socket string
	env    []string
}

// openPane runs a shell script in a terminal.
func openPane(t *testing.T, dir, script string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed: the explorer is not tried in a terminal")
	}
	p := &pane{t: t, socket: filepath.Join(dir, "tmux")}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "TMUX") && !strings.HasPrefix(v, "NO_COLOR=") {
			p.env = append(p.env, v)
		}
	}
	p.env = append(p.env, "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "LC_ALL=C.UTF-8", "TZ=UTC")
	p.tmux("-f", os.DevNull, "new-session", "-d", "-x", "100", "-y", "30", script)
	t.Cleanup(func() { p.try("kill-server") })
	return p
}

func (p *pane) try(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", p.socket}, args...)...)
	cmd.Env = p.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return out
}

// press types keys, by tmux's names for them.
func (p *pane) press(keys ...string) {
	p.t.Helper()
	p.tmux(append([]string{"send-keys"}, keys...)...)
}

// sees waits until all texts are on the screen.
func (p *pane) sees(texts ...string) string {
	p.t.Helper()
	return p.waits(func(screen string) bool { return containsAll(screen, texts) }, texts)
}

// settles waits until all texts are on the screen and nothing is being read any more.
func (p *pane) settles(texts ...string) string {
	p.t.Helper()
	return p.waits(func(screen string) bool { return containsAll(screen, texts) && !strings.Contains(screen, "reading") }, texts)
}

func (p *pane) waits(until func(screen string) bool, texts []string) string {
	p.t.Helper()
	screen := ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if screen = p.tmux("capture-pane", "-p"); until(screen) {
			return screen
		}
	}
	p.t.Fatalf("waited for %q; the screen shows\n%s", texts, screen)
	return ""
}

func containsAll(s string, texts []string) bool {
	for _, x := range texts {
		if !strings.Contains(s, x) {
			return false
		}
	}
	return true
}

// buildBinary compiles the program.
func buildBinary(t *testing.T, dir string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: the program is not built")
	}
	bin := filepath.Join(dir, "costscope")
	cmd := exec.Command("go", "build", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// afterwards prints the exit code and the state of the terminal, and waits.
const afterwards = `; echo "left with $?"; stty -a | tr ';' '\n' | grep -ow -e '-*icanon' -e '-*echo' | sort -u | tr '\n' ' '; sleep 60`

// restored checks that the terminal is as it was before.
func (p *pane) restored() {
	p.t.Helper()
	p.sees(" icanon")
	if s := p.sees("echo"); strings.Contains(s, "-echo") || strings.Contains(s, "-icanon") {
		p.t.Errorf("the terminal is still in raw mode:\n%s", s)
	}
	got := strings.TrimSpace(p.tmux("display-message", "-p", "alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag}"))
	if want := "alternate 0 cursor 1 mouse 0"; got != want {
		p.t.Errorf("terminal after leaving: %s, want %s", got, want)
	}
}

// TestExplorerInATerminal is the tour of the README. Its first screen is the one that the README shows.
func TestExplorerInATerminal(t *testing.T) {
	dir := t.TempDir()
	bin := buildBinary(t, dir)
	p := openPane(t, dir, "cd "+dir+"; "+bin+" sample --demo -o demo.jsonl; "+bin+" demo.jsonl"+afterwards)
	p.shows(t, "screen")
	p.press("Enter")
	p.sees("support-bot", "executor", "service-desk")
	p.press("Escape")
	p.sees("support-bot", "invoice-triage", "code-review")
	p.press("?")
	p.sees("help", "filter")
	p.press("Escape")
	p.sees("3 rows") // an escape and a key at once are another key
	p.press("9")
	p.sees("by cost, dearest first")
	p.press("Q")
	p.sees("left with 0")
	p.restored()
}

// shows waits until the terminal shows what the README does.
func (p *pane) shows(t *testing.T, part string) {
	t.Helper()
	want, got := readmePart(t, part), ""
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = "```\n" + trimLines(p.tmux("capture-pane", "-p")) + "```\n"; got == want {
			return
		}
	}
	t.Errorf("the screen is not that of the README; go test ./cmd/costscope -run Terminal -update\ngot:\n%swant:\n%s", got, want)
	updateReadme(t, part, got)
}

// trimLines cuts the blanks at the end of lines.
func trimLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestInterruptInATerminal sends the signal that a closing terminal or a script sends; ctrl+c is a key of the explorer.
func TestInterruptInATerminal(t *testing.T) {
	dir := t.TempDir()
	bin := buildBinary(t, dir)
	p := openPane(t, dir, bin+" sample --scenario pilot -o "+dir+"/pilot.jsonl; sh -c 'echo $$ >"+dir+"/pid; exec "+bin+" "+dir+"/pilot.jsonl'"+afterwards)
	p.sees("pilot.jsonl", "support")
	pid, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command("kill", "-INT", strings.TrimSpace(string(pid))).Run(); err != nil {
		t.Fatal(err)
	}
	p.sees("interrupted", "are kept in", "left with 130")
	p.restored()
}

// TestTraceOnStandardInputInATerminal: the keys then come from the terminal itself.
func TestTraceOnStandardInputInATerminal(t *testing.T) {
	dir := t.TempDir()
	bin := buildBinary(t, dir)
	p := openPane(t, dir, bin+" sample --scenario pilot | "+bin+" - --no-color"+afterwards)
	p.settles("costscope  -", "support")
	p.press("?")
	p.sees("help")
	p.press("C-c")
	p.sees("left with 0")
	p.restored()
}

// TestPanicInATerminal: a fault of ours, in the explorer over made-up calls, leaves the terminal as it was.
func TestPanicInATerminal(t *testing.T) {
	dir := t.TempDir()
	if testing.Short() {
		t.Skip("-short: the program is not built")
	}
	bin := filepath.Join(dir, "tui.test")
	if out, err := exec.Command("go", "test", "-c", "-o", bin, "costscope/tui").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	p := openPane(t, dir, "COSTSCOPE_LOOK=panic "+bin+afterwards)
	p.sees("panic", "left with 1")
	p.restored()
}

// TestTwoExplorersInTerminals: the second one on the same trace says so, and both are right.
func TestTwoExplorersInTerminals(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	bin := buildBinary(t, dir)
	trace := put(t, "t.jsonl", good("c1")+"\n"+good("c2")+"\n")
	open := "XDG_CACHE_HOME=" + filepath.Join(dir, "cache") + " " + bin + " tail " + trace + afterwards
	first := openPane(t, dir, open)
	first.settles("$0.50", "2 calls")
	second := openPane(t, other, open)
	second.settles("$0.50", "2 calls", "open in another costscope, too: what is read here is not kept")
	second.press("C", "Escape") // the note gives way to what is missing
	second.sees("! 1 warning (?)")
	appendTo(t, trace, good("c3"))
	for _, p := range []*pane{first, second} {
		p.sees("$0.75", "3 calls")
		p.press("q")
		p.sees("left with 0")
		p.restored()
	}
	if got := reportOf(t, trace); got.Totals.Calls != 3 {
		t.Errorf("%d calls are reported", got.Totals.Calls)
	}
}

// TestDamagedStoreInATerminal: the explorer says which store is damaged and offers to put it aside and read the traces again.
func TestDamagedStoreInATerminal(t *testing.T) {
	dir := t.TempDir()
	bin := buildBinary(t, dir)
	trace, db := put(t, "t.jsonl", good("c1")+"\n"), filepath.Join(dir, "x.db")
	loadInto(t, db, []string{trace})
	b, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	damage := func() {
		if err := os.WriteFile(db, b[:len(b)/2], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	run := bin + " --store x.db " + trace
	p := openPane(t, dir, "cd "+dir+"; "+run+"; "+run+afterwards)
	p.sees("x.db: the store is damaged", "Keep it as x.db.damaged", "[Y/n]")
	p.press("n", "Enter")
	p.waits(func(s string) bool { return strings.Count(s, "again? [Y/n]") == 2 }, []string{"the question again"})
	p.press("y", "Enter")
	p.settles("$0.25", "1 call")
	p.press("q")
	p.sees("left with 0")
	p.restored()
	if aside, err := os.ReadFile(db + ".damaged"); err != nil || len(aside) != len(b)/2 {
		t.Errorf("put aside: %d bytes, %v", len(aside), err)
	}
	if got := reportOf(t, db); got.Totals.Calls != 1 {
		t.Errorf("the store made anew holds %d calls", got.Totals.Calls)
	}
}
