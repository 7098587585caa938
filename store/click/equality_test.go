package click

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/sample"
	"costscope/store"
	"costscope/tracefmt"
)

// The report over the same traces is the same bytes from the store of one machine and from every engine.
func TestReportsFromTheEngines(t *testing.T) {
	for _, x := range []struct {
		name  string
		files func(t *testing.T) []string
	}{
		{"shared traces", sharedTraces},
		{"shipped sample", func(t *testing.T) []string { return []string{shippedSample(t)} }},
		{"5,000 calls", func(t *testing.T) []string { return []string{generated(t, 310)} }}, // the sample fills several batches,
	} {
		t.Run(x.name, func(t *testing.T) {
			needEngine(t)
			sameReports(t, x.files(t))
		})
	}
}

// COSTSCOPE_TEST_MILLION names a trace of a million calls, or is 1 to have one generated.
func TestMillionCallsFromTheEngine(t *testing.T) {
	trace := os.Getenv("COSTSCOPE_TEST_MILLION")
	if trace == "" {
		t.Skip("SKIP: a million calls take minutes: COSTSCOPE_TEST_MILLION is not set")
	}
	needEngine(t)
	if trace == "1" {
		trace = generated(t, 63_000)
	}
	sameReports(t, []string{trace})
}

// sameReports compares the reports over traces.
func sameReports(t *testing.T, files []string) {
	book := tracefmt.BuiltinPrices()
	b, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "s.db"), Prices: book})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Load(t.Context(), files, nil, nil); err != nil {
		t.Fatal(err)
	}
	want := reportOf(t, b, b.Names())
	onEngines(t, "cs_test_equal", func(t *testing.T, c *Client) {
		start := time.Now()
		p, err := c.Push(t.Context(), b, analyze.Config{}, nil)
		if err != nil || !p.Agree() || p.Runs == 0 {
			t.Fatalf("%+v %v", p, err)
		}
		pushed := time.Now()
		s, err := Open(t.Context(), c, analyze.Config{}, book)
		if err != nil {
			t.Fatal(err)
		}
		if got := reportOf(t, s, s.Names()); got != want {
			t.Errorf("the reports differ%s", firstDifference(got, want))
		}
		t.Logf("version %s: %d calls pushed in %.1fs, reported in %.1fs, %d bytes came back", c.Version(), p.Calls, pushed.Sub(start).Seconds(), time.Since(pushed).Seconds(), c.Traffic())
	})
}

// firstDifference shows the first lines that are not the same.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return " in line " + number(int64(i+1)) + "\n got " + g[i] + "\nwant " + w[i]
		}
	}
	return " in length"
}

// sharedTraces are all files of traces beside the project.
func sharedTraces(t *testing.T) (files []string) {
	root := filepath.Join("..", "..", "..", "shared", "traces")
	if _, err := os.Stat(root); err != nil {
		t.Skip("SKIP: ../shared is not there")
	}
	if err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(p, ".md") {
			files = append(files, p)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// shippedSample is the trace that make demo shows.
func shippedSample(t *testing.T) string {
	z, err := gzip.NewReader(bytes.NewReader(sample.Demo()))
	if err != nil {
		t.Fatal(err)
	}
	return traceFile(t, func(w io.Writer) error { _, err := io.Copy(w, z); return err })
}

// generated is a trace of some runs, of sixteen calls each, or so.
func generated(t *testing.T, runs int) string {
	return traceFile(t, func(w io.Writer) error {
		_, err := sample.Generate(w, "production", 5, runs)
		return err
	})
}

func traceFile(t *testing.T, fill func(w io.Writer) error) string {
	f, err := os.Create(filepath.Join(t.TempDir(), "trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if err := fill(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
