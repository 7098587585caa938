package analyze

import (
	"slices"
	"testing"
)

func TestTD5(t *testing.T) {
	s, tools, u1, a1 := Message{1, 1000}, Message{2, 600}, Message{3, 50}, Message{4, 200}
	r1, n, u2 := Message{5, 300}, Message{6, 40}, Message{7, 30}
	got := StrandedContext([][]Message{{s, tools, u1}, {s, tools, u1, a1, r1}, {s, n, tools, u1, a1, r1, u2}})
	if want := []Stranded{{0, 0, 1650}, {1650, 0, 500}, {1000, 1150, 70}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var sum Stranded
	for _, x := range got {
		sum.Cacheable, sum.Stranded, sum.New = sum.Cacheable+x.Cacheable, sum.Stranded+x.Stranded, sum.New+x.New
	}
	if sum != (Stranded{2650, 1150, 2220}) {
		t.Errorf("in all %v", sum)
	}
	near(t, "share", sum.Share(), 1150.0/6020)
}

// TestRepeatWithinOnePromptIsNew: only earlier calls make a message a repeated one; a shorter prefix of any of them is cacheable.
func TestRepeatWithinOnePromptIsNew(t *testing.T) {
	a, b, c := Message{1, 10}, Message{2, 20}, Message{3, 40}
	got := StrandedContext([][]Message{{a, b, b}, {c}, {a, b, c, b}, {a, b, c, b}})
	if want := []Stranded{{0, 0, 50}, {0, 0, 40}, {30, 60, 0}, {90, 0, 0}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
