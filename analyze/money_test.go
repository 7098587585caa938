package analyze

import (
	"strings"
	"testing"

	"costscope/tracefmt"
)

// specPrices is the price table of the analysis specification, section A.1.
const specPrices = `{"as_of":"2026-01-01","source":"analysis-spec A.1","providers":[{"id":"spec","models":[
	{"id":"std","match":{"equals":"std"},"prices":[{"input":3,"cache_read":0.3,"cache_write":3.75,"output":15}]},
	{"id":"big","match":{"equals":"big"},"prices":[{"input":15,"cache_read":1.5,"cache_write":18.75,"output":75}]},
	{"id":"small","match":{"equals":"small"},"prices":[{"input":0.25,"cache_read":0.025,"cache_write":0.3125,"output":1.25}]}]}]}`

func TestTA1(t *testing.T) {
	book, err := tracefmt.ReadPrices(strings.NewReader(specPrices))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model string
		want  tracefmt.USD
	}{{"std", 13_875_000_000}, {"big", 69_375_000_000}, {"small", 1_156_250_000}} {
		u := tracefmt.Usage{Input: 1000 + 20000 + 500, CacheRead: 20000, CacheWrite: 500, Output: 200}
		if got, ok := book.Find("", c.model).Cost(u, 0); got != c.want || !ok {
			t.Errorf("%s costs %d pico-dollars, want %d", c.model, got, c.want)
		}
	}
}
