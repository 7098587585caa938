package click

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/store/storetest"
	"costscope/tracefmt"
)

// What a push writes of a run reads back as the same run.
func TestPushedRunsReadBack(t *testing.T) {
	shapes := []func(r *rand.Rand, runs int) storetest.Trace{storetest.Random, storetest.Claude, storetest.OTLP}
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 7))
		files := shapes[seed%3](r, 25).Files(t, r, 1+r.IntN(3))
		m := store.NewMem(store.Options{})
		if err := m.Load(t.Context(), files, nil, nil); err != nil {
			t.Fatal(err)
		}
		s := &Store{names: m.Names(), book: tracefmt.BuiltinPrices()}
		p := &pusher{src: pushed{m, "trace"}, study: analyze.NewStudent(analyze.Config{}), names: m.Names()}
		if err := m.Each(t.Context(), func(run *tracefmt.Run) error {
			want := views(run, m.Names())
			if got := views(readBack(t, s, p.encode(run)), m.Names()); got != want {
				t.Errorf("seed %d: run %s differs%s", seed, run.ID, firstDifference(got, want))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// So do the runs of all shared traces: what a person said between two calls is told by the calls then.
func TestPushedTracesReadBack(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "traces")
	if _, err := os.Stat(root); err != nil {
		t.Skip("SKIP: ../shared is not there")
	}
	files, err := filepath.Glob(filepath.Join(root, "*", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		m := store.NewMem(store.Options{})
		if err := m.Load(t.Context(), []string{file}, nil, nil); err != nil {
			continue // holds no call
		}
		s := &Store{names: m.Names(), book: tracefmt.BuiltinPrices()}
		p := &pusher{src: pushed{m, "trace"}, study: analyze.NewStudent(analyze.Config{}), names: m.Names()}
		if err := m.Each(t.Context(), func(run *tracefmt.Run) error {
			want := chains(run)
			if got := chains(readBack(t, s, p.encode(run))); got != want {
				t.Errorf("%s: run %s has the chains\n%s\nnot\n%s", file, run.ID, got, want)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// chains are the retries that a run shows.
func chains(run *tracefmt.Run) string {
	var b strings.Builder
	for _, c := range analyze.NewStudent(analyze.Config{}).Study(run).Chains {
		fmt.Fprintln(&b, c.Calls, c.Links)
	}
	return b.String()
}

// readBack makes a run of the rows that would be written.
func readBack(t *testing.T, s *Store, r *pushedRun) *tracefmt.Run {
	line := 0
	for i, c := range callColumns {
		if c.name == "line" {
			line = i
		}
	}
	rd := s.reader()
	for seq, row := range strings.Split(strings.TrimSuffix(string(r.rows), "\n"), "\n") {
		if err := rd.line(unescape([]byte(strings.Split(row, "\t")[line])), "trace", int64(seq)); err != nil {
			t.Fatal(err)
		}
	}
	return rd.run()
}

// views is what the screen of a run shows, line by line.
func views(run *tracefmt.Run, names *tracefmt.Names) string {
	path := func(uint32) string { return "trace" }
	v := analyze.NewRunView(run, analyze.Query{}, names, analyze.Config{}, path, func(c *tracefmt.Call) analyze.CallRow { return analyze.NewCallRow(run, c, names, path) })
	var b strings.Builder
	for _, c := range v.Calls {
		c.Price, c.Src, c.Format, c.Flags = nil, tracefmt.SourceRef{}, "", 0
		fmt.Fprintf(&b, "%q\n", fmt.Sprintf("%+v", c))
	}
	v.Calls = nil
	for _, n := range v.Tree {
		fmt.Fprintf(&b, "%+v\n", n)
	}
	v.Tree = nil
	fmt.Fprintf(&b, "%+v\n", v)
	return b.String()
}
