package click

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/store"
	"costscope/tracefmt"
)

// ddl runs what people run by hand: each statement on each server.
func ddl(t *testing.T, cluster string, servers ...*Client) {
	for _, c := range servers {
		for _, text := range strings.Split(DDL(cluster), ";\n") {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			v := c.settings(true)
			if _, err := c.send(t.Context(), v, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRollupsAreThoseOfTheReference(t *testing.T) {
	c := engine(t)
	db := "cs_test_rollup"
	for _, text := range []string{"DROP DATABASE IF EXISTS " + db, "CREATE DATABASE " + db} {
		if _, err := c.send(t.Context(), c.settings(true), strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	c.at.Database = db
	ddl(t, "", c)
	trace := os.Getenv("COSTSCOPE_TEST_TRACE")
	if trace == "" {
		trace, _ = filepath.Abs("../../cmd/costscope/testdata/traces.jsonl")
	}
	book := tracefmt.BuiltinPrices()
	m := store.NewMem(store.Options{Prices: book})
	if err := m.Load(t.Context(), []string{trace}, nil, nil); err != nil {
		t.Fatal(err)
	}
	p, err := c.Push(t.Context(), pushed{m, trace}, analyze.Config{}, nil)
	if err != nil || !p.Agree() || p.Runs == 0 {
		t.Fatalf("%+v %v", p, err)
	}
	if p, err := c.Push(t.Context(), pushed{m, trace}, analyze.Config{}, nil); err != nil || !p.Agree() || p.Runs != 0 {
		t.Fatalf("again: %+v %v", p, err)
	}
	s := NewStore(c, analyze.Config{})
	for _, x := range [][2]string{{"", ""}, {"workflow", ""}, {"workflow,agent,step", ""}, {"model,status", "!status=error"}, {"day", "cost>0.01"}, {"run", "agent~exec"}, {"outcome,kind", "kind=llm"},
		{"user", ""}, {"tag:channel", ""}, {"workflow", "outcome=success"}, {"agent", "tag:channel=web"}, {"tool", "input>=10000"}} {
		q := analyze.Query{}
		if x[0] != "" {
			if q.By, err = analyze.ParseBy(x[0]); err != nil {
				t.Fatal(err)
			}
		}
		if x[1] != "" {
			pred, err := analyze.ParsePred(x[1])
			if err != nil {
				t.Fatal(err)
			}
			q.Where = append(q.Where, pred)
		}
		want, err := m.Rollup(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Rollup(t.Context(), q)
		if err != nil {
			t.Errorf("%v: %v", x, err)
			continue
		}
		a, b := show(want), show(got)
		if a != b {
			t.Errorf("%v:\n%.3000s\nnot\n%.3000s", x, b, a)
		}
	}
	t.Logf("%d bytes came back", c.Traffic())
}

type pushed struct {
	*store.Mem
	trace string
}

func (p pushed) SourcePath(uint32) string { return p.trace }

func show(t *analyze.Table) string {
	type row struct {
		analyze.Row
		Hist analyze.Hist
		P50  int64
	}
	var b strings.Builder
	for _, r := range append([]analyze.Row{t.Total}, t.Rows...) {
		f := r
		f.MaxStale = false
		j, _ := json.Marshal(f)
		b.Write(j)
		b.WriteString(string(r.Costs.AppendTo(nil)))
		b.WriteByte('\n')
	}
	j, _ := json.Marshal([]any{t.Workflows, t.Agents, t.Threads, t.Unpriced})
	b.Write(j)
	return b.String()
}
