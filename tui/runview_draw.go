package tui

import (
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"
)

func (r *runView) view(a *App, w, h int) []string {
	return a.kept(&r.asker, w, h, func(h int) []string { return r.draw(a, w, h) })
}

func (r *runView) draw(a *App, w, h int) []string {
	out := newPen(a.theme, w)
	switch {
	case r.failed():
		out.gap(2).line(roleFail, "✗ "+clean(r.err.Error())+" · esc goes back")
	case r.data == nil:
		out.gap(2).line(roleDim, "reading the run …")
	default:
		r.drawRun(a, out, h)
	}
	return out.fit(h)
}

// Lines of the head that a body of h lines has room for, and whether there is a line of signs at its foot.
func headRoom(h int) (lines int, foot bool) {
	switch {
	case h < 8:
		return 1, false
	case h < 14:
		return 2, false
	}
	return 3, true
}

func (r *runView) drawRun(a *App, out *pen, h int) {
	most, foot := headRoom(h)
	for _, f := range []func(*App, *pen){r.headline, r.numbers, r.subtotals}[:most] {
		f(a, out)
	}
	r.rowAt = len(out.list) + 1
	rows := h - r.rowAt - b2i(foot)
	if r.tree {
		r.drawTree(out, rows)
	} else {
		r.drawCalls(out, rows)
	}
	if !foot {
		return
	}
	for len(out.list) < h-1 {
		out.end()
	}
	out.gap(2).line(roleDim, r.legend())
}

// legend says what the signs mean.
func (r *runView) legend() string {
	switch {
	case r.tree:
		return "█ own ░ of the agents below · own costs add up to " + r.total() + " · d shows the calls"
	case r.data.Timed == 0:
		return "█ cost of the call ▒ wasted · no call states a time: they stand as the source has them"
	}
	return "█ model ▓ tool ░ other ▒ wasted ─ encloses others │ took no time, or no end"
}

// total is what the run cost, as far as it is known.
func (r *runView) total() string { return atLeast(&r.data.Row) }

// outcomeSign is an outcome in a sign and a word.
func outcomeSign(o tracefmt.Outcome) (string, role) {
	switch o {
	case tracefmt.OutcomeSuccess:
		return "✓ success", roleGood
	case tracefmt.OutcomeFailure:
		return "✗ failure", roleFail
	case tracefmt.OutcomeInFlight:
		return "… in flight", roleWarn
	}
	return "? outcome not stated", roleDim
}

// headline is which run it is, how it ended, what it cost, and when it was.
func (r *runView) headline(a *App, out *pen) {
	v := r.data
	sign, look := outcomeSign(v.Outcome)
	out.gap(2).put(roleTitle, cut("run "+shown(v.ID), max(12, out.max/3)))
	out.put(roleDim, " · ").put(roleSpend, r.total()).put(roleDim, " · ").put(look, sign)
	if v.HasScore {
		out.put(roleDim, " · ").put(roleText, "score "+number(v.Score))
	}
	for _, s := range [...]string{count(v.Row.Calls) + plural(int(v.Row.Calls), " call", " calls"), r.lasted(), shown(v.Workflow), r.when(a)} {
		if s != "" && out.col+3+width(s) <= out.max {
			out.put(roleDim, " · ").put(roleText, s)
		}
	}
	out.end()
}

func (r *runView) lasted() string {
	if r.data.Timed == 0 {
		return "took " + unknown
	}
	return elapsed(r.data.End - r.data.Start)
}

func (r *runView) when(a *App) string {
	if r.data.Timed == 0 {
		return ""
	}
	return time.Unix(0, r.data.Start).In(a.opt.Zone).Format("2006-01-02 15:04:05")
}

// numbers are the retries, the context, and where the run stands among the others. What does not fit is left out whole.
func (r *runView) numbers(a *App, out *pen) {
	v := r.data
	out.gap(2)
	first := true
	say := func(look role, s string) {
		if s == "" || !first && out.col+3+width(s) > out.max {
			return
		}
		if !first {
			out.put(roleDim, " · ")
		}
		out.put(look, s)
		first = false
	}
	say(retryText(&v.Row, a.lacks()))
	say(roleWaste, wasteText(&v.Row))
	say(roleText, r.rank())
	say(roleText, "largest prompt "+contextText(v.MaxPrompt, v.Window))
	say(roleFilter, r.scopeText())
	out.end()
}

// retryText is how often the run tried again, and what that cost.
func retryText(t *analyze.Row, lacks lacking) (role, string) {
	n := t.Retries + t.LostTries
	if lacks.noTries(t) {
		return roleDim, "retries " + unknown + " not recorded"
	}
	if n == 0 {
		return roleDim, "no retries"
	}
	text := "↻ " + count(n) + plural(int(n), " retry", " retries")
	if t.RetryCost > 0 {
		text += " for " + bound(t) + money(t.RetryCost)
	}
	return roleRetry, text
}

func wasteText(t *analyze.Row) string {
	if t.Wasted == 0 {
		return ""
	}
	return "wasted " + bound(t) + money(t.Wasted) + ", " + percent(int64(t.Wasted), int64(t.Cost))
}

// bound marks sums to which calls of unknown cost are missing.
func bound(t *analyze.Row) string { return least(t.Incomplete()) }

// contextText is a number of tokens against what the model can hold.
func contextText(tokens, window int64) string {
	switch {
	case tokens == 0:
		return unknown
	case window == 0:
		return short(tokens) + " tokens, window not known"
	}
	return short(tokens) + " of " + short(window) + " tokens, " + percent(tokens, window)
}

// rank is which run it is, by cost.
func (r *runView) rank() string {
	switch {
	case r.list == nil && r.ordering.busy:
		return "run … by cost"
	case r.place < 0:
		return ""
	}
	return "run " + count(int64(r.place+1)) + " of " + count(int64(len(r.list))) + " by cost"
}

// scopeText says how much of the run is in the scope, where that is not all.
func (r *runView) scopeText() string {
	v := r.data
	if v.InScope {
		return ""
	}
	return "of it in scope: " + agentCost(v.ScopeCost, v.ScopeUnknown, v.ScopeCalls) + ", " + count(v.ScopeCalls) + plural(int(v.ScopeCalls), " call", " calls")
}

// subtotals are the agents, the dearest first; together they are the run.
func (r *runView) subtotals(_ *App, out *pen) {
	v := r.data
	out.gap(2)
	for i, x := range v.Agents {
		text := shown(x.Agent) + " " + agentCost(x.Cost, x.Unknown, x.Calls)
		if v.Row.Cost > 0 && x.Cost > 0 {
			text += " " + percent(int64(x.Cost), int64(v.Row.Cost))
		}
		more := ""
		if left := len(v.Agents) - i - 1; left > 0 {
			more = " · and " + itoa(left) + " more, d shows them"
		}
		if room := out.max - out.col - 3; i > 0 && width(text)+width(more) > room {
			out.put(roleDim, " · and "+itoa(len(v.Agents)-i)+" more, d shows them")
			break
		}
		if i > 0 {
			out.put(roleDim, " · ")
		}
		out.put(roleText, text)
	}
	out.end()
}

// A runColumn is one fact about a call of a run; the highest rank is dropped first.
type runColumn struct {
	head  string
	width int
	rank  int
	right bool
	text  func(r *runView, c *analyze.RunCall) (string, role)
}

var runColumns = []runColumn{
	{"agent", 12, 4, false, func(r *runView, c *analyze.RunCall) (string, role) { return shown(c.Agent), roleDim }},
	{"model or tool", 17, 5, false, func(r *runView, c *analyze.RunCall) (string, role) { return whatText(c), roleText }},
	{"turn", 4, 7, true, func(r *runView, c *analyze.RunCall) (string, role) { return turnText(c), roleDim }},
	{"in", 6, 2, true, func(r *runView, c *analyze.RunCall) (string, role) {
		return tokensOf(c, tracefmt.HasInput, c.Usage.Input), roleText
	}},
	{"cached", 6, 6, true, func(r *runView, c *analyze.RunCall) (string, role) {
		return tokensOf(c, tracefmt.HasCacheRead, c.Usage.CacheRead), roleDim
	}},
	{"out", 6, 3, true, func(r *runView, c *analyze.RunCall) (string, role) {
		return tokensOf(c, tracefmt.HasOutput, c.Usage.Output), roleText
	}},
	{"cost", 11, 0, true, func(r *runView, c *analyze.RunCall) (string, role) { return runCost(c) }},
}

// whatText is what did the work; nothing for spans, and where it is the name already.
func whatText(c *analyze.RunCall) string {
	text := modelText(&c.CallRow)
	if !c.IsCall && c.Flags&tracefmt.FlagRest == 0 || text == shownName(c) {
		return ""
	}
	return text
}

func turnText(c *analyze.RunCall) string {
	if c.Turn == 0 {
		return ""
	}
	return itoa(int(c.Turn))
}

// tokensOf is a count of a model call; other calls have none.
func tokensOf(c *analyze.RunCall, f tracefmt.Fields, n int64) string {
	switch {
	case c.Has&f != 0:
		return short(n)
	case c.Kind.IsModel():
		return unknown
	}
	return ""
}

// runCost is what a call cost; for a span, what the calls in it did.
func runCost(c *analyze.RunCall) (string, role) {
	if !c.IsCall && c.State != tracefmt.CostRecorded && c.State != tracefmt.CostComputed {
		if c.Inside == (analyze.AgentCost{}) {
			return "", roleDim
		}
		return "(" + agentCost(c.Inside.Cost, c.Inside.Unknown, c.Inside.Calls) + ")", roleDim
	}
	if c.State == tracefmt.CostNone && !c.Kind.IsModel() {
		return none, roleDim // tools and people that state no cost
	}
	return costText(&c.CallRow)
}

// A runLayout is how wide the parts of a line are: 0 for what is left out.
type runLayout struct {
	name, marks, bar int
	cols             []int // widths of runColumns
	costs            pointColumn
}

// layoutRun divides the width: the chart gets a third and more, the names and marks share what columns leave.
func layoutRun(w int) runLayout {
	const edge, minName, minBar = 4, 12, 10
	l := runLayout{name: minName, bar: minBar, cols: make([]int, len(runColumns))}
	room := w - edge - minName - minBar - 1
	budget := w * 3 / 5
	used := edge + minName
	for rank := 0; rank <= len(runColumns); rank++ {
		for k, c := range runColumns {
			if c.rank != rank || c.width+1 > room || rank > 0 && used+c.width+1 > budget {
				continue
			}
			l.cols[k] = c.width
			room -= c.width + 1
			used += c.width + 1
		}
	}
	if room >= 5 {
		l.marks = 3
		room -= l.marks + 2
	}
	name := min(room/4, 18)
	l.name += name
	room -= name
	if more := min(room*3/5, 30); more >= 12 {
		l.marks += more
		room -= more
	}
	l.bar += room
	return l
}

func (r *runView) drawCalls(out *pen, rows int) {
	l := layoutRun(out.max)
	r.cur.resize(len(r.lines), rows)
	r.runHead(out, l)
	if len(r.lines) == 0 {
		out.gap(2).line(roleDim, r.nothing())
		return
	}
	for i := r.cur.top; i < r.cur.end(); i++ {
		text, _ := runCost(r.line(i))
		l.costs.see(text)
	}
	l.costs.fit(l.cols[len(l.cols)-1])
	for i := r.cur.top; i < r.cur.end(); i++ {
		r.drawCall(out, l, r.line(i), i == r.cur.at)
	}
}

func (r *runView) nothing() string {
	if r.match.text != "" {
		return "no call here says \"" + clean(r.match.text) + "\" · backspace takes it back"
	}
	return "no calls in this run · esc goes back"
}

func (r *runView) runHead(out *pen, l runLayout) {
	name, look, order := "call", roleHead, "▾"
	if r.up {
		order = "▴"
	}
	if !r.byCost {
		name, look = "by time"+order, roleTitle
		if r.data.Timed == 0 {
			name = "as read" + order
		}
	}
	out.gap(4).left(look, name, l.name)
	for k, c := range runColumns {
		if l.cols[k] == 0 {
			continue
		}
		head, look := c.head, roleHead
		if r.byCost && head == "cost" {
			head, look = head+order, roleTitle
		}
		putCell(out, look, head, l.cols[k], c.right)
	}
	if l.marks > 0 {
		out.gap(2).left(roleHead, when(l.marks > 6, "what happened"), l.marks)
	}
	out.gap(1).put(roleHead, r.axis(l.bar))
	out.end()
}

func putCell(out *pen, look role, text string, w int, right bool) {
	if out.gap(1); right {
		out.right(look, text, w)
		return
	}
	out.left(look, text, w)
}

// axis is the time since the run began, in w columns.
func (r *runView) axis(w int) string {
	if r.data.Timed == 0 {
		return cut("cost (no times)", w)
	}
	return timeAxis(r.data.End-r.data.Start, w)
}

// axisSteps are the times between two labels of an axis.
var axisSteps = func() (list []time.Duration) {
	for unit := time.Microsecond; unit <= 100*time.Millisecond; unit *= 10 {
		list = append(list, unit, 2*unit, 5*unit)
	}
	for _, unit := range [...]time.Duration{time.Second, time.Minute} {
		list = append(list, unit, 2*unit, 5*unit, 10*unit, 30*unit)
	}
	list = append(list, time.Hour, 2*time.Hour, 6*time.Hour, 12*time.Hour)
	for unit := 24 * time.Hour; unit < 100_000*24*time.Hour; unit *= 10 {
		list = append(list, unit, 2*unit, 5*unit)
	}
	return list
}()

// timeAxis labels w columns that stand for a time: each label begins where its time is.
func timeAxis(span int64, w int) string {
	const apart = 7
	if span <= 0 || w < apart {
		return cut("0s", w)
	}
	step := axisSteps[len(axisSteps)-1]
	for _, s := range axisSteps {
		if int64(w)*int64(s)/span >= apart || span/int64(s)*apart < int64(w) {
			step = s
			break
		}
	}
	g := newGrid(w, 1)
	g.put(0, 0, roleHead, "0s")
	labels := 0
	for t := int64(step); t < span; t += int64(step) {
		x := int(float64(t) / float64(span) * float64(w))
		if label := "╵" + axisLabel(time.Duration(t)); x+width(label) <= w {
			g.put(x, 0, roleHead, label)
			labels++
		}
	}
	if end := axisLabel(time.Duration(span)); labels == 0 && width(end)+3 <= w {
		g.put(w-width(end), 0, roleHead, end)
	}
	return g.text()[0]
}

// axisLabel is a round time without the parts that are nothing.
func axisLabel(d time.Duration) string {
	s := analyze.Duration(d)
	for _, tail := range [...]struct{ long, short string }{{"m00s", "m"}, {"h00m", "h"}, {"d00h", "d"}, {".0s", "s"}} {
		if rest, ok := strings.CutSuffix(s, tail.long); ok {
			return rest + tail.short
		}
	}
	return s
}

func (r *runView) drawCall(out *pen, l runLayout, c *analyze.RunCall, cursor bool) {
	if cursor {
		out.sel = true
		out.put(roleMark, "▌ ")
	} else {
		out.gap(2)
	}
	glyph, look := runGlyph(c)
	out.left(look, glyph, 2).left(nameRole(c), r.callName(c, l.name), l.name)
	for k, col := range runColumns {
		if l.cols[k] == 0 {
			continue
		}
		text, look := col.text(r, c)
		if text == unknown {
			look = roleDim
		}
		if col.head == "cost" {
			text = l.costs.put(text)
		}
		putCell(out, look, text, l.cols[k], col.right)
	}
	if l.marks > 0 {
		text, look := r.marks(c, l.marks)
		out.gap(2).left(look, text, l.marks)
	}
	out.gap(1)
	r.drawBar(out, l.bar, c)
	out.end()
}

// runGlyph is how the call ended, or what happened before it, in one sign.
func runGlyph(c *analyze.RunCall) (string, role) {
	glyph, look := stateGlyph(&c.CallRow)
	switch {
	case !c.IsCall && glyph != "✗":
		return "", roleDim
	case c.Failed:
		return "✗", roleFail
	case c.Try > 0:
		return "↻", roleRetry
	case glyph == "" && c.Reset:
		return "↓", roleWarn
	case glyph == "" && c.Kind == tracefmt.KindHuman:
		return "@", roleFilter
	}
	return glyph, look
}

func nameRole(c *analyze.RunCall) role {
	if !c.IsCall {
		return roleDim
	}
	return roleName
}

// callName is what the call is, below what encloses it. Deep ones keep room for their name.
func (r *runView) callName(c *analyze.RunCall, w int) string {
	name := shownName(c)
	if r.byCost {
		return name
	}
	in := min(2*int(c.Depth), max(0, w-10))
	if in >= 2 {
		return spaces(in-2) + "└ " + name
	}
	return name
}

// shownName is a call's step, else its tool, agent or kind.
func shownName(c *analyze.RunCall) string {
	switch {
	case c.Flags&tracefmt.FlagRest != 0:
		return "beyond its calls"
	case c.Step != "":
		return clean(c.Step)
	case c.Tool != "":
		return clean(c.Tool)
	case !c.IsCall && c.Agent != "":
		return clean(c.Agent)
	}
	return c.Kind.String()
}

// marks are what happened at the call: an attempt with its kind and confidence, an error, a context that shrank.
func (r *runView) marks(c *analyze.RunCall, w int) (string, role) {
	text, look := r.happened(c)
	if w >= 12 {
		return strings.Join(text, " "), look
	}
	if c.Chain >= 0 { // the first column says all else
		return "↻" + itoa(r.attempt(c)), look
	}
	return "", look
}

// attempt is the number of the call in its chain, those that are not in the trace counted.
func (r *runView) attempt(c *analyze.RunCall) int {
	ch := &r.data.Chains[c.Chain]
	return ch.Attempts[0].Number + int(c.Try)
}

func (r *runView) happened(c *analyze.RunCall) (text []string, look role) {
	look = roleDim
	if c.Chain >= 0 {
		ch := &r.data.Chains[c.Chain]
		s := "↻" + itoa(r.attempt(c)) + "/" + itoa(ch.Attempts[0].Number-1+len(ch.Calls))
		if k := int(c.Try); k > 0 && k < len(ch.Attempts) && ch.Attempts[k].Link.Confidence > 0 {
			s += " " + kindTexts[ch.Attempts[k].Link.Kind].name + ", " + sureText(ch.Attempts[k].Link.Confidence)
		}
		text, look = append(text, s), roleRetry
	}
	if c.Failed {
		what := c.Error
		if what == "" {
			what = map[bool]string{true: "failed", false: "unusable output"}[c.Status == tracefmt.StatusError]
		}
		text, look = append(text, "✗ "+clean(what)), roleFail
	}
	if c.Compacted {
		text, look = append(text, "↓ compacted"+r.shrunk(c)), roleWarn
	} else if c.Reset {
		text, look = append(text, "↓ reset"+r.shrunk(c)), roleWarn
	}
	if c.Kind == tracefmt.KindHuman {
		text = append(text, "@ a person")
	}
	return text, look
}

// shrunk is from how many tokens to how many.
func (r *runView) shrunk(c *analyze.RunCall) string {
	if c.Line < 0 {
		return ""
	}
	turns := r.data.Lines[c.Line].Turns
	for t := 1; t < len(turns); t++ {
		if r.data.Calls[turns[t].Call].ID == c.ID {
			return " " + short(turns[t-1].Prompt) + " → " + short(turns[t].Prompt)
		}
	}
	return ""
}

// kindLook is how the bar of a call looks.
func kindLook(c *analyze.RunCall) (role, string) {
	switch {
	case !c.IsCall:
		return roleDim, "─"
	case c.Wasted && c.Cost > 0:
		return roleWaste, "▒"
	case c.Kind.IsModel():
		return roleBar, "█"
	case c.Kind == tracefmt.KindTool || c.Kind == tracefmt.KindRetriever:
		return roleKey, "▓"
	}
	return roleFilter, "░"
}

// drawBar draws when the call ran; where no call of the run says so, what it cost.
func (r *runView) drawBar(out *pen, w int, c *analyze.RunCall) {
	look, sign := kindLook(c)
	switch {
	case r.data.Timed == 0:
		out.bar([]barPart{{int64(c.Cost), look, sign}}, r.most, w)
		return
	case c.Has&tracefmt.HasStart == 0:
		out.put(roleDim, cut("no time stated", w))
		return
	}
	from, to := cells(c.Start-r.data.Start, endOf(c)-r.data.Start, r.data.End-r.data.Start, w)
	if endOf(c) == c.Start {
		sign = "│"
	}
	out.gap(from).put(look, strings.Repeat(sign, to-from))
}

// endOf is when a call ended; its start where that is not stated.
func endOf(c *analyze.RunCall) int64 {
	if c.Has&tracefmt.HasEnd == 0 {
		return c.Start
	}
	return max(c.Start, c.End)
}

// cells are the columns [from, to) of w that a stretch of time covers: at least one.
func cells(start, end, span int64, w int) (from, to int) {
	if span <= 0 || w < 1 {
		return 0, min(1, max(w, 0))
	}
	at := func(t int64) float64 { return float64(t) / float64(span) * float64(w) }
	from = min(int(at(start)), w-1)
	to = int(at(end))
	if float64(to) < at(end) && end > start {
		to++
	}
	return from, min(max(to, from+1), w)
}

// The tree of agents.

func (r *runView) drawTree(out *pen, rows int) {
	v := r.data
	r.nodes.resize(len(v.Tree), rows)
	cols := treeColumns(out.max)
	out.gap(2).left(roleHead, "agent", cols.name)
	for _, c := range cols.list {
		out.gap(1).right(roleHead, c.head, c.width)
	}
	out.end()
	if len(v.Tree) == 0 {
		out.gap(2).line(roleDim, r.nothing())
		return
	}
	most := int64(0)
	for i := range v.Tree {
		most = max(most, int64(v.Tree[i].All.Cost))
	}
	points := cols.points(v.Tree)
	for i := r.nodes.top; i < r.nodes.end(); i++ {
		n := &v.Tree[i]
		if i == r.nodes.at {
			out.sel = true
			out.put(roleMark, "▌ ")
		} else {
			out.gap(2)
		}
		out.left(roleName, nodeName(n, cols.name), cols.name)
		for k, c := range cols.list {
			text, look := c.text(n)
			out.gap(1).right(look, points[k].put(text), c.width)
		}
		if cols.bar > 0 {
			out.gap(2).bar([]barPart{{int64(n.Own.Cost), roleBar, "█"}, {int64(n.All.Cost - n.Own.Cost), roleDim, "░"}}, most, cols.bar)
		}
		out.end()
	}
}

// nodeName is the agent below the one it worked for, with its instance where the trace states one.
func nodeName(n *analyze.RunNode, w int) string {
	name := shown(n.Agent)
	if n.Instance != "" && n.Instance != n.Agent {
		name += " " + clean(n.Instance)
	}
	if in := min(2*n.Depth, max(0, w-10)); in >= 2 {
		return spaces(in-2) + "└ " + name
	}
	return name
}

type treeColumn struct {
	head  string
	width int
	text  func(n *analyze.RunNode) (string, role)
}

// nodeColumns are the facts about an agent, the least important last.
var nodeColumns = []treeColumn{
	{"with those below", 16, func(n *analyze.RunNode) (string, role) {
		return agentCost(n.All.Cost, n.All.Unknown, n.All.Calls), roleSpend
	}},
	{"own", 11, func(n *analyze.RunNode) (string, role) {
		if n.Own == (analyze.AgentCost{}) {
			return none, roleDim
		}
		return agentCost(n.Own.Cost, n.Own.Unknown, n.Own.Calls), roleSpend
	}},
	{"calls", 7, func(n *analyze.RunNode) (string, role) { return orNone(n.Own.Calls), roleText }},
	{"turns", 6, func(n *analyze.RunNode) (string, role) { return orNone(int64(n.Turns)), roleText }},
	{"largest", 8, func(n *analyze.RunNode) (string, role) { return largest(n.MaxPrompt), roleText }},
	{"retries", 8, func(n *analyze.RunNode) (string, role) { return orNone(n.Retries), roleRetry }},
	{"failed", 7, func(n *analyze.RunNode) (string, role) { return orNone(n.Failed), roleFail }},
	{"from first to last", 18, func(n *analyze.RunNode) (string, role) {
		if !n.Timed {
			return unknown, roleDim
		}
		return elapsed(n.End - n.Start), roleDim
	}},
}

type treeLayout struct {
	name, bar int
	list      []treeColumn
}

func treeColumns(w int) treeLayout {
	l := treeLayout{name: max(14, min(34, w/3))}
	room := w - 2 - l.name
	for _, c := range nodeColumns {
		if c.width+1 > room-b2i(len(l.list) > 2)*(minBarW+2) {
			break
		}
		l.list = append(l.list, c)
		room -= c.width + 1
	}
	if l.bar = min(room-2, mostBarW); l.bar < minBarW {
		l.bar = 0
	}
	return l
}

// points are where the points of the amounts of a tree stand.
func (l treeLayout) points(tree []analyze.RunNode) []pointColumn {
	at := make([]pointColumn, len(l.list))
	for k, c := range l.list {
		for i := range tree {
			text, _ := c.text(&tree[i])
			at[k].see(text)
		}
		at[k].fit(c.width)
	}
	return at
}
