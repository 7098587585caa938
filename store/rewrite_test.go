package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rewritable are logs without ids of calls: those that we write, and some of the shared traces.
func rewritable(t *testing.T) map[string][]byte {
	logs := map[string][]byte{}
	var flat, codex bytes.Buffer
	codex.WriteString(`{"timestamp":"2026-01-01T10:00:00.000Z","type":"session_meta","payload":{"id":"s","timestamp":"2026-01-01T10:00:00.000Z","cwd":"/w","originator":"codex","cli_version":"0.1","model_provider":"openai"}}` + "\n")
	for n := 1; n <= 40; n++ {
		fmt.Fprintf(&flat, `{"trace_id":"r","operation":"chat","workflow":"w","agent":"a","model":"m","start":"2026-01-01T10:00:%02dZ","input_tokens":10,"output_tokens":1,"cost_usd":0.25}`+"\n", n)
		fmt.Fprintf(&codex, `{"timestamp":"2026-01-01T10:00:%02d.000Z","type":"turn_context","payload":{"cwd":"/w","model":"gpt-5-codex"}}`+"\n"+`{"timestamp":"2026-01-01T10:00:%02d.500Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":%d,"output_tokens":%d,"total_tokens":%d},"last_token_usage":{"input_tokens":1000,"output_tokens":10,"total_tokens":1010}}}}`+"\n",
			n, n, n*1000, n*10, n*1010)
	}
	logs["flat"], logs["codex"] = flat.Bytes(), codex.Bytes()
	for _, name := range []string{"gemini-cli/session-jsonl-2026-04.jsonl", "openhands/output-2024-resolver.jsonl", "aider/analytics.jsonl", "copilot-cli/events-with-shutdown.jsonl", "claude-code/old-1.0.95.jsonl"} {
		if b, err := os.ReadFile(filepath.Join("..", "..", "shared", "traces", name)); err == nil {
			logs[name] = b
		} else {
			t.Logf("%s is not there", name)
		}
	}
	return logs
}

// TestRewrittenInPlace: an editor that saves a log writes the same bytes anew, perhaps seen empty or in part, perhaps under a name of its own
// first, and then more is appended. Whether or not its calls have ids, each counts once: the money is that of one clean load.
func TestRewrittenInPlace(t *testing.T) {
	for name, data := range rewritable(t) {
		whole, read := string(data), string(data[:bytes.LastIndexByte(data[:2*len(data)/3], '\n')+1])
		for how, save := range map[string]func(x *tailed, text string){
			"in place": func(x *tailed, text string) { x.put(text) },
			"by name": func(x *tailed, text string) {
				if err := os.WriteFile(x.path+".new", []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				os.Rename(x.path+".new", x.path)
				x.look()
			},
		} {
			for when, steps := range map[string][]string{"at once": {read}, "seen empty": {"", read}, "seen in part": {read[:len(read)/3], read[:len(read)/2], read}, "with more": {"", read[:100], whole}} {
				x := tailFile(t, t.TempDir(), filepath.Base(name), Options{})
				x.put(read)
				for _, text := range append(steps, whole) {
					save(x, text)
				}
				once := tailFile(t, t.TempDir(), filepath.Base(name), Options{})
				once.put(whole)
				got, want := sources(x), sources(once)
				if got != want || strings.Contains(want, "$0 ") {
					t.Errorf("%s rewritten %s, %s: %s, want %s", name, how, when, got, want)
				}
			}
		}
	}
}

// sources is the money and the calls of all sources.
func sources(x *tailed) string {
	st := x.f.s.Status()
	calls := int64(0)
	for _, s := range st.Sources {
		calls += s.Calls
	}
	return fmt.Sprintf("$%s of %d calls", st.Spent, calls)
}
