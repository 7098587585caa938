package tui

import "testing"

func TestColumnsTakeTheWholeWidth(t *testing.T) {
	l := &timeline{cols: make([]loadColumn, 60), x0: 10, w: 108}
	if a, b, end := l.begins(1), l.begins(2), l.begins(60); a != 11 || b != 13 || end != 118 { // 1.8 cells each
		t.Errorf("columns begin at %d and %d and end at %d", a, b, end)
	}
	for x := 10; x < 118; x++ {
		if i := l.columnAt(x); l.begins(i) > x || l.begins(i+1) <= x {
			t.Errorf("over cell %d is column %d, which is %d to %d", x, i, l.begins(i), l.begins(i+1))
		}
	}
	if i := l.columnAt(118); i < 60 {
		t.Errorf("right of the chart is column %d", i)
	}
}

// On a log scale a factor of ten is as high everywhere, whatever the unit: (ln v + 1) / (ln 100 + 1) of 80 eighths.
func TestLogHeights(t *testing.T) {
	for _, unit := range []int64{1, 1e10} {
		for v, want := range map[int64]int{1: 14, 10: 47, 100: 80} {
			if got := logHeight(v*unit, unit, 100*unit, 80); got != want {
				t.Errorf("%d of %d: %d eighths, want %d", v*unit, 100*unit, got, want)
			}
		}
	}
}

func TestARangeBegunOverRowsTurnsToBars(t *testing.T) {
	p := play(t, small(), 120, 40).press("v").sees("range: 1 row").press("]", "]").seesNot("range: 1 row")
	c := p.a.chart().(*shape)
	if p.a.table().brushing() || !c.brushing() || c.from == c.bar {
		t.Errorf("from bar %d to %d", c.from, c.bar)
	}
}
