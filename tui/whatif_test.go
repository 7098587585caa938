package tui

import (
	"errors"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

// withBook lets the explorer choose from the prices of the fake, and read one other book.
func withBook(o *Options) {
	o.Prices = fakePrices()
	o.OpenPrices = func(file string) (*tracefmt.PriceBook, error) {
		if file != "own.json" {
			return nil, errors.New("no such file")
		}
		return tracefmt.ReadPrices(strings.NewReader(`{"as_of":"2026-10-01","currency":"USD","unit":"per 1,000,000 tokens","source":"invented","providers":[{"id":"anthropic","model_match":{"contains":"claude"},"models":[{"id":"claude-opus-4-1","match":{"prefix":"claude-opus-4-1"},"prices":[{"input":5,"output":25}]}]}]}`))
	}
}

// TestWhatIfStory sets levers one after the other, sees what they come to, and opens a row.
func TestWhatIfStory(t *testing.T) {
	s := play(t, newFake(fakeShape{1, 60}), 120, 40, withBook)
	s.press("w")
	s.sees("what if · all calls · enter sets a lever", "retries", "as it was", "recorded", "what-if", "support-bot", "in-house-llama")
	s.press("down", "enter", "5", "k", "enter") // context
	s.sees("context<=5000", "tokens cut from prompts")
	s.press("down", "enter", "j", "j", "enter")
	s.sees("cache=1h")
	s.press("down", "enter", "enter")
	s.sees("who answers all calls instead?", "openai/gpt-5-mini", "input $0.25")
	s.press("m", "i", "n", "i")
	s.sees("1 model ")
	if n := strings.Count(s.screen(), "model: mini▏"); n != 1 {
		t.Errorf("what is typed stands there %d times", n)
	}
	s.press("enter")
	s.sees("model=openai/gpt-5-mini", "priced as openai/gpt-5-mini", "the effects in that order add up")
	s.press("down", "enter", "x", "enter")
	s.sees("no such file")
	s.press("enter", "o", "w", "n", ".", "j", "s", "o", "n", "enter")
	s.sees("prices=own.json", "as of 2026-10-01")
	s.press("down", "enter", "down", "enter")
	s.sees("batch", "joint")
}

// TestWhatIfDoors: a lever goes off again, the text of the scenario is copied, a row opens its calls, and the levers are still set after.
func TestWhatIfDoors(t *testing.T) {
	s := play(t, newFake(fakeShape{1, 60}), 120, 40, withBook)
	s.press("w", "enter", "x", "enter")
	s.sees("0 or more")
	s.press("backspace", "0", "enter")
	s.sees("retries<=0")
	if text, _ := s.a.top().(*whatIf).copied(s.a); text != "--what-if 'retries<=0'" {
		t.Errorf("%q", text)
	}
	s.press("G", "enter")
	if len(s.a.stack) != 3 || !s.a.zoomed() {
		t.Fatalf("the last row opened %T", s.a.top())
	}
	s.press("esc", "esc", "w")
	s.sees("retries<=0")
	s.press("enter", "backspace", "enter")
	if s.a.scenario.Any() {
		t.Errorf("%q", s.a.scenario.String())
	}
}

// TestWhatIfFails: an error is told, and a new setting asks again.
func TestWhatIfFails(t *testing.T) {
	s := play(t, newFake(fakeShape{1, 10}), 80, 24, withBook)
	s.a.scenario.Swaps, s.a.scenario.On[analyze.LeverModel] = []analyze.Swap{{To: "nobody"}}, true
	s.press("w")
	s.sees("no such model in the price book: nobody")
}

// TestWhatIfGoldens: the screen at several sizes, without levers and with all.
func TestWhatIfGoldens(t *testing.T) {
	own, err := func() (*tracefmt.PriceBook, error) {
		var o Options
		withBook(&o)
		return o.OpenPrices("own.json")
	}()
	if err != nil {
		t.Fatal(err)
	}
	all, err := analyze.ParseScenario("retries<=0;context<=5000;cache=1h;model=sonnet->openai/gpt-5-mini;prices=own.json;batch", func(string) (*tracefmt.PriceBook, error) { return own, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name   string
		w, h   int
		sc     analyze.Scenario
		colour bool
	}{
		{"none-80x24", 80, 24, analyze.Scenario{}, false}, {"all-80x24", 80, 24, all, false}, {"all-120x40", 120, 40, all, true}, {"all-200x60", 200, 60, all, false},
		{"all-40x10", 40, 10, all, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			change := []func(*Options){withBook}
			if x.colour {
				change = append(change, coloured)
			}
			s := play(t, newFake(fakeShape{1, 60}), x.w, x.h, change...)
			s.a.scenario = x.sc
			s.press("w")
			s.golden("whatif-" + x.name)
		})
	}
}
