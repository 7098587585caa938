package tui

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

func stays(o *Options) { o.Resume = true }

// reopen ends the explorer and opens it again over the same store.
func (p *player) reopen(f *fake, change ...func(*Options)) *player {
	p.t.Helper()
	p.press("Q").sees("QUIT")
	return play(p.t, f, p.a.w, p.a.h, change...)
}

func TestFlagsAndNotes(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("space")
	p.sees("⚑ flagged support-bot", " ⚑      $79.68")
	p.press("N").typing("the planner asks twice").press("enter").sees("✎ noted on support-bot", "⚑✎      $79.68", "  ✎ the planner asks twice")
	p.press("j").sees("· ⚑ 1 ✎ 1 ·").seesNot("the planner asks twice")
	p.press("k").sees("  ✎ the planner asks twice").golden("note-120x40")
	if want := []analyze.Mark{{By: p.a.opt.By[:1], Path: []string{"support-bot"}, Flagged: true, Note: "the planner asks twice"}}; !reflect.DeepEqual(f.marks.List, want) {
		t.Errorf("the store has %+v", f.marks.List)
	}
	p = p.reopen(f).sees("⚑✎      $79.68", "  ✎ the planner asks twice")
	p.press("space").sees("no flag any more: support-bot", " ✎      $79.68")
	p.press("N", "ctrl+u", "enter").sees("no note on support-bot").seesNot("✎ the")
	if len(f.marks.List) != 0 {
		t.Errorf("the store has %+v", f.marks.List)
	}
}

// A flag set on a finding, on a call in the list and in its detail is that of the path, wherever it is looked at.
func TestFlagsBelongToPathsEverywhere(t *testing.T) {
	f := rich(120)
	p := play(t, f, 120, 40).press("8", "z", "j")
	s, _ := p.a.path()
	p.press("space").sees("⚑ flagged " + strings.Join(s.names, " ▸ "))
	if got := f.marks.List[0]; !reflect.DeepEqual(got.Path, s.path) || !reflect.DeepEqual(got.By, s.dims) {
		t.Errorf("flagged %+v, not %q", got, s.path)
	}
	p.golden("flagged-finding-120x40")
	p.press("M").sees("marked paths · 1", "⚑ "+strings.Join(s.names, " ▸ ")).press("enter")
	if at, _ := p.a.path(); !reflect.DeepEqual(at.path, s.path) || len(p.a.stack) != len(s.path) {
		t.Errorf("went to %q", at.path)
	}
	f = small()
	p = play(t, f, 120, 40).press("enter", "9", "z", "enter", "space")
	call := p.a.top().(*detail).row
	want := []string{call.Workflow, call.Agent, call.Step}
	p.sees("⚑ flagged " + strings.Join(want, " ▸ ")).sees("✓ ⚑ " + call.Step)
	if got := f.marks.List[0].Path; !reflect.DeepEqual(got, want) {
		t.Errorf("flagged %q, not %q", got, want)
	}
	p.press("esc").sees("⚑ ", "by cost, dearest first").press("N").typing("dear").press("enter")
	if got := f.marks.List[0]; got.Note != "dear" || len(f.marks.List) != 1 {
		t.Errorf("%+v", f.marks.List)
	}
}

func TestMarksThatCannotBeKeptSayWhy(t *testing.T) {
	p := play(t, small(), 120, 40, func(o *Options) { o.Unkept = "t.db is open in another costscope (pid 7)" })
	p.press("space").sees("⚑ flagged support-bot · not kept: t.db is open in another costscope (pid 7)")
	f := small()
	f.markErr = errors.New("the disk is full")
	p = play(t, f, 120, 40).press("space").sees("! not kept: the disk is full", " ⚑      $79.68")
	p.press("?", "space").sees("▌").press("esc")
	play(t, small(), 120, 40).press("M").sees("! no path is marked · space flags")
	play(t, small(), 120, 40).press("/").typing("zzz").press("enter", "space").sees("! no path is under the cursor")
}

// A marked path that the trace no longer has is not shown as if it were there.
func TestMarkedPathThatIsGone(t *testing.T) {
	f := small()
	f.marks.Set(analyze.Mark{By: []analyze.Dimension{{Dim: analyze.DimWorkflow}, {Dim: analyze.DimAgent}}, Path: []string{"support-bot", "auditor\x1b[2J"}, Note: "gone"})
	p := play(t, f, 120, 40).press("M").sees("✎ support-bot ▸ auditor", "gone").press("enter")
	p.sees("! not here any more, or not under these conditions: auditor").seesNot("▸ support-bot")
}

func TestPalette(t *testing.T) {
	p := play(t, small(), 120, 40).press(":").sees("find · ", "▌ lens     lens shape", "key      open what is", "type part of a name")
	p.golden("palette-120x40")
	p.typing("model").sees("▌ rows     group by model").press("enter").sees("model / workflow", "▌ claude-sonnet-4-5")
	p.press(":").typing("lens cont").press("enter").sees("[3 context]")
	p.press(":").typing("sort calls").sees("▌ sort     sort by calls").press("enter").sees("calls▾")
	p.press(":").typing("measure tok").press("enter").sees("shares, sums and bars are of tokens")
	p.press(":").typing("hd column p50").press("enter").seesNot("p50 ")
	p.press(":").typing("zzzz").sees("nothing is called like that").press("enter", "esc").seesNot("zzzz")
	small80 := play(t, small(), 80, 24).press("9", "z", ":").typing("group")
	small80.sees("group by model", "! only in a table").golden("palette-80x24")
	small80.press("enter").sees("! only in a table · esc goes back")
}

// Whatever the palette and help list can be run or says why, and nothing of the table of actions is missing.
func TestPaletteHasEveryAction(t *testing.T) {
	p := play(t, small(), 120, 40).press(":")
	names := map[string]bool{}
	for _, e := range p.a.over.(*finder).all {
		names[e.name] = true
	}
	for _, x := range actions {
		if !names[x.name] && x.keys != lensKeys() && x.keys != ":" {
			t.Errorf("%q is not there", x.name)
		}
	}
	for i := range p.a.over.(*finder).all {
		q := play(t, small(), 120, 40).press(":")
		f := q.a.over.(*finder)
		f.cur.move(i)
		e, before := f.all[f.found[i]], q.screen()
		q.press("enter")
		if after := q.screen(); after == before || q.a.over == dialog(f) {
			t.Errorf("%q does nothing, and does not say why", e.name)
		}
	}
}

func TestFiltersThatWereSetAreFoundAgain(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("/").typing(`model~sonnet cost>0.001`).press("enter").sees("model~sonnet · cost>0.001")
	p.reopen(f).press(":").typing("sonnet").sees("filter   model~sonnet cost>0.001").press("enter").sees("model~sonnet · cost>0.001")
	if len(f.marks.Filters) != 1 {
		t.Errorf("%q", f.marks.Filters)
	}
}

func TestHelpRunsWhatIsPicked(t *testing.T) {
	p := play(t, small(), 120, 40).press("enter", "?").sees("▌ j ↓")
	p.press("x").typing("clude").sees("/ xclude▏", "▌ x ").press("ctrl+u").typing("group by").sees("▌ b ").golden("help-search-120x40")
	p.press("enter").sees("group by", "enter takes it · esc leaves", "▸ support-bot").press("esc")
	p.press("?", "/").typing("shape").press("down", "up", "enter").sees("▸ support-bot").seesNot("help ·")
	play(t, small(), 80, 24).press("?", "/").typing("copy").golden("help-search-80x24")
	p.press("?", "G", "enter").sees("! this line is not a key")
	p.press("/").typing("qqqq").sees("no key or word here contains").press("esc", "esc").seesNot("help ·")
}

func TestFilterCompletion(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40).press("/", "tab").sees("conditions", "▌ workflow", "kind")
	p.typing("cos").sees("▌ cost", "number: dollars, like 0.10").press("ctrl+u")
	p.typing("mo").sees("▌ model").press("tab").sees("/ model▏", "▌ model=", "model~", "model!=")
	p.press("tab").sees("model here, dearest first", "▌ claude-sonnet-4-5", "claude-opus-4-1", "in-house-llama").golden("complete-120x40")
	p.press("down", "enter").sees("/ model=claude-opus-4-1 ▏").typing("!st").sees("▌ step", "status").press("right").sees("/ model=claude-opus-4-1 !step▏")
	p.press("tab").sees("▌ pay", "ship").seesNot("▌ plan", "draft") // of that model only
	p.typing("zz").sees("no step here contains \"zz\"").press("ctrl+w").typing("cost>").sees("write dollars, like 0.10")
	p.typing("0.001").press("enter").sees("model=claude-opus-4-1 · cost>0.001")
	for _, q := range f.asked {
		if strings.HasPrefix(q, "rollup model=claude-opus-4-1 · by step") {
			return
		}
	}
	t.Errorf("the steps of the model were not asked for: %q", f.asked)
}

func TestCompletionQuotesBlanks(t *testing.T) {
	f := small()
	for _, r := range f.runs {
		for i := range r.Calls {
			if f.names.Name(r.Calls[i].Agent) == "planner" {
				r.Calls[i].Agent = f.names.Sym(`my "own" planner`)
			}
		}
	}
	p := play(t, f, 80, 24).press("/").typing("agent=own").sees(`▌ my "own" planner`).golden("complete-80x24")
	p.press("tab").sees(`/ agent="my \"own\" planner" ▏`).press("enter").sees(`agent="my \"own\" planner"`)
	if got := p.a.top().where().extra; len(got) != 1 || got[0].Text != `my "own" planner` {
		t.Errorf("%+v", got)
	}
	p.press("/").typing(`agent=my "own" planner cost>0`).press("enter")
	if got := p.a.top().where().extra; len(got) != 3 || got[1] != got[0] || got[2].String() != "cost>0" {
		t.Errorf("%+v", got)
	}
	p.press("/").typing(`agent="my`).press("enter").sees(`a closing " is missing`)
}

// Completion waits beside the loop: typing goes on meanwhile, and esc ends the question.
func TestCompletionDoesNotWait(t *testing.T) {
	p := play(t, small(), 120, 40).press("/").typing("model")
	answer := p.hold(keyMsg("="))
	p.sees("asking which there are …").typing("op").sees("/ model=op▏")
	answer()
	p.sees("▌ claude-opus-4-1").seesNot("▌ claude-sonnet").press("esc").seesNot("claude-opus-4-1 ")
}

func TestLastPlaceComesBack(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40, stays).press("m", "5", "j", "j", "k", "enter", "/").typing("cost>0.0001").press("enter", "j")
	name, top := p.a.table().key, p.a.top().where().names
	p = p.reopen(f, stays).sees("back where you were · esc to the top", "▌ "+name, "[5 load]", "cost>0.0001", "tokens▾")
	if got := p.a.top().where().names; !reflect.DeepEqual(got, top) {
		t.Errorf("back at %q, not %q", got, top)
	}
	p.press("-").seesNot("cost>0.0001").press("-").sees("▌ "+name, "cost>0.0001")
	p.press("esc").sees("▌ checkout").seesNot("cost>0.0001")
	p.press("z").sees("checkout")
	p = p.reopen(f, stays).sees("back where you were")
	if z, ok := p.a.top().(*zoom); !ok || lenses[z.kind].name != "load" || len(p.a.stack) != 2 {
		t.Errorf("the lens does not fill the screen: %T", p.a.top())
	}
	p.press("esc").sees("▌ checkout")
	p.reopen(f).sees("▌ support-bot").seesNot("back where") // nobody asked for it
}

// A place that is gone is given back as far as it exists.
func TestLastPlaceThatIsGone(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40, stays).press("j", "enter", "j", "enter")
	gone := p.a.top().where().names[1]
	for _, r := range f.runs {
		for i := range r.Calls {
			if f.names.Name(r.Calls[i].Agent) == gone {
				r.Calls[i].Agent = f.names.Sym("new-agent")
			}
		}
	}
	p = p.reopen(f, stays).sees("back near where you were: " + gone + " is gone")
	if got := p.a.top().where().names; len(got) != 1 || got[0] != "checkout" {
		t.Errorf("at %q", got)
	}
	f.runs = nil
	p.reopen(f, stays).sees("no calls here").seesNot("back near", "back where")
}

// Who presses a key before the store has answered stays where he is.
func TestNobodyIsTakenAwayFromWork(t *testing.T) {
	f := small()
	play(t, f, 120, 40, stays).press("enter", "enter", "Q")
	p := &player{t: t, now: time.Now()}
	q := play(t, &fake{names: f.names, runs: f.runs, status: f.status}, 120, 40, stays)
	p.a = q.a
	p.press("j")
	p.send(marksMsg{m: f.marks})
	p.seesNot("back where you were")
	if len(p.a.stack) != 1 {
		t.Error("taken away")
	}
}

func TestPlaceIsWrittenWhileOneStays(t *testing.T) {
	f := small()
	play(t, f, 120, 40, stays).press("j", "enter") // and the power fails
	if last := f.marks.Last; last == nil || len(last.Levels) != 2 || *last.Levels[0].Row != "checkout" {
		t.Errorf("%+v", last)
	}
}

func TestHintsGoOnceTheyAreUsed(t *testing.T) {
	hinted := func(o *Options) { o.Hints = true }
	f := small()
	p := play(t, f, 80, 24, hinted).sees("✦ enter opens a row · 1-9 change the question · ? help · : find · esc hides it").golden("hints-80x24")
	p.press("enter").sees("✦ 1-9 change the question").seesNot("enter opens a row").press("4", "?", "esc", "esc").seesNot("✦")
	p.reopen(f, hinted).seesNot("✦")
	if len(f.marks.Used) != 3 {
		t.Errorf("%q", f.marks.Used)
	}
	f = small()
	p = play(t, f, 80, 24, hinted).press("esc").seesNot("✦").press("esc").sees("! this is the top")
	p.reopen(f, hinted).seesNot("✦")
	f = small()
	play(t, f, 80, 24, hinted).press("Q")
	play(t, f, 80, 24, hinted).seesNot("✦")
	play(t, small(), 40, 10, hinted).fits("hints")
}

// Every key does something or says why not, on every screen. Those that end the explorer are left out.
func TestEveryKeyActsOrSaysWhy(t *testing.T) {
	f := newFake(fakeShape{7, 12})
	for name, way := range screens {
		for _, k := range everyKey() {
			p := play(t, f, 120, 40).press(way...)
			if p.a.over != nil || k == "Q" || k == "ctrl+c" || k == "q" && len(p.a.stack) == 1 {
				continue // in a dialog keys have another meaning
			}
			before, note := p.screen(), p.a.note
			p.a.Update(keyMsg(k))
			if p.screen() == before && (p.a.note == "" || p.a.note == note) {
				t.Errorf("%s: %s does nothing, and does not say why", name, k)
			}
		}
	}
}

// everyKey lists the keys of the table of actions.
func everyKey() []string {
	var all []string
	for i := range actions {
		all = append(all, strings.Fields(actions[i].keys)...)
	}
	return all
}

// At the newest end a list by time follows; anywhere else the cursor stays on its call.
func TestNewestEndFollows(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []string
		ends bool // the cursor is to be at the newest end
	}{
		{"latest first, at the first", []string{"S"}, true},
		{"oldest first, at the last", []string{"G"}, true},
		{"latest first, further down", []string{"S", "j", "j"}, false},
		{"oldest first, further up", []string{"G", "k"}, false},
	} {
		p, f := follow(t, 120, 40)
		all := f.runs
		f.runs = all[:len(all)-20]
		p.press("R", "9", "z", "s").sees("by time").press(c.keys...)
		l := p.a.top().(*zoom).l.(*calls)
		before, n := l.ref, l.cur.n
		f.mu.Lock()
		f.runs = all
		f.mu.Unlock()
		p.now = p.now.Add(time.Minute)
		p.send(changedMsg{})
		row := l.rows[l.cur.at]
		newest := l.cur.at == map[bool]int{true: 0, false: l.cur.n - 1}[l.desc()]
		if l.cur.n <= n || newest != c.ends || !c.ends && row.Ref != before || c.ends && row.Ref == before {
			t.Errorf("%s: at %d of %d (%d before), %v", c.name, l.cur.at, l.cur.n, n, row.Ref)
		}
	}
}

func TestCopyInTmuxAndScreen(t *testing.T) {
	in := func(set string) func(string) string {
		return func(name string) string { return map[bool]string{true: "1"}[name == set] }
	}
	const plain = "\x1b]52;c;aGk=\a"
	for set, want := range map[string]string{
		"":     plain,
		"TMUX": plain + "\x1bPtmux;\x1b" + plain + "\x1b\\",
		"STY":  "\x1bP" + plain + "\x1b\\",
	} {
		if got := copySequence("hi", in(set)); got != want {
			t.Errorf("in %q: %q", set, got)
		}
	}
}

func TestThemeAndWheel(t *testing.T) {
	p := play(t, small(), 120, 40, coloured)
	dark := p.a.View()
	p.press("T").sees("light theme")
	if p.a.View() == dark {
		t.Error("the colours are the same")
	}
	p.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	p.sees("▌ nightly-report")
	p.send(tea.MouseMsg{X: 3, Y: 2, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	p.sees("▌ support-bot")
}

// Several names stand between bars: each is completed by itself, and those that are there already are not offered again.
func TestCompletionOfSeveralNames(t *testing.T) {
	p := play(t, small(), 120, 40).press("/").typing("model=gpt-5-mini|opus")
	p.sees("▌ claude-opus-4-1").seesNot("▌ gpt-5-mini", "no model here").press("tab")
	p.sees("/ model=claude-opus-4-1|gpt-5-mini ▏").press("esc")
	p.press("/").typing("waste=superseded|l").sees("▌ loop").seesNot("write ").press("tab").sees("/ waste=superseded|loop ▏").press("enter").sees("waste=superseded|loop")
	p.press("/").typing("run.model=op").sees("▌ claude-opus-4-1").press("tab", "enter").sees("run.model=claude-opus-4-1")
}

// The word that the footer has for an action finds it first.
func TestPaletteFindsTheIcicleFirst(t *testing.T) {
	play(t, small(), 120, 40).press(":").typing("icic").sees("▌ key      money icicle")
}

// From one run to the next: going back ends on the run that was seen last.
func TestNextRunMovesTheCursorOfItsTable(t *testing.T) {
	p := play(t, small(), 120, 40).press("b", "r", "r", "enter", "enter", "J", "J")
	id := p.a.inRun().data.ID
	p.press("esc").sees("▌ " + id)
}

func TestWheelMovesByLevelsInTheIcicle(t *testing.T) {
	p := play(t, small(), 120, 40).press("i")
	p.press("j")
	want := p.a.top().(*icicle).at
	p.press("k")
	p.send(tea.MouseMsg{Action: tea.MouseActionPress, Button: tea.MouseButtonWheelDown})
	if got := p.a.top().(*icicle).at; got != want {
		t.Errorf("at %q, j goes to %q", got, want)
	}
}

// The place that comes back is as narrow as it was: the stretch of time, and the names looked for, are those that were set.
func TestLastPlaceKeepsTimeAndSearch(t *testing.T) {
	f := small()
	p := play(t, f, 120, 40, stays).press("t").typing("2026-09-01 09:00..09:30").press("enter", "enter", "/").typing("exec").press("enter")
	cost := "$11.18"
	p.sees("2026-09-01 09:00 to 09:30", `"exec"`, "Σ 1 of 3 rows", cost).press("Q")
	text, err := json.Marshal(f.marks)
	if err != nil {
		t.Fatal(err)
	}
	f.marks = analyze.Marks{}
	if err := json.Unmarshal(text, &f.marks); err != nil { // as a store keeps it
		t.Fatal(err)
	}
	p = play(t, f, 120, 40, stays).sees("back where you were", "2026-09-01 09:00 to 09:30", `"exec"`, "Σ 1 of 3 rows", cost)
	p.press("backspace").sees("Σ 3 rows", "2026-09-01 09:00 to 09:30").press("esc", "backspace").seesNot("09:00 to 09:30")
}
