package tui

import (
	"context"
	"fmt"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A foreign source is a table of spans: its sums know nothing of attempts, and no run says how it ended.
type foreign struct{ *fake }

func (f foreign) Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error) {
	t, err := f.fake.Rollup(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, r := range append(pointers(t.Rows), &t.Total) {
		r.Retries, r.RetryCost, r.Wasted, r.Chains, r.Rescued, r.LostTries = 0, 0, 0, 0, 0, 0
		r.RetryKinds, r.Confidences = [4]int64{}, [4]int64{}
	}
	return t, nil
}

func pointers(rows []analyze.Row) (list []*analyze.Row) {
	for i := range rows {
		list = append(list, &rows[i])
	}
	return list
}

// newForeign makes one; tried: some of its calls fail, and the next one asks the same again.
func newForeign(tried bool) foreign {
	f := rich(120)
	f.status.Table, f.status.NotRecorded = "otel_traces", []string{"attempts", "outcomes"}
	for _, r := range f.runs {
		r.Outcome, r.HasScore, r.Facts = tracefmt.OutcomeUnknown, false, nil
		for k := range r.Calls {
			c := &r.Calls[k]
			c.Attempt, c.RetryOf, c.RetryKind = 0, "", tracefmt.RetryNone
			if !tried {
				c.Status, c.Record.Status, c.Record.Error = tracefmt.StatusOK, tracefmt.StatusOK, 0
				c.Fingerprints[0] = uint64(k + 1)
			}
		}
	}
	return foreign{f}
}

func TestUnrecordedGoldens(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 40}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		play(t, newForeign(true), s[0], s[1]).golden("unrecorded-table-" + size)
		for _, l := range []struct{ key, name string }{{"2", "retries"}, {"6", "outcomes"}} {
			play(t, newForeign(true), s[0], s[1]).press(l.key).golden("unrecorded-" + l.name + "-" + size)
			play(t, newForeign(true), s[0], s[1]).press(l.key, "z").golden("unrecorded-" + l.name + "-full-" + size)
		}
		play(t, newForeign(false), s[0], s[1]).press("2", "z").golden("unrecorded-no-retries-full-" + size)
	}
}

func TestWhatIsNotRecordedIsNoZero(t *testing.T) {
	const notIn = "not recorded in otel_traces"
	p := play(t, newForeign(false), 140, 40).sees("retry", "wasted", "! 1 warning")
	c := p.a.top().(*paths).vs.see(cellOf{row: &p.a.top().(*paths).table.Total})
	for _, x := range columns {
		if x.id == "retry" || x.id == "wasted" || x.id == "$/success" {
			if _, known := x.key(c); known || x.text(c) != unknown {
				t.Errorf("column %s shows %q, known %v", x.id, x.text(c), known)
			}
		}
	}
	p.press("2", "z").sees("attempts are "+notIn, "whether anything was tried again is not", "retry.attempt", "push").seesNot("✓ nothing was tried again", "not wasted 100")
	play(t, newForeign(false), 140, 40).press("6", "z").sees("outcomes are "+notIn, "none of 64 runs states one", "workflow.outcome").seesNot("success ✓ 0", "$0.00 ")
	play(t, newForeign(false), 140, 40).press("7", "z").sees("– retries: attempts are " + notIn)
	play(t, newForeign(true), 140, 40).press("7", "z").sees("≥ retries: attempts are " + notIn)
	play(t, newForeign(false), 140, 40).press("8", "z").sees("attempts and outcomes are " + notIn)
	play(t, newForeign(false), 140, 60).press("?", "/").typing("attempts after").sees("of all calls · – " + notIn)
	play(t, newForeign(false), 140, 60).press("?", "/").typing("not recorded").sees("attempts and outcomes are " + notIn)
}

// What runs show of attempts is shown, as a lower bound.
func TestInferredRetriesAreALowerBound(t *testing.T) {
	play(t, newForeign(true), 140, 40).press("2", "z").sees("what is shown is inferred from the calls read: a lower bound", "wasted ≥$441.42, ≥14.7% of $3,001.73", "outcomes are not recorded in otel_traces").seesNot("To know")
}

func TestForeignScreensFit(t *testing.T) {
	for _, s := range [][2]int{{40, 10}, {80, 24}, {200, 60}} {
		for _, l := range lenses {
			for _, tried := range []bool{true, false} {
				what := fmt.Sprint("lens ", l.name, " tried ", tried)
				play(t, newForeign(tried), s[0], s[1]).press(l.key).fits(what)
				play(t, newForeign(tried), s[0], s[1]).press(l.key, "z").fits(what)
			}
		}
	}
}
