package tui

import (
	"context"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// calls is lens 9: a list of any length, of which only what is visible, and a little around it, is ever asked for.
type calls struct {
	asker
	s     scope
	key   string
	again bool
	known bool // the number of calls is
	cur   window
	order int // index in callOrders
	up    bool
	rows  map[int]analyze.CallRow // by place in the list
	from  int                     // of the part that was asked for last
	n     int
	all   int             // calls that match; more than the list holds where there are too many to put in order
	total *analyze.Row    // of the scope; nil until known
	stale bool            // total must be asked for again
	ref   analyze.CallRef // of the cursor
	held  bool
	want  int // lines to move once the list is there
}

// callOrders are what the list can be sorted by, in the order in which "s" goes through them.
var callOrders = []struct {
	by   analyze.CallOrder
	name string // the column that bears the mark
}{
	{analyze.ByCost, "cost"}, {analyze.ByTime, "time"}, {analyze.ByTokens, "in"}, {analyze.ByOutput, "out"}, {analyze.ByDuration, "took"},
}

const callMargin = 100 // lines asked for around the visible ones

func (l *calls) about(a *App, s scope, fresh bool) tea.Cmd {
	key := s.id()
	switch {
	case key == l.key && !fresh:
		return nil
	case key == l.key && l.busy:
		l.again, l.stale = true, true
		return nil
	case key == l.key:
		l.stale = true
		return l.request(a)
	}
	first := l.key == ""
	l.total, l.stale = nil, true
	l.s, l.key, l.err, l.good, l.known, l.held = s, key, nil, time.Time{}, false, false
	l.rows, l.cur, l.ref, l.want = nil, window{rows: l.cur.rows}, analyze.CallRef{}, 0
	if !first {
		return l.later(a, l.pause())
	}
	return l.request(a)
}

func (l *calls) due(a *App, d due) tea.Cmd {
	if !l.isDue(d) {
		return nil
	}
	return l.request(a)
}

type callAnswer struct {
	page  analyze.CallPage
	total *analyze.Row // nil where it was not asked for
}

// request asks for what is visible and a margin.
func (l *calls) request(a *App) tea.Cmd {
	l.again = false
	rows := max(l.cur.rows, 20)
	l.from = max(0, l.cur.top-callMargin)
	l.n = l.cur.top - l.from + rows + callMargin
	src, q, by, desc, from, n, stale := a.src, l.s.by(), callOrders[l.order].by, l.desc(), l.from, l.n, l.stale
	return l.ask(func(ctx context.Context) (any, error) {
		page, err := src.Calls(ctx, q, by, desc, from, n)
		ans := callAnswer{page: page}
		if err != nil || !stale {
			return ans, err
		}
		table, err := src.Rollup(ctx, q)
		if err == nil {
			ans.total = &table.Total
		}
		return ans, err
	})
}

// desc: costs, tokens and durations begin with the largest, times with the oldest.
func (l *calls) desc() bool {
	return (callOrders[l.order].by != analyze.ByTime) != l.up
}

func (l *calls) take(a *App, r reply) tea.Cmd {
	if !l.took(r) {
		return nil
	}
	if r.err != nil {
		return nil
	}
	ans := r.ans.(callAnswer)
	page := ans.page
	newest := a.status.Live && l.atNewest()
	if ans.total != nil {
		l.total, l.stale = ans.total, l.again
	}
	l.known = true
	l.rows = make(map[int]analyze.CallRow, len(page.Rows))
	at := -1
	for i, row := range page.Rows {
		l.rows[page.From+i] = row
		if l.held && row.Ref == l.ref && (at < 0 || abs(page.From+i-l.cur.at) < abs(at-l.cur.at)) {
			at = page.From + i
		}
	}
	if at >= 0 {
		l.cur.top = max(0, l.cur.top+at-l.cur.at)
		l.cur.at = at
	}
	l.all = page.Total
	l.cur.resize(page.Reach, max(l.cur.rows, 1))
	if newest {
		l.toNewest()
	}
	if by := l.want; by != 0 {
		l.want = 0
		l.move(a, by)
	}
	_, here := l.rows[l.cur.at]
	opened := a.opened(l, here)
	if l.again {
		return tea.Batch(opened, l.request(a))
	}
	return tea.Batch(opened, l.fetch(a))
}

// atNewest says that the cursor is on the newest call of a list by time.
func (l *calls) atNewest() bool {
	if !l.known || l.cur.n == 0 || callOrders[l.order].by != analyze.ByTime {
		return false
	}
	return l.desc() && l.cur.at == 0 || !l.desc() && l.held && l.cur.at == l.cur.n-1
}

// toNewest moves the cursor to the newest call: at that end the list follows.
func (l *calls) toNewest() {
	if l.desc() {
		l.cur.move(-l.cur.n)
	} else {
		l.cur.move(l.cur.n)
	}
	if row, ok := l.rows[l.cur.at]; ok {
		l.ref = row.Ref
	}
}

func abs(x int) int {
	if x < 0 {
		return -x
	}
	return x
}

// fetch asks for more when a visible line is not there.
func (l *calls) fetch(a *App) tea.Cmd {
	if !l.known || l.cur.n == 0 {
		return nil
	}
	_, first := l.rows[l.cur.top]
	_, last := l.rows[l.cur.end()-1]
	if first && last {
		return nil
	}
	if l.busy {
		l.again = true
		return nil
	}
	return l.request(a)
}

func (l *calls) move(a *App, by int) tea.Cmd {
	if !l.known {
		l.want = addMoves(l.want, by)
		return nil
	}
	l.cur.move(by)
	l.held = true
	if row, ok := l.rows[l.cur.at]; ok {
		l.ref = row.Ref
	}
	return l.fetch(a)
}

func (l *calls) page() int { return max(1, l.cur.rows-1) }

func (l *calls) cannotOpen(*App) string {
	if l.err != nil || l.known && l.cur.n == 0 && !l.busy {
		return "there is no call to open"
	}
	return ""
}

func (l *calls) open(a *App) tea.Cmd {
	row, ok := l.rows[l.cur.at]
	if !ok {
		return a.openSoon(l)
	}
	l.held, l.ref = true, row.Ref
	return a.push(newDetail(l.s, row, l))
}

func (l *calls) nextSort(a *App) tea.Cmd {
	l.order = (l.order + 1) % len(callOrders)
	l.up = false
	return l.resort(a)
}

func (l *calls) turnSort(a *App) tea.Cmd {
	l.up = !l.up
	return l.resort(a)
}

func (l *calls) resort(a *App) tea.Cmd {
	l.cur.at, l.cur.top, l.held = 0, 0, false
	return l.request(a)
}

func (l *calls) click(a *App, x, y int) tea.Cmd {
	i := l.cur.top + y - 2
	if y < 2 || i >= l.cur.end() {
		return nil
	}
	if i == l.cur.at && l.held {
		return a.open()
	}
	return l.move(a, i-l.cur.at)
}

func (l *calls) copied(*App) (string, string) {
	row, ok := l.rows[l.cur.at]
	if !ok {
		return "", ""
	}
	return row.ID, "call id"
}

func (l *calls) summary(a *App) string {
	if !l.known {
		return ""
	}
	if l.cur.n == 0 {
		return "0 calls"
	}
	return "call " + count(int64(l.cur.at+1)) + " of " + count(int64(l.all))
}

// Drawing.

// A callColumn is one fact about a call; the lowest rank is dropped last.
type callColumn struct {
	id    string
	width int
	rank  int
	right bool
	grows int // columns that it takes of the space that is left, the model first
	text  func(a *App, r *analyze.CallRow) (string, role)
}

var callColumns = []callColumn{
	{"", 2, 0, false, 0, func(a *App, r *analyze.CallRow) (string, role) { return stateOf(a, r) }},
	{"time", 19, 3, false, 0, func(a *App, r *analyze.CallRow) (string, role) { return timeText(a, r), roleDim }},
	{"workflow", 14, 10, false, 0, func(a *App, r *analyze.CallRow) (string, role) { return shown(r.Workflow), roleText }},
	{"agent", 14, 5, false, 6, func(a *App, r *analyze.CallRow) (string, role) { return shown(r.Agent), roleText }},
	{"step", 13, 2, false, 8, func(a *App, r *analyze.CallRow) (string, role) { return shown(r.Step), roleName }},
	{"model", 18, 4, false, 10, func(a *App, r *analyze.CallRow) (string, role) { return modelText(r), roleText }},
	{"in", 9, 6, true, 0, func(a *App, r *analyze.CallRow) (string, role) {
		return has(r, tracefmt.HasInput, r.Usage.Input), roleText
	}},
	{"cached", 9, 9, true, 0, func(a *App, r *analyze.CallRow) (string, role) {
		return has(r, tracefmt.HasCacheRead, r.Usage.CacheRead), roleDim
	}},
	{"out", 8, 7, true, 0, func(a *App, r *analyze.CallRow) (string, role) {
		return has(r, tracefmt.HasOutput, r.Usage.Output), roleText
	}},
	{"took", 8, 8, true, 0, func(a *App, r *analyze.CallRow) (string, role) { return tookText(r), roleDim }},
	{"cost", 11, 1, true, 0, func(a *App, r *analyze.CallRow) (string, role) { return costText(r) }},
}

// stateOf is how the call ended; where there is nothing to say of that, whether its run goes on.
func stateOf(a *App, r *analyze.CallRow) (string, role) {
	g, as := stateGlyph(r)
	if g == "" && a.flying[r.Run] != nil {
		return "◌", roleKey
	}
	return g, as
}

// stateGlyph says how the call ended, in one sign.
func stateGlyph(r *analyze.CallRow) (string, role) {
	switch {
	case r.Status == tracefmt.StatusError || r.Flags&tracefmt.FlagOutputBad != 0:
		return "✗", roleFail
	case r.Attempt > 1 || r.RetryOf != "":
		return "↻", roleRetry
	case r.State == tracefmt.CostUnpriced:
		return "?", roleWarn
	case r.State == tracefmt.CostNoUsage:
		return "–", roleWarn
	case r.Status == tracefmt.StatusUnfinished:
		return "…", roleWarn
	}
	return "", roleText
}

func timeText(a *App, r *analyze.CallRow) string {
	if r.Has&tracefmt.HasStart == 0 {
		return unknown
	}
	return time.Unix(0, r.Start).In(a.opt.Zone).Format("2006-01-02 15:04:05")
}

// modelText is what did the work: a model, else a tool, else the kind of call.
func modelText(r *analyze.CallRow) string {
	switch {
	case r.Flags&tracefmt.FlagRest != 0:
		return "(beyond calls) " + clean(r.Model)
	case r.Model != "":
		return clean(r.Model)
	case r.Tool != "":
		return clean(r.Tool)
	}
	return r.Kind.String()
}

func has(r *analyze.CallRow, f tracefmt.Fields, n int64) string {
	if r.Has&f == 0 {
		return unknown
	}
	return count(n)
}

func tookText(r *analyze.CallRow) string {
	if r.Has&tracefmt.HasStart == 0 || r.Has&tracefmt.HasEnd == 0 {
		return unknown
	}
	return elapsed(r.End - r.Start)
}

// costText is what counts for the call; what is not known is not 0.
func costText(r *analyze.CallRow) (string, role) {
	switch r.State {
	case tracefmt.CostRecorded, tracefmt.CostComputed:
		return money(r.Cost), roleSpend
	case tracefmt.CostUnpriced:
		return "no price", roleWarn
	case tracefmt.CostNoUsage:
		return "no usage", roleWarn
	case tracefmt.CostShadowed:
		return "below", roleDim
	}
	if r.Flags&tracefmt.FlagCovered != 0 {
		return "in sum", roleDim
	}
	return unknown, roleDim
}

func (l *calls) view(a *App, w, h int, zoomed bool) []string {
	return a.kept(&l.asker, w, h, func(h int) []string { return l.show(a, w, h, zoomed) })
}

// show draws the list.
func (l *calls) show(a *App, w, h int, zoomed bool) []string {
	out := newPen(a.theme, w)
	l.title(a, out, zoomed)
	l.cur.resize(l.cur.n, h-2)
	switch {
	case l.failed():
		a.troubled(out, l.err)
	case !l.known:
		out.gap(2).line(roleDim, "looking for calls …")
	case l.cur.n == 0:
		out.gap(2).line(roleDim, "no calls here"+when(zoomed, " · esc goes back"))
	default:
		l.table(a, out, zoomed)
	}
	return out.fit(h)
}

func when(ok bool, s string) string {
	if ok {
		return s
	}
	return ""
}

func (l *calls) title(a *App, out *pen, zoomed bool) {
	o := callOrders[l.order]
	how := map[bool]string{true: "largest first", false: "smallest first"}[l.desc()]
	switch o.by {
	case analyze.ByTime:
		how = map[bool]string{true: "latest first", false: "oldest first"}[l.desc()]
	case analyze.ByCost:
		how = map[bool]string{true: "dearest first", false: "cheapest first"}[l.desc()]
	}
	out.gap(2).put(roleTitle, a.heading(l.s, zoomed)).put(roleDim, " · ")
	if l.known {
		out.put(roleText, count(int64(l.all))+plural(l.all, " call", " calls")).put(roleDim, " · ")
	}
	out.put(roleDim, "by "+o.name+", "+how)
	if l.known && l.all > l.cur.n {
		out.put(roleDim, " · ").put(roleWarn, "the first "+count(int64(l.cur.n))+" can be shown")
	}
	if l.busy {
		out.put(roleDim, " …")
	}
	out.end()
}

func (l *calls) table(a *App, out *pen, cursor bool) {
	cols, widths := callLayout(out.max)
	out.gap(2)
	for i, k := range cols {
		c := &callColumns[k]
		head, r := c.id, roleHead
		if c.id == callOrders[l.order].name {
			r = roleTitle
			head += map[bool]string{true: "▾", false: "▴"}[l.desc()]
		}
		l.cell(out, i, c, r, head, widths[k])
	}
	out.end()
	costs := l.costs(widths[len(widths)-1])
	for i := l.cur.top; i < l.cur.end(); i++ {
		row, ok := l.rows[i]
		mark := "  "
		if cursor && i == l.cur.at {
			out.sel, mark = true, "▌ "
		}
		out.put(roleMark, mark)
		if !ok {
			out.line(roleDim, "·")
			continue
		}
		for n, k := range cols {
			c := &callColumns[k]
			text, r := c.text(a, &row)
			if c.id == "" {
				text += l.callMark(a, &row)
			}
			if text == unknown {
				r = roleDim
			}
			if c.id == "cost" {
				text = costs.put(text)
			}
			l.cell(out, n, c, r, text, widths[k])
		}
		out.end()
	}
}

// costs is where the points of the costs in sight stand, in w columns.
func (l *calls) costs(w int) (at pointColumn) {
	for i := l.cur.top; i < l.cur.end(); i++ {
		if row, ok := l.rows[i]; ok {
			text, _ := costText(&row)
			at.see(text)
		}
	}
	at.fit(w)
	return at
}

func (l *calls) cell(out *pen, n int, c *callColumn, r role, text string, w int) {
	if n > 0 && callColumns[0].id != c.id {
		out.gap(1)
	}
	if c.right {
		out.right(r, text, w)
		return
	}
	out.left(r, text, w)
}

// callLayout chooses the columns that fit; what is left over goes to those that grow, models first, then to all of them alike.
func callLayout(w int) (cols, widths []int) {
	space := w - 2
	widths = make([]int, len(callColumns))
	for rank := 0; rank <= len(callColumns); rank++ {
		for k := range callColumns {
			c := &callColumns[k]
			if need := c.width + 1; c.rank == rank && need <= space {
				space -= need
				widths[k] = c.width
			}
		}
	}
	var grow []int
	for k, have := range widths {
		if have == 0 {
			continue
		}
		cols = append(cols, k)
		if callColumns[k].grows > 0 {
			grow = append(grow, k)
		}
	}
	slices.SortFunc(grow, func(x, y int) int { return callColumns[y].grows - callColumns[x].grows })
	for _, k := range grow {
		more := min(space, callColumns[k].grows)
		widths[k] += more
		space -= more
	}
	for i, k := range grow {
		more := min(space/(len(grow)-i), 8)
		widths[k] += more
		space -= more
	}
	return cols, widths
}

// id tells scopes apart.
func (s scope) id() string {
	var b strings.Builder
	b.WriteString(s.query.String())
	b.WriteByte('|')
	b.WriteString(strings.Join(s.names, "\x00"))
	return b.String()
}
