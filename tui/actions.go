package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// An action is one thing a person can do. Footer, help page and the README's table of keys are printed from the table of actions.
type action struct {
	keys string            // the keys, by their names
	name string            // what it does
	foot string            // its word in the footer; "" keeps it out
	off  func(*App) string // why it cannot be done now; "" when it can. nil: it always can
	do   func(*App) tea.Cmd
}

// actions is every key. It is filled by init because actions show the table.
var actions []action

func init() {
	actions = []action{
		{"j down", "down", "", needs[mover]("nothing to move over here"), by(1)},
		{"k up", "up", "", needs[mover]("nothing to move over here"), by(-1)},
		{"pgdown ctrl+f", "a page down", "", needs[mover]("nothing to move over here"), pages(1)},
		{"pgup ctrl+b", "a page up", "", needs[mover]("nothing to move over here"), pages(-1)},
		{"ctrl+d", "half a page down", "", needs[mover]("nothing to move over here"), halfPages(1)},
		{"ctrl+u", "half a page up", "", needs[mover]("nothing to move over here"), halfPages(-1)},
		{"g home", "to the first", "", needs[mover]("nothing to move over here"), by(-1 << 30)},
		{"G end", "to the last", "", needs[mover]("nothing to move over here"), by(1 << 30)},
		{"enter", "open what is under the cursor", "open", cannotOpen, (*App).open},
		{"l right", "open; in a full chart: the next bar; in the icicle: to the right", "", cannotGoRight, (*App).goRight},
		{"esc", "go back", "back", cannotBack, (*App).back},
		{"h left", "go back; in a full chart: the bar before; in the icicle: to the left", "", cannotGoLeft, (*App).goLeft},
		{"[", "choose the bar or column before", "", needsBars, func(a *App) tea.Cmd { return a.moveBar(-1) }},
		{"]", "choose the next bar or column", "bar", needsBars, func(a *App) tea.Cmd { return a.moveBar(1) }},
		{"o", "open the chosen bar or column; in the icicle: the calls of the cell", "calls", cannotOpenBar, (*App).openBar},
		{"v", "choose a range of bars, columns or rows: moving extends it; then v or enter keeps only that, x leaves it out, esc drops it", "range", cannotBrush, (*App).beginBrush},
		{"/", "filter: part of a name (! inverts), or conditions such as model~sonnet cost>0.1", "filter", cannotFilter, (*App).filter},
		{"backspace", "take the last filter, or focus of the icicle, back", "", cannotUnfilter, (*App).unfilter},
		{"f", "focus on the name under the cursor", "", needsNamed, (*App).focus},
		{"x", "exclude the name under the cursor", "exclude", needsNamed, (*App).exclude},
		{"t", "a stretch of time: last 2h, 24h, today, 2026-09-01..2026-09-03, 09:00-12:00", "time", cannotTime, (*App).askTime},
		{"b", "group by another dimension", "by", needsTable, (*App).groupBy},
		{"s", "sort by the next column", "sort", cannotSort, (*App).nextSort},
		{"S", "turn the order around", "", cannotSort, (*App).turnSort},
		{"m", "next measure: cost, tokens, calls, wasted", "measure", needsMeasured, (*App).nextMeasure},
		{"C", "choose columns", "", needsTable, (*App).chooseColumns},
		{"1 9", "the lens of that number; again: let it fill the screen", "", cannotLens, nil},
		{"B", "baseline: compare with another trace or an earlier time, and back; stops reading one", "baseline", nil, (*App).baselineKey},
		{"D", "compare with another baseline", "", nil, (*App).askBaseline},
		{"tab", "next lens", "lens", cannotLens, func(a *App) tea.Cmd { return a.nextLens(1) }},
		{"shift+tab", "lens before", "", cannotLens, func(a *App) tea.Cmd { return a.nextLens(-1) }},
		{"z", "let the lens fill the screen, and back", "zoom", cannotZoom, (*App).zoom},
		{"i", "money icicle: all paths as one picture, as wide as their cost; and back", "icicle", cannotIcicle, (*App).showIcicle},
		{"u", "shape of runs or of calls", "runs/calls", needsShape, (*App).switchUnit},
		{"L", "heights of bars on a log scale, and back", "", needsBars, (*App).switchLog},
		{"w", "what if: another model, price book, cache lifetime, fewer retries, a context cap", "what-if", cannotWhatIf, (*App).whatIf},
		{"r", "the run of the call: all of its calls over time", "run", cannotRun, (*App).toRun},
		{"d", "in a run: its agents below those that they worked for, and back", "agents", needsRun, func(a *App) tea.Cmd { return a.inRun().turn(a) }},
		{"K", "the call before, in a call's detail; in a run: the next dearer one", "previous", needs[sibling]("open a call or a run first"), func(a *App) tea.Cmd { return a.sibling(-1) }},
		{"J", "the next call, in a call's detail; in a run: the next cheaper one", "next", needs[sibling]("open a call or a run first"), func(a *App) tea.Cmd { return a.sibling(1) }},
		{"space", "flag what is under the cursor ⚑, or take the flag off", "flag", cannotMark, (*App).flag},
		{"N", "note on what is under the cursor ✎", "", cannotMark, (*App).editNote},
		{"M", "all that is marked, to go there", "", cannotList, (*App).listMarks},
		{"e", "export the flagged paths of this scope to a report with pictures", "", cannotExport, (*App).export},
		{"y", "copy the path, or the id of the call or run", "copy", needs[copier]("nothing to copy here"), (*App).yank},
		{"F", "while following: hold the screen, and go on", "", cannotPause, (*App).pause},
		{"-", "the view before, and back", "", cannotSwap, (*App).swap},
		{"R", "ask again", "", nil, (*App).reload},
		{"T", "theme: dark or light", "", cannotTheme, (*App).turnTheme},
		{":", "find anything by name: actions, lenses, dimensions, columns, marked paths", "find", nil, (*App).palette},
		{"?", "help", "help", alreadyHelp, (*App).help},
		{"q", "go back; at the top: quit", "quit", nil, (*App).quitOrBack},
		{"Q ctrl+c", "quit", "quit", nil, (*App).quit},
	}
	for i := range actions {
		if actions[i].do == nil {
			actions[i].keys, actions[i].do = lensKeys(), func(*App) tea.Cmd { return nil } // key gives the number to lensKey
		}
	}
}

// footOnly says where a word has its place in the footer, of those that do not belong everywhere.
var footOnly = map[string]func(*App) bool{
	"flag": inFindings, "bar": (*App).zoomed, "range": (*App).zoomed, "lens": (*App).zoomed, "runs/calls": (*App).zoomed, "previous": inDetail, "copy": inDetail,
	"run":  func(a *App) bool { return a.table() == nil },
	"zoom": func(a *App) bool { return !a.zoomed() }, "icicle": func(a *App) bool { return !inIcicle(a) }, "calls": inIcicle, "exclude": inIcicle,
	"baseline": func(a *App) bool { return a.table() != nil },
}

// footSpare are the words that stand in the footer only where there is room for all others.
var footSpare = []string{"lens", "what-if", "time", "baseline"}

// inFindings says that the findings fill the screen: what one means to look at later is flagged there.
func inFindings(a *App) bool {
	z, ok := a.top().(*zoom)
	return ok && z.kind == lensNamed("flags")
}

func inDetail(a *App) bool { _, ok := a.top().(sibling); return ok }

func inIcicle(a *App) bool { _, ok := a.top().(*icicle); return ok }

// inFoot says whether the footer should show an action: it works now, and its place is here.
func (x *action) inFoot(a *App) bool {
	deep := len(a.stack) > 1
	switch {
	case x.foot == "" || x.off != nil && x.off(a) != "":
		return false
	case x.keys == "q": // deeper it is another way back
		return !deep
	case x.keys == "esc" && a.nothingBack(): // it hides the hints
		return false
	case x.foot == "quit":
		return deep
	}
	only := footOnly[x.foot]
	return only == nil || only(a)
}

// lensKeys are the keys of the lenses there are.
func lensKeys() string {
	var k []string
	for i := range lenses {
		k = append(k, lenses[i].key)
	}
	return strings.Join(k, " ")
}

// key does what a key means. One that does nothing says why.
func (a *App) key(k string, text []rune) tea.Cmd {
	a.note, a.bad, a.opening = "", false, nil
	if a.over != nil {
		return a.over.key(a, k, text)
	}
	if a.w < minW || a.h < minH {
		if k == "q" || k == "Q" || k == "ctrl+c" {
			return a.quit()
		}
		return nil
	}
	if cmd, done := a.brushKey(k); done {
		return cmd
	}
	act := actionOf(k)
	if act == nil {
		a.leaving = false
		if cmd, ok := a.typing(k, text); ok {
			return cmd
		}
		if len(k) == 1 && k[0] >= '1' && k[0] <= '9' {
			return a.refuse("there is no lens " + k + " · " + lensNames())
		}
		return a.refuse(clean(k) + " does nothing · ? shows the keys")
	}
	if act.keys != "q" && act.keys != "Q ctrl+c" {
		a.leaving = false
	}
	if act.off != nil {
		if why := act.off(a); why != "" {
			if cmd, ok := a.typing(k, text); ok {
				return cmd
			}
			return a.refuse(why)
		}
	}
	for i := range lenses {
		if lenses[i].key == k {
			return tea.Batch(a.learnt(k), a.lensKey(i))
		}
	}
	return tea.Batch(a.learnt(k), act.do(a))
}

func lensNames() string {
	var s []string
	for i := range lenses {
		s = append(s, lenses[i].key+" "+lenses[i].name)
	}
	return strings.Join(s, " · ")
}

// actionOf is the action of a key; nil for none.
func actionOf(k string) *action {
	for i := range actions {
		for _, name := range strings.Fields(actions[i].keys) {
			if name == k {
				return &actions[i]
			}
		}
	}
	return nil
}

// keyLabels are the keys that people know by another sign.
var keyLabels = map[string]string{
	"up": "↑", "down": "↓", "left": "←", "right": "→", "pgup": "PgUp", "pgdown": "PgDn", "home": "Home", "end": "End", "shift+tab": "⇧tab",
}

// keyLabel prints the keys of an action.
func keyLabel(keys string) string {
	f := strings.Fields(keys)
	for i, k := range f {
		if l, ok := keyLabels[k]; ok {
			k = l
		}
		f[i] = strings.Replace(k, "ctrl+", "^", 1)
	}
	return strings.Join(f, " ")
}

// KeysMarkdown is the table of keys as the README shows it.
func KeysMarkdown() string {
	var b strings.Builder
	b.WriteString("| key | what it does |\n|---|---|\n")
	for i := range actions {
		keys := strings.Fields(keyLabel(actions[i].keys))
		for n, k := range keys {
			keys[n] = "`" + k + "`"
		}
		b.WriteString("| " + strings.Join(keys, " ") + " | " + actions[i].name + " |\n")
	}
	return b.String()
}
