package tui

import (
	"context"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/charmbracelet/x/ansi"
)

// notSums are the doors whose figure is no plain sum of calls: what they open says so, or is a superset by design.
func costOf(t *testing.T, f *fake, s scope) tracefmt.USD {
	t.Helper()
	table, err := f.Rollup(context.Background(), s.by())
	if err != nil {
		t.Fatal(err)
	}
	return table.Total.Cost
}

func TestDoors(t *testing.T) {
	for _, k := range deepLenses() {
		f := rich(120)
		p := play(t, f, 160, 60).press(k, "z")
		l := p.a.top().(*zoom).l.(*insight)
		for _, d := range l.doors {
			line := ansi.Strip(l.drawn.lines[d.line])
			if c := costOf(t, f, d.to); !strings.Contains(line, money(c)) {
				t.Errorf("lens %s: %s: %s", k, line, money(c))
			}
		}
	}
}

var _ analyze.Query
