package tracefmt

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func line(id string) string {
	return `{"trace_id":"r1","span_id":"` + id + `","operation":"chat","agent":"é","model":"m","start":"2026-02-03T10:00:00Z","duration_ms":10,"input_tokens":10,"output_tokens":1}`
}

// ids are the span ids that were read, in order.
func ids(b *Batch) string {
	var s []string
	for _, r := range b.Records {
		s = append(s, r.ID)
	}
	return strings.Join(s, " ")
}

// TestShapes reads the same calls in every shape that a file may have.
func TestShapes(t *testing.T) {
	a, b, c := line("a"), line("b"), line("c")
	pretty := func(s string) string {
		return strings.NewReplacer(`{`, "{\n  ", `,"`, ",\n  \"", `}`, "\n}").Replace(s)
	}
	for name, tc := range map[string]struct {
		text    string
		ids     string
		bad     int64
		lines   string // of the bad ones
		pending int64
	}{
		"lines":              {text: a + "\n" + b + "\n" + c + "\n", ids: "a b c"},
		"no last line end":   {text: a + "\n" + b, ids: "a b"},
		"CRLF and blanks":    {text: "\r\n" + a + "\r\n\r\n  \r\n" + b + "\r\n", ids: "a b"},
		"byte order mark":    {text: "\ufeff" + a + "\n" + b + "\n", ids: "a b"},
		"side by side":       {text: a + b + " " + c + "\n", ids: "a b c"},
		"array on one line":  {text: "[" + a + "," + b + "]\n", ids: "a b"},
		"array later":        {text: a + "\n[" + b + "," + c + "]\n", ids: "a b c"},
		"pretty array":       {text: "[\n  " + pretty(a) + ",\n  " + pretty(b) + "\n]\n", ids: "a b"},
		"pretty objects":     {text: pretty(a) + "\n" + pretty(b) + "\n", ids: "a b"},
		"pretty then lines":  {text: pretty(a) + "\n" + b + "\n" + c + "\n", ids: "a b c"},
		"pretty, no end":     {text: pretty(a) + pretty(b), ids: "a b"},
		"cut at the end":     {text: a + "\n" + b[:60], ids: "a", pending: 60},
		"cut pretty":         {text: pretty(a) + "\n" + pretty(b)[:50], ids: "a", pending: 50},
		"open array":         {text: "[" + a + ",\n" + b, ids: "a b"},
		"garbage line":       {text: a + "\nwhat is this\n" + b + "\n", ids: "a b", bad: 1, lines: "2"},
		"garbage first":      {text: "tail\"}\n" + a + "\n" + b + "\n", ids: "a b", bad: 1, lines: "1"},
		"torn first line":    {text: a[:50] + "\n" + b + "\n" + c + "\n", ids: "b c", bad: 1, lines: "1"},
		"torn and whole":     {text: a + "\n" + b[:70] + c + "\n" + a[:20] + "\n", ids: "a c", bad: 2, lines: "2 3"},
		"torn in a string":   {text: a + "\n" + b[:25] + c + "\n", ids: "a c", bad: 1, lines: "2"},
		"NUL bytes":          {text: a + "\n\x00\x00\x00" + b + "\n\x00\x00", ids: "a b"},
		"scalar lines":       {text: a + "\n12\n\"x\"\nnull\n" + b + "\n", ids: "a b", bad: 3, lines: "2 3 4"},
		"deep nesting":       {text: a + "\n" + strings.Repeat("[", 5000) + "\n" + b + "\n", ids: "a b", bad: 1, lines: "2"},
		"negative count":     {text: a + "\n" + strings.Replace(b, `:10,"out`, `:-1,"out`, 1) + "\n", ids: "a", bad: 1, lines: "2"},
		"fractional count":   {text: a + "\n\n" + strings.Replace(b, `:10,"out`, `:1.5,"out`, 1) + "\n", ids: "a", bad: 1, lines: "3"},
		"whole float count":  {text: a + "\n" + strings.Replace(b, `:10,"out`, `:1e1,"out`, 1) + "\n", ids: "a b"},
		"array with garbage": {text: "[\n" + a + ",\noops,\n" + b + "\n]", ids: "a b", bad: 1, lines: "3"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "t.jsonl", tc.text)
			for _, chunk := range []int{0, 1, 7, 64, 200} {
				got, _, r := readAll(t, path, ReadOptions{chunk: chunk})
				if ids(got) != tc.ids || got.BadCount != tc.bad {
					t.Fatalf("chunk %d: read %q, %d bad %+v; want %q, %d", chunk, ids(got), got.BadCount, got.Bad, tc.ids, tc.bad)
				}
				var lines []string
				for _, b := range got.Bad {
					lines = append(lines, fmt.Sprint(b.Line))
				}
				if s := strings.Join(lines, " "); s != tc.lines {
					t.Errorf("chunk %d: bad lines %s, want %s", chunk, s, tc.lines)
				}
				if _, _, pending := r.Rest(); pending != tc.pending {
					t.Errorf("chunk %d: %d bytes pending, want %d", chunk, pending, tc.pending)
				}
				for _, rec := range got.Records {
					raw, err := ReadAt(path, rec.Src)
					if err != nil || !strings.Contains(string(raw), `"`+rec.ID+`"`) || !wholeValue(raw) {
						t.Errorf("chunk %d: raw record of %s is %q (%v)", chunk, rec.ID, raw, err)
					}
				}
			}
		})
	}
}

// TestHalfWritten reads a file that grows, byte by byte, always going on where it stopped: case a11 and worse.
func TestHalfWritten(t *testing.T) {
	whole := line("a") + "\n" + line("b") + "\n\n" + line("c") + "\n" + "bad\n" + line("d")
	badLine := map[string]int64{"lines": 5, "array": 6}
	for shape := range badLine {
		text := whole
		if shape == "array" {
			text = "[\n" + line("a") + ",\n" + line("b") + "\n,\n\n" + line("c") + ", bad\n, " + line("d") + "]"
		}
		path := filepath.Join(t.TempDir(), "grow.jsonl")
		var all Batch
		offset, at := int64(0), int64(0)
		for n := 1; n <= len(text); n += 1 + n%3 {
			if err := os.WriteFile(path, []byte(text[:n]), 0o600); err != nil {
				t.Fatal(err)
			}
			b, _, r := readAll(t, path, ReadOptions{Offset: offset, Line: at, Format: FormatCostscope})
			offset, at, _ = r.Rest()
			all.Records = append(all.Records, b.Records...)
			all.Bad = append(all.Bad, b.Bad...)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		b, _, _ := readAll(t, path, ReadOptions{Offset: offset, Line: at, Format: FormatCostscope})
		all.Records = append(all.Records, b.Records...)
		if ids(&all) != "a b c d" || len(all.Bad) != 1 || all.Bad[0].Line != badLine[shape] {
			t.Errorf("%s: read %q, bad %+v", shape, ids(&all), all.Bad)
		}
	}
}

// TestCaseA11 follows the steps of the case.
func TestCaseA11(t *testing.T) {
	data, err := os.ReadFile(shared(t, "cases", "a11-half-written.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	l := bytes.SplitAfter(data, newline)
	c2 := len(l[0]) + len(l[1])
	c3 := c2 + len(bytes.TrimRight(l[2], "\n"))
	path := filepath.Join(t.TempDir(), "a11.jsonl")
	offset, at, calls := int64(0), int64(0), 0
	for i, step := range []struct{ bytes, calls int }{{len(l[0]) + 60, 1}, {c2, 2}, {c3, 3}, {c3 + 1, 3}} {
		if err := os.WriteFile(path, data[:step.bytes], 0o600); err != nil {
			t.Fatal(err)
		}
		b, _, r := readAll(t, path, ReadOptions{Offset: offset, Line: at})
		offset, at, _ = r.Rest()
		if calls += len(b.Records); calls != step.calls || b.BadCount != 0 || len(b.Warnings) != 0 {
			t.Errorf("step %d: %d calls, want %d; bad %v, warnings %v", i+1, calls, step.calls, b.Bad, b.Warnings)
		}
	}
	if at != 3 {
		t.Errorf("%d line ends counted, want 3", at)
	}
}

func gz(parts ...string) string {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		io.WriteString(w, p)
		w.Close()
	}
	return b.String()
}

func TestCompressed(t *testing.T) {
	var z bytes.Buffer
	w, _ := zstd.NewWriter(&z)
	io.WriteString(w, line("a")+"\n"+line("b")+"\n")
	w.Close()
	long := gz(line("a") + "\n" + line("b") + "\n" + strings.Repeat(" ", 1000) + line("c") + "\n")
	for name, tc := range map[string]struct {
		data, kind, ids string
		warns           int
	}{
		"gzip":          {gz(line("a") + "\n" + line("b")), "gzip", "a b", 0},
		"two members":   {gz(line("a")+"\n", line("b")+"\n"), "gzip", "a b", 0},
		"truncated":     {long[:len(long)-6], "gzip", "a b c", 1},
		"then garbage":  {gz(line("a")+"\n") + "garbage", "gzip", "a", 1},
		"zstd":          {z.String(), "zstd", "a b", 0},
		"zstd, cut off": {z.String() + z.String()[:z.Len()-4], "zstd", "a b", 1},
	} {
		path := write(t, "t", tc.data)
		b, _, r := readAll(t, path, ReadOptions{})
		if ids(b) != tc.ids || r.Compressed() != tc.kind || len(r.Warnings()) != tc.warns {
			t.Errorf("%s: read %q as %q, warnings %v", name, ids(b), r.Compressed(), r.Warnings())
		}
		for _, rec := range b.Records {
			if raw, err := ReadAt(path, rec.Src); err != nil || string(raw) != line(rec.ID) {
				t.Errorf("%s: raw record %q %v", name, raw, err)
			}
		}
		if len(b.Records) < 2 {
			continue
		}
		b, _, _ = readAll(t, path, ReadOptions{Offset: b.Records[1].Src.Offset, Line: 1})
		if want := strings.TrimPrefix(tc.ids, "a "); ids(b) != want {
			t.Errorf("%s: from the second on read %q, want %q", name, ids(b), want)
		}
	}
}

func TestTooLongValues(t *testing.T) {
	long := strings.Replace(line("x"), `"m"`, `"`+strings.Repeat("m", 200000)+`"`, 1)
	for name, text := range map[string]string{
		"lines": line("a") + "\n" + long + "\n" + line("b") + "\n" + long + "\n",
		"array": "[" + line("a") + ",\n" + long + ",\n" + line("b") + ",\n" + long + "\n]",
	} {
		b, _, r := readAll(t, write(t, "t.jsonl", text), ReadOptions{chunk: 1000, limit: 100000})
		if ids(b) != "a b" || b.BadCount != 2 || b.Bad[0].Line != 2 || b.Bad[1].Line != 4 {
			t.Errorf("%s: read %q, bad %+v", name, ids(b), b.Bad)
		}
		if _, _, pending := r.Rest(); pending != 0 {
			t.Errorf("%s: %d bytes pending", name, pending)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		data string
		err  error
		says string
	}{
		"empty":          {"", ErrEmpty, "empty"},
		"blank":          {"\n \n", ErrEmpty, "blank"},
		"UTF-16":         {"\xff\xfe{\x00", ErrNotJSON, "iconv"},
		"collector":      {"\x00\x00\x01\x10\x0a\x05hello", ErrNotJSON, "format: json"},
		"binary":         {"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00", ErrNotJSON, "binary"},
		"CSV":            {"\"id\",\"name\",\"cost\"\n\"1\",\"x\",\"2\"\n", ErrNoFormat, "its columns are id, name, cost; `costscope formats`"},
		"text":           {"# aider chat started\n", ErrNotJSON, "not JSON"},
		"other JSON":     {`{"zebra":1,"apple":{"x":2}}` + "\n", ErrNoFormat, "keys zebra, apple.x; `costscope formats`"},
		"parquet":        {"PAR1\x15\x04\x15\x10", ErrNotJSON, "Parquet"},
		"damaged gzip":   {"\x1f\x8b\x00\x00\x00", ErrNotJSON, "gzip"},
		"cut everywhere": {`{"a`, ErrNoFormat, "whole object"},
	} {
		_, err := OpenReader(write(t, "t", tc.data), ReadOptions{})
		if !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenReader(filepath.Join(t.TempDir(), "none"), ReadOptions{}); !errors.Is(err, ErrMissing) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := OpenReader(t.TempDir(), ReadOptions{}); err == nil {
		t.Error("a directory was opened as a file")
	}
}

// TestLivePipe checks that a line counts as soon as it is written, not when the buffer is full.
func TestLivePipe(t *testing.T) {
	pr, pw := io.Pipe()
	defer pw.Close()
	go io.WriteString(pw, line("a")+"\n")
	r, err := OpenReader("-", ReadOptions{Stdin: pr})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(NewNames(), nil)
	for _, id := range []string{"a", "b", "c"} {
		var c Chunk
		var b Batch
		if err := r.Next(&c); err != nil {
			t.Fatal(err)
		}
		if d.DecodeChunk(&c, &b); ids(&b) != id {
			t.Fatalf("read %q, want %s", ids(&b), id)
		}
		go io.WriteString(pw, line(string(id[0]+1))+"\n")
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.jsonl": line("b"), "a.txt": line("a"), "notes.md": "# notes", ".claude/p/c.jsonl": line("c"), ".git/x.jsonl": line("x"), "empty.jsonl": "",
	} {
		path := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rel := func(paths []string) (s []string) {
		for _, p := range paths {
			r, _ := filepath.Rel(dir, p)
			s = append(s, r)
		}
		return s
	}
	files, ignored, err := Expand([]string{dir, filepath.Join(dir, "a.txt"), "-"})
	if err != nil || !slices.Equal(rel(files[:3]), []string{".claude/p/c.jsonl", "a.txt", "b.jsonl"}) || len(files) != 4 || files[3] != "-" {
		t.Errorf("files %v, %v", files, err)
	}
	if len(ignored) != 2 || ignored[0].Reason != "the file is empty" || !strings.Contains(ignored[1].Reason, "not JSON") {
		t.Errorf("ignored %+v", ignored)
	}
	files, _, err = Expand([]string{filepath.Join(dir, "*.jsonl")})
	if err != nil || !slices.Equal(rel(files), []string{"b.jsonl"}) {
		t.Errorf("glob: %v, %v", files, err)
	}
	files, _, err = Expand([]string{filepath.Join(dir, "none.jsonl"), filepath.Join(dir, "b.jsonl")})
	if !errors.Is(err, ErrMissing) || len(files) != 1 {
		t.Errorf("missing: %v, %v", files, err)
	}
	if _, _, err = Expand([]string{filepath.Join(dir, ".git", "*.none")}); !errors.Is(err, ErrMissing) {
		t.Errorf("empty glob: %v", err)
	}
	os.Mkdir(filepath.Join(dir, "bare"), 0o700)
	if _, _, err = Expand([]string{filepath.Join(dir, "bare")}); !errors.Is(err, ErrNoTraces) {
		t.Errorf("bare folder: %v", err)
	}
}

func TestLinesAt(t *testing.T) {
	text := "1\n22\n\n4\n"
	path := write(t, "t", text)
	got, err := LinesAt(path, []int64{0, 1, 2, 4, 5, 6, 8, 100})
	if want := []int64{1, 1, 2, 2, 3, 4, 5, 5}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("lines %v, want %v (%v)", got, want, err)
	}
}
