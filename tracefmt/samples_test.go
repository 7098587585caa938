package tracefmt

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleFormats is the format of the samples of each folder under ../shared/traces; a longer path goes before a shorter one, "" is none.
var sampleFormats = map[string]string{
	"aider/analytics.jsonl": "aider", "aider": "aider-chat", "aider-swe-bench": "aider-bench", "any-agent": "any-agent", "autogen": "autogen",
	"bedrock": "bedrock", "claude-code": "claude-code", "claude-code-stream-json": "claude-stream", "cline": "cline",
	"cloudflare-ai-gateway": "cloudflare-ai-gateway", "codex": "codex", "copilot-cli": "copilot-cli", "costscope": "costscope", "crewai": "crewai",
	"gemini-cli": "gemini-cli", "helicone": "helicone", "kong": "kong", "langfuse": "langfuse", "langfuse/support-refund.otlp.collector.jsonl": "otlp",
	"langsmith": "langsmith", "litellm": "litellm", "mini-swe-agent": "mini-swe-agent", "mlflow": "mlflow", "moatless": "moatless",
	"openai-agents": "openai-agents", "openai-batch": "openai", "openai-usage": "openai-usage", "opencode": "opencode", "openhands": "openhands",
	"openhands/llm-logs": "openhands-log", "openhands/index-instance_results-60.json": "openhands-index", "openinference": "otlp", "openllmetry": "otlp",
	"openrouter": "openrouter", "otlp-genai": "otlp", "pi": "pi", "portkey": "portkey", "qwen-code": "qwen-code", "swe-agent": "swe-agent",
	"tau-bench": "tau-bench", "tau2-bench": "tau2-bench", "terminal-bench": "terminal-bench", "vercel-ai-sdk": "otlp", "weave": "weave",
	"outcomes/tau2": "tau2-bench", "outcomes/openhands-index": "openhands-index", "outcomes/swebench-gemini3pro/calls.jsonl": "flat",
	"outcomes/swebench-gemini3pro/runs.jsonl": "outcomes", "outcomes/swebench-gemini3pro/trajs": "mini-swe-agent",
}

// sampleFormat is the format that a sample must be detected as; "" where it is no trace, "*" where several answers are right.
func sampleFormat(rel string) string {
	base := filepath.Base(rel)
	switch {
	case base == "report.json", base == "final_report.json":
		return "outcomes"
	case base == "scores.json", base == "metadata.json", base == "index-scores.json", filepath.Ext(base) == ".md" && !strings.HasPrefix(rel, "aider/"):
		return ""
	case base == "api_conversation_history.json", base == "conversation-base_state.json":
		return "*"
	}
	for at := rel; at != "."; at = filepath.Dir(at) {
		if f, ok := sampleFormats[at]; ok {
			return f
		}
	}
	return "*"
}

// samples are the files under ../shared/traces; few of the 300 alike ones.
func samples(t testing.TB) (root string, files []string) {
	t.Helper()
	root = shared(t, "traces")
	alike := map[string]int{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if strings.Contains(rel, "trajs") || strings.Contains(rel, "orchestrator-trials") {
			if alike[filepath.Ext(rel)]++; alike[filepath.Ext(rel)] > 6 {
				return nil
			}
		}
		files = append(files, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return root, files
}

func TestSamplesAreDetected(t *testing.T) {
	root, files := samples(t)
	for _, rel := range files {
		want := sampleFormat(filepath.ToSlash(rel))
		if want == "*" {
			continue
		}
		n, err := Detect(filepath.Join(root, rel))
		switch got := Formats[n].Name; {
		case want == "" && err == nil:
			t.Errorf("%s: taken for %s, is no trace", rel, got)
		case want != "" && (err != nil || got != want):
			t.Errorf("%s: detected as %s, is %s (%v)", rel, got, want, err)
		}
	}
}

// TestSniffsExcludeEachOther checks that no first value of a sample is claimed by two formats: the order of the formats decides nothing.
func TestSniffsExcludeEachOther(t *testing.T) {
	root, files := samples(t)
	for _, rel := range files {
		head := headOf(t, filepath.Join(root, rel))
		headEach(head, framed(head), func(v []byte, whole bool) bool {
			p, ok := peekAt(v)
			if !ok {
				return true
			}
			var by []string
			for i := 1; i < len(Formats); i++ {
				if Formats[i].sniff(&p) {
					by = append(by, Formats[i].Name)
				}
			}
			if len(by) > 1 {
				t.Errorf("%s: %.100s is claimed by %v", rel, v, by)
				return false
			}
			return true
		})
	}
}

func headOf(t *testing.T, path string) []byte {
	t.Helper()
	r, err := OpenReader(path, ReadOptions{Format: FormatCostscope})
	if err != nil {
		return nil
	}
	defer r.Close()
	b := make([]byte, headSize)
	n, _ := r.src.Read(b)
	return bytes.TrimPrefix(b[:n], bom)
}

// countedTotals are what counts of a source: cost by the built-in book and tokens. Runs that share a store-wide id share its call.
func countedTotals(t testing.TB, path string, data []byte, format uint8) (cost USD, tokens int64) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(path, ReadOptions{Format: format})
	if err != nil {
		var se *SourceError
		if !errors.As(err, &se) {
			t.Fatal(err)
		}
		return 0, 0
	}
	defer r.Close()
	names := NewNames()
	d := NewDecoder(names, nil)
	d.Path = path
	var b Batch
	var c Chunk
	for r.Next(&c) == nil {
		d.DecodeChunk(&c, &b)
	}
	owner := map[string]string{}
	for i := range b.Records {
		if rec := &b.Records[i]; rec.Flags&FlagGlobal != 0 && (owner[rec.ID] == "" || rec.Run < owner[rec.ID]) {
			owner[rec.ID] = rec.Run
		}
	}
	for i := range b.Records {
		if rec := &b.Records[i]; rec.Flags&FlagGlobal != 0 {
			rec.Run = owner[rec.ID]
		}
	}
	for _, run := range runsOf(&b, names) {
		for i := range run.Calls {
			if call := &run.Calls[i]; call.Counted {
				cost += call.Cost
				tokens += call.Usage.Input + call.Usage.Output
			}
		}
	}
	return cost, tokens
}

// TestMutatedSamples damages samples: cut at any byte, lines doubled, lines in another order, lines cut. None may panic, and none may
// come to more than the whole file.
func TestMutatedSamples(t *testing.T) {
	root, files := samples(t)
	seed := uint64(len(files))
	for _, rel := range files {
		full := filepath.Join(root, rel)
		format, err := Detect(full)
		if err != nil || strings.HasSuffix(rel, ".gz") {
			continue
		}
		data, err := os.ReadFile(full)
		if err != nil || len(data) > 3<<20 {
			continue
		}
		t.Run(rel, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), filepath.Dir(rel))
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, filepath.Base(rel))
			cost, tokens := countedTotals(t, path, data, format)
			rng := rand.New(rand.NewPCG(seed, uint64(len(data))))
			for n := range 6 {
				for name, m := range mutations(data, rng) {
					c, k := countedTotals(t, path, m, format)
					if c > cost || k > tokens {
						t.Errorf("%s (%d): %s and %d tokens, the whole file has %s and %d", name, n, c, k, cost, tokens)
					}
				}
			}
		})
	}
}

func mutations(data []byte, rng *rand.Rand) map[string][]byte {
	lines := bytes.SplitAfter(data, newline)
	m := map[string][]byte{"cut": data[:rng.IntN(len(data)+1)]}
	if len(lines) < 3 || bytes.Count(data, newline) < 3 {
		return m
	}
	if data[0] == '{' && !framed(data[:min(len(data), headSize)]) {
		var twice, shuffled, torn []byte
		for _, l := range lines {
			twice = append(twice, l...)
			if rng.IntN(3) == 0 && bytes.HasSuffix(l, newline) {
				twice = append(twice, l...)
			}
			if rng.IntN(10) == 0 && len(l) > 2 {
				torn = append(append(torn, l[:rng.IntN(len(l)-1)]...), '\n')
			} else {
				torn = append(torn, l...)
			}
		}
		head, rest := lines[0], append([][]byte(nil), lines[1:]...)
		rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		shuffled = append(shuffled, head...)
		for _, l := range rest {
			if shuffled = append(shuffled, l...); !bytes.HasSuffix(l, newline) {
				shuffled = append(shuffled, '\n')
			}
		}
		m["doubled"], m["shuffled"], m["torn"] = twice, shuffled, torn
	}
	return m
}

// BenchmarkSamples decodes the largest sample of each format again and again: the speed of its reader on one core.
func BenchmarkSamples(b *testing.B) {
	root, files := samples(b)
	largest := map[uint8]string{}
	size := map[uint8]int64{}
	for _, rel := range files {
		path := filepath.Join(root, rel)
		n, err := Detect(path)
		if info, e := os.Stat(path); err == nil && e == nil && info.Size() > size[n] {
			largest[n], size[n] = path, info.Size()
		}
	}
	for n := 1; n < len(Formats); n++ {
		path := largest[uint8(n)]
		if path == "" {
			continue
		}
		b.Run(Formats[n].Name, func(b *testing.B) { benchmarkSource(b, path) })
	}
}

func benchmarkSource(b *testing.B, path string) {
	r, err := OpenReader(path, ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var chunks []*Chunk
	total := 0
	for {
		c := &Chunk{}
		if r.Next(c) != nil {
			break
		}
		chunks, total = append(chunks, c), total+len(c.Data)
	}
	d := NewDecoder(NewNames(), nil)
	d.Path = path
	var batch Batch
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		batch.Reset()
		for _, c := range chunks {
			d.DecodeChunk(c, &batch)
		}
	}
	b.ReportMetric(float64(len(batch.Records)), "records")
	if len(batch.Records) == 0 {
		b.Logf("%s: no record", path)
	}
}
