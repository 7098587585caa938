package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tui"
)

// secretTrace has a name of its own for everything that has one.
const secretTrace = `{"trace_id":"zzrun1","span_id":"zzcall1","operation":"chat","workflow":"zzflow","feature":"zzfeature","version":"zzversion","agent":"zzagent","agent_role":"planner","step":"zzstep","model":"gpt-4o","provider":"openai","user":"zzuser","session":"zzsession","tags":{"zzkey":"zzvalue"},"start":"2026-09-01T03:00:00Z","end":"2026-09-01T03:00:02Z","input_tokens":1200,"output_tokens":150,"status":"error","error_type":"zzerror"}
{"trace_id":"zzrun1","span_id":"zzcall2","operation":"chat","workflow":"zzflow","agent":"zzagent","step":"zzstep","model":"gpt-4o","provider":"openai","retry_of":"zzcall1","start":"2026-09-01T03:00:03Z","end":"2026-09-01T03:00:05Z","input_tokens":2000,"output_tokens":300}
{"trace_id":"zzrun1","span_id":"zzcall3","operation":"execute_tool","tool":"zztool","workflow":"zzflow","agent":"zzagent","step":"zztoolstep","start":"2026-09-01T03:00:06Z","end":"2026-09-01T03:00:07Z","cost_usd":0.5}
{"type":"run","trace_id":"zzrun1","outcome":"success"}
{"trace_id":"zzrun2","span_id":"zzcall1","operation":"chat","workflow":"zzflow","agent":"zzagent","step":"zzstep","model":"gpt-4o","provider":"openai","start":"2026-09-02T03:00:00Z","end":"2026-09-02T03:00:02Z","input_tokens":9000,"output_tokens":100}
{"type":"run","trace_id":"zzrun2","outcome":"failure"}
zzbroken line
`

func TestRedactedExportsHoldNoNames(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Chdir(dir)
	if err := os.WriteFile("zzfile.jsonl", []byte(secretTrace), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{
		"-o out/report.md", "-o out/where.md --where agent=zzagent --where step~zzst --where tag:zzkey=zzvalue", "-o out/tags.md --by tag:zzkey,user,session,run,source",
		"-o out/t.csv --csv --by workflow,feature,version,agent,role,step,tool,model,user,session,run,source,tag:zzkey", "-o out/t.json --json --by source,user", "-o out/f.csv --focus",
	} {
		a, _, stderr := testApp(t)
		if err := a.execute(append([]string{"export", "zzfile.jsonl", "--redact", "--quiet", "--tz", "UTC"}, strings.Fields(args)...)); err != nil {
			t.Fatalf("%s: %v %s", args, err, stderr)
		}
	}
	files := 0
	err := filepath.WalkDir("out", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if at := strings.Index(string(text), "zz"); at >= 0 {
			t.Errorf("%s: …%s…", path, text[max(0, at-60):min(len(text), at+40)])
		}
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("%d files, %v", files, err)
	}
	report, _ := os.ReadFile("out/report.md")
	for _, want := range []string{"`workflow-1`", "`source-1:2`", "gpt-4o", "`tool-1`"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report has no %s", want)
		}
	}
}

// openSecret is the store of the secret trace, as the explorer has it.
func openSecret(t *testing.T) (*app, *job, *openedStore) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Chdir(t.TempDir())
	if err := os.WriteFile("zzfile.jsonl", []byte(secretTrace), 0o644); err != nil {
		t.Fatal(err)
	}
	a, _, _ := testApp(t)
	j := &job{traceFlags: traceFlags{cost: "auto", theme: "auto", by: defaultBy, tz: "UTC", quiet: true}, inputs: inputs{args: []string{"zzfile.jsonl"}}}
	if err := j.check(nil, a.now()); err != nil {
		t.Fatal(err)
	}
	if err := a.find(&j.inputs, ""); err != nil {
		t.Fatal(err)
	}
	s, err := a.read(j)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return a, j, s
}

func TestExplorerExportsWithoutOverwriting(t *testing.T) {
	a, j, s := openSecret(t)
	export := a.exporter(j, s)
	job := tui.ExportJob{Query: j.query, File: "r.md"}
	done, err := export(t.Context(), job)
	if err != nil || done.ByHand || done.Paths == 0 || done.Pictures == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err = export(t.Context(), job); err != tui.ErrExists {
		t.Errorf("the second time: %v", err)
	}
	err = s.SetMarks(t.Context(), func(m *analyze.Marks) {
		m.Set(analyze.Mark{By: []analyze.Dimension{{Dim: analyze.DimTool}}, Path: []string{"zztool"}, Flagged: true, Note: "look | here"})
		m.Set(analyze.Mark{By: []analyze.Dimension{{Dim: analyze.DimTool}}, Path: []string{"gone"}, Flagged: true})
	})
	if err != nil {
		t.Fatal(err)
	}
	job.Overwrite = true
	if done, err = export(t.Context(), job); err != nil || !done.ByHand || done.Paths != 1 {
		t.Errorf("marked: %+v, %v", done, err)
	}
	text, _ := os.ReadFile("r.md")
	if !strings.Contains(string(text), `> look \| here`) || !strings.Contains(string(text), "1 path marked by hand") {
		t.Errorf("the note is missing in\n%s", text)
	}
	job.File = "nosuch/r.md"
	if _, err = export(t.Context(), job); err == nil || !strings.Contains(err.Error(), "cannot be written: no such file or directory") {
		t.Errorf("no folder: %v", err)
	}
	job.File = "zzfile.jsonl"
	if _, err = export(t.Context(), job); err == nil || !strings.Contains(err.Error(), "would replace a trace") {
		t.Errorf("over a trace: %v", err)
	}
}

func TestPathsAreFoundByTheirNames(t *testing.T) {
	table := &analyze.Table{Rows: []analyze.Row{{Path: []string{"a"}}, {Path: []string{"a", "b/c"}}, {Path: []string{"a/b", "c"}}}}
	if r, err := rowAt(table, "a"); err != nil || len(r.Path) != 1 {
		t.Errorf("a: %v, %v", r, err)
	}
	if _, err := rowAt(table, "a/b/c"); err == nil {
		t.Error("a/b/c is two paths")
	}
	if r, err := rowAt(table, "a ▸ b/c"); err != nil || r.Path[1] != "b/c" {
		t.Errorf("a ▸ b/c: %v, %v", r, err)
	}
	for in, want := range map[string]int64{"a.jsonl:12": 12, "a:b:3": 3, "a:0": 0, "12": 0, ":4": 0} {
		if _, n, ok := fileLine(in); ok != (want > 0) || ok && n != want {
			t.Errorf("%q is line %d, %v", in, n, ok)
		}
	}
}
