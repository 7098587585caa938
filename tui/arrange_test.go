package tui

import (
	"slices"
	"testing"

	"costscope/analyze"
)

// A table of a hundred thousand runs is put in order off the loop: the key comes back with the old order in place.
func TestManyRowsAreSortedOffTheLoop(t *testing.T) {
	l := newLoop("b", "r", "r", "enter")
	p := l.a.table()
	if p.dim.Dim != analyze.DimRun || len(p.rows) != bigRuns {
		t.Fatalf("%d rows of %s", len(p.rows), p.dim)
	}
	l.send(keyMsg("j"))
	key, first := p.key, p.rows[0]
	_, late := l.a.Update(keyMsg("S")) // the smallest first
	if p.rows[0] != first || p.key != key {
		t.Error("the order changed before the new one was there")
	}
	_, cmd := l.a.Update(keyMsg("S")) // and back: nothing of the first question may be taken in
	l.run(late)
	if p.rows[0] != first {
		t.Error("an answer to an older question was taken in")
	}
	l.run(cmd)
	if p.rows[0] != first || p.key != key || p.keyAt(p.cur.at) != key {
		t.Errorf("the cursor was on %s and is on %s", key, p.keyAt(p.cur.at))
	}
	l.send(keyMsg("S"))
	if !slices.IsSortedFunc(p.rows, func(x, y *analyze.Row) int { return int(min(max(x.Cost-y.Cost, -1), 1)) }) || p.keyAt(p.cur.at) != key {
		t.Error("not the smallest first, with the cursor on its row")
	}
}

func TestManyRowsAreSearchedOffTheLoop(t *testing.T) {
	l := newLoop("b", "r", "r", "enter")
	p := l.a.table()
	for _, k := range []string{"/", "0", "0", "0", "0", "1"} {
		l.send(keyMsg(k))
	}
	if len(p.rows) != 11 { // run-000001, and run-000010 to run-000019
		t.Fatalf("%d rows", len(p.rows))
	}
	sum := int64(0)
	for _, r := range p.rows {
		sum += int64(r.Cost)
	}
	if p.sums[10] != sum || int64(p.part.Cost) != sum {
		t.Errorf("the rows cost %d, the running sum says %d and the total line %d", sum, p.sums[10], p.part.Cost)
	}
}
