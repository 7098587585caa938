package click

import "testing"

func TestEnoughGroupsForOneTable(t *testing.T) {
	groups := func(n int, calls int64) []namedGroup {
		list := make([]namedGroup, n)
		for i := range list {
			list[i].calls = calls
		}
		return list
	}
	for _, x := range []struct {
		name       string
		list       []namedGroup
		most, want int
	}{
		{"none", nil, 500, 0},
		{"fewer than asked for", groups(20, 10), 500, 20},
		{"as many", groups(500, 10), 500, 500},
		{"more", groups(1002, 10), 500, 500},
		{"of many bins", groups(501, 3000), 500, 133}, // 133 * 450 = 59,850
		{"of middling ones", groups(501, 200), 500, 300},
		{"one", groups(1, 1_000_000), 500, 1},
	} {
		if got := enough(x.list, x.most); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
}
