package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// detail is one call: all that is known about it, how its cost comes about, and its record as it stands in the source.
type detail struct {
	asker    // for the call
	rawAsk   asker
	runAsk   asker
	run      *analyze.RunView // that the call is part of; nil until known
	runOld   bool             // it must be asked for again
	s        scope
	row      analyze.CallRow
	list     callList // that it was opened from
	raw      []string // lines, clean
	rawErr   error
	file     string
	line     int64
	rawSrc   tracefmt.SourceRef
	have     bool // raw was answered
	waits    bool // for the call under the cursor of the list
	cur      window
	lines    []string
	drawnFor detailKey
	serial   int
}

type detailKey struct {
	w, serial, look int
	theme           *Theme
}

func newDetail(s scope, row analyze.CallRow, list callList) *detail {
	s.names = append(s.names[:len(s.names):len(s.names)], "call "+clean(row.ID))
	return &detail{s: s, row: row, list: list}
}

func (d *detail) where() scope { return d.s }

type rawAnswer struct {
	lines []string
	file  string
	line  int64
	src   tracefmt.SourceRef
}

// load asks for the call as it is now; the record in the source is read only once.
func (d *detail) load(a *App) tea.Cmd {
	var cmds []tea.Cmd
	src, ref := a.src, d.row.Ref
	if !d.busy {
		cmds = append(cmds, d.ask(func(ctx context.Context) (any, error) { return src.Call(ctx, ref) }))
	}
	if where := d.row.Src; !d.rawAsk.busy && (!d.have || d.rawSrc != where) {
		cmds = append(cmds, d.rawAsk.ask(func(ctx context.Context) (any, error) {
			raw, file, line, err := src.Raw(ctx, where)
			if err != nil {
				return nil, err
			}
			return rawAnswer{prettyJSON(raw), file, line, where}, nil
		}))
	}
	return tea.Batch(append(cmds, d.askRun(a))...)
}

// askRun asks for the run of the call, for its chain and its turn.
func (d *detail) askRun(a *App) tea.Cmd {
	old := d.runOld
	d.runOld = true // the next question is asked because something changed
	if d.runAsk.busy || d.run != nil && !old {
		return nil
	}
	src, q, ref := a.src, d.s.query, analyze.RunRef{ID: d.row.Run}
	return d.runAsk.ask(func(ctx context.Context) (any, error) { return src.Run(ctx, q, ref) })
}

func (d *detail) take(a *App, r reply) tea.Cmd {
	switch {
	case d.took(r):
		if r.err == nil {
			d.row = r.ans.(analyze.CallRow)
		}
		d.serial++
		if d.have && d.rawSrc != d.row.Src {
			return d.load(a)
		}
	case d.waits:
		return d.follow(a)
	case d.runAsk.took(r):
		if r.err == nil {
			d.run = r.ans.(*analyze.RunView)
			d.serial++
		}
	case d.rawAsk.took(r):
		d.have, d.rawErr, d.raw = true, r.err, nil
		if ans, ok := r.ans.(rawAnswer); ok && r.err == nil {
			d.raw, d.file, d.line, d.rawSrc = ans.lines, ans.file, ans.line, ans.src
		} else {
			d.rawSrc = d.row.Src
		}
		d.serial++
	}
	return nil
}

func (d *detail) due(*App, due) tea.Cmd { return nil }

func (d *detail) leave() {
	d.asker.leave()
	d.rawAsk.leave()
	d.runAsk.leave()
}

func (d *detail) relook(*App) tea.Cmd { d.serial++; return nil }

func (d *detail) move(a *App, by int) tea.Cmd {
	d.cur.scroll(by)
	return nil
}

func (d *detail) page() int { return max(1, d.cur.rows-1) }

// step goes to the previous or next call of the list it came from.
func (d *detail) step(a *App, by int) tea.Cmd {
	if at, reach, _, _ := d.list.position(); at+by < 0 || at+by >= reach {
		return a.refuse(map[bool]string{true: "this is the first call of the list", false: "this is the last call of the list"}[by < 0])
	}
	cmd := d.list.move(a, by)
	if _, ok := d.list.current(); !ok {
		d.waits = true
		return tea.Batch(cmd, a.say("reading more calls …"))
	}
	return tea.Batch(cmd, d.follow(a))
}

// follow shows the call under the cursor of the list, as soon as it is there.
func (d *detail) follow(a *App) tea.Cmd {
	row, ok := d.list.current()
	if !ok || a.top() != screen(d) {
		return nil
	}
	if d.waits {
		a.note = ""
	}
	d.leave()
	next := newDetail(d.list.where(), row, d.list)
	if d.run != nil && row.Run == d.run.ID {
		next.run = d.run
	}
	a.stack[len(a.stack)-1] = next
	return next.load(a)
}

func (d *detail) copied(*App) (string, string) { return d.row.ID, "call id" }

func (d *detail) summary(a *App) string {
	if at, _, all, known := d.list.position(); known {
		return "call " + count(int64(at+1)) + " of " + count(int64(all)) + d.cur.more()
	}
	return strings.TrimPrefix(d.cur.more(), " · ")
}

// Drawing.

func (d *detail) view(a *App, w, h int) []string {
	key := detailKey{w, d.serial, a.look.serial, a.theme}
	if d.lines == nil || d.drawnFor != key {
		d.lines = d.draw(a, w)
		d.drawnFor = key
	}
	d.cur.resize(len(d.lines), h)
	d.cur.at = d.cur.top
	out := newPen(a.theme, w)
	out.add(d.lines[d.cur.top:d.cur.end()]...)
	return out.fit(h)
}

// A field is a name and what is known of it.
type field struct {
	name, text string
	role       role
}

func (d *detail) draw(a *App, w int) []string {
	out := newPen(a.theme, w)
	d.headline(a, out)
	if d.err != nil {
		out.gap(2).line(roleFail, "✗ "+clean(d.err.Error()))
	}
	d.bill(a, out)
	d.chain(out)
	if w >= 100 {
		sideBySide(out, d.fields(a), d.usage(w-sideHalf(w)-2), w)
	} else {
		section(out, "tokens", d.usage(w-2))
		section(out, "call", d.fields(a))
	}
	d.turn(out)
	d.source(out)
	return out.list
}

// mark is what a person left at the path of the call.
func (d *detail) mark(a *App) string {
	s, _ := d.pointed(a)
	if g := glyphs(a.mark(s)); g != "" {
		return g + " "
	}
	return ""
}

func (d *detail) headline(a *App, out *pen) {
	r := &d.row
	glyph, role := stateGlyph(r)
	if glyph == "" {
		glyph, role = "✓", roleGood
	}
	cost, costRole := costText(r)
	out.gap(2).put(role, glyph+" ").put(roleKey, d.mark(a)).put(roleTitle, shown(r.Step)).put(roleDim, " · ").put(costRole, cost)
	if out.max >= 70 {
		out.put(roleDim, " · ").put(roleText, modelText(r)).put(roleDim, " · "+timeText(a, r))
	}
	out.end()
}

// fields are all facts but numbers; what the trace does not state is shown as such.
func (d *detail) fields(a *App) []field {
	r := &d.row
	status, statusRole := r.Status.String(), roleText
	switch {
	case r.Status == tracefmt.StatusError:
		status, statusRole = "✗ error", roleFail
	case r.Flags&tracefmt.FlagOutputBad != 0:
		status, statusRole = "✗ answer not usable", roleFail
	case r.Status == tracefmt.StatusUnset:
		status = "ended, nothing said"
	}
	f := []field{
		{"id", r.ID, roleText}, {"run", r.Run, roleText}, {"parent", r.Parent, roleText},
		{"workflow", r.Workflow, roleText}, {"feature", r.Feature, roleText}, {"version", r.Version, roleText},
		{"agent", r.Agent, roleText}, {"role", r.Role, roleText}, {"step", r.Step, roleText}, {"tool", r.Tool, roleText},
		{"kind", r.Kind.String(), roleText}, {"provider", r.Provider, roleText}, {"model", r.Model, roleText},
	}
	if r.RequestModel != "" && r.RequestModel != r.Model {
		f = append(f, field{"model asked for", r.RequestModel, roleText})
	}
	f = append(f, field{"status", status, statusRole}, field{"error", r.Error, roleFail}, field{"attempt", attemptText(r), roleText})
	if r.RetryOf != "" || r.RetryKind != tracefmt.RetryNone {
		f = append(f, field{"retry of", strings.TrimSpace(r.RetryOf + " " + bracket(r.RetryKind.String())), roleRetry})
	}
	return append(f,
		field{"run's outcome", r.Outcome.String(), roleText},
		field{"start", exactTime(a, r.Start, r.Has&tracefmt.HasStart != 0), roleText},
		field{"end", exactTime(a, r.End, r.Has&tracefmt.HasEnd != 0), roleText},
		field{"took", tookText(r), roleText},
		field{"user", r.User, roleText}, field{"session", r.Session, roleText}, field{"tier", r.Tier, roleText},
		field{"tags", tagText(r.Tags), roleText}, field{"format", r.Format, roleText})
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

func attemptText(r *analyze.CallRow) string {
	if r.Attempt == 0 {
		return ""
	}
	return fmt.Sprint(r.Attempt)
}

func exactTime(a *App, ns int64, known bool) string {
	if !known {
		return ""
	}
	return time.Unix(0, ns).In(a.opt.Zone).Format("2006-01-02 15:04:05.000 MST")
}

// usage are the tokens by class, in w columns. Parts stand under what they are part of.
func (d *detail) usage(w int) []field {
	r, u := &d.row, &d.row.Usage
	f := []field{{"input", has(r, tracefmt.HasInput, u.Input), roleText}}
	if r.Has&tracefmt.HasInput != 0 {
		f = append(f, field{"· uncached", count(u.Uncached()), roleText})
	}
	f = append(f,
		field{"· cache read", has(r, tracefmt.HasCacheRead, u.CacheRead), roleText},
		field{"· cache write", has(r, tracefmt.HasCacheWrite, u.CacheWrite), roleText},
		field{"  · for one hour", has(r, tracefmt.HasCacheWrite1h, u.CacheWrite1h), roleText},
		field{"output", has(r, tracefmt.HasOutput, u.Output), roleText},
		field{"· reasoning", has(r, tracefmt.HasReasoning, u.Reasoning), roleText},
		field{"unattributed", has(r, tracefmt.HasUnattributed, u.Unattributed), roleText})
	for _, note := range r.Notes() {
		for i, part := range wrap(note, max(10, w-fieldW-2)) {
			f = append(f, field{[...]string{"note", ""}[min(i, 1)], strings.TrimSpace(part), roleWarn})
		}
	}
	return f
}

const fieldW = 16

// section writes fields under a title.
func section(out *pen, title string, fields []field) {
	out.rule(title)
	for _, f := range fields {
		putField(out, f, out.max-2)
		out.end()
	}
}

func putField(out *pen, f field, w int) {
	text, r := clean(f.text), f.role
	if text == "" || text == unknown {
		text, r = unknown, roleDim
	}
	out.gap(2).left(roleDim, f.name, fieldW).gap(1).put(r, cut(text, w-fieldW-1))
}

// sideHalf is the column where the right one of two sections begins.
func sideHalf(w int) int { return w*3/5 - 1 }

// sideBySide writes two sections beside each other.
func sideBySide(out *pen, left, right []field, w int) {
	half := sideHalf(w)
	out.put(roleRule, "── ").put(roleDim, "call").put(roleRule, " "+strings.Repeat("─", max(0, half-9)))
	out.rule("tokens")
	for i := range max(len(left), len(right)) {
		if i < len(left) {
			putField(out, left[i], half-3)
		}
		if i < len(right) {
			out.to(half)
			putField(out, right[i], w-half-2)
		}
		out.end()
	}
}

// bill shows how the cost comes about, class by class, and which of two costs counts.
func (d *detail) bill(a *App, out *pen) {
	r := &d.row
	out.rule("cost")
	d.counts(a, out)
	charges := r.Charges()
	if len(charges) == 0 {
		return
	}
	cols := [...]int{16, 13, 11, 18}
	if out.max < 62 { // amounts are never cut: the rates, which the price row tells, go first
		cols = [...]int{14, 11, 0, out.max - 2 - 14 - 11}
	}
	line := func(role role, class, tokens, rate, amount, note string) {
		out.gap(2).left(role, class, cols[0]).right(role, tokens, cols[1]).right(role, rate, cols[2]).right(role, amount, cols[3])
		if note != "" {
			out.gap(2).put(roleDim, note)
		}
		out.end()
	}
	line(roleHead, "class", "tokens", "$ per 1M", "amount", "")
	sum := tracefmt.USD(0)
	for _, c := range charges {
		sum += c.Cost
		line(roleText, c.Class, count(c.Tokens), c.PerMillion.String(), exact(c.Cost), clean(c.Note))
	}
	line(roleSpend, "Σ computed", "", "", exact(sum), "")
	if sum != r.Computed {
		out.gap(2).line(roleFail, "✗ this does not add up to the computed cost "+exact(r.Computed))
	}
}

// counts says which cost counts and why.
func (d *detail) counts(a *App, out *pen) {
	r := &d.row
	amount := func(known bool, v tracefmt.USD) string {
		if !known {
			return ""
		}
		return exact(v)
	}
	recorded, computed := amount(r.HasRecorded, r.Recorded), amount(r.HasComputed, r.Computed)
	why, role := "", roleText
	switch r.State {
	case tracefmt.CostRecorded:
		recorded += "  ◂ counts"
	case tracefmt.CostComputed:
		computed += "  ◂ counts"
	case tracefmt.CostUnpriced:
		why, role = "? unknown: no price for this model · totals are lower bounds", roleWarn
	case tracefmt.CostNoUsage:
		why, role = "– unknown: a model call without token counts", roleWarn
	case tracefmt.CostShadowed:
		why, role = "not counted here: the calls below it carry it", roleDim
	default:
		why, role = "none: nothing was billed", roleDim
		if r.Flags&tracefmt.FlagCovered != 0 {
			why = "not counted here: it is part of a sum that is stated for the run"
		}
	}
	for _, f := range [...]field{{"recorded", recorded, roleSpend}, {"computed", computed, roleSpend}, {"price", r.PriceText(a.status.PricesAsOf), roleText}} {
		putField(out, f, out.max-2)
		out.end()
	}
	if why != "" {
		putField(out, field{"counts", why, role}, out.max-2)
		out.end()
	}
	if r.Mismatch && r.Flags&tracefmt.FlagReasonTwice == 0 {
		putField(out, field{"mismatch", "recorded and computed differ by more than 1%", roleWarn}, out.max-2)
		out.end()
	}
}

// source names file and line and shows the record itself.
func (d *detail) source(out *pen) {
	r := &d.row
	out.rule("source")
	file := d.file
	if file == "" {
		file = r.Source
	}
	at := clean(file)
	if d.line > 0 {
		at += ":" + fmt.Sprint(d.line)
	}
	putField(out, field{"file", at, roleText}, out.max-2)
	out.end()
	if r.Src.Length > 0 { // the bytes are known
		putField(out, field{"bytes", count(r.Src.Offset) + " to " + count(r.Src.Offset+r.Src.Length), roleText}, out.max-2)
		out.end()
	}
	switch {
	case d.rawErr != nil:
		out.gap(2).line(roleFail, "✗ "+clean(d.rawErr.Error()))
	case !d.have:
		out.gap(2).line(roleDim, "reading the record …")
	default:
		out.end()
		for _, l := range d.raw {
			drawJSON(out.gap(2), l)
			out.end()
		}
	}
}

// tagText is a set of tags for people.
func tagText(set string) string {
	var list []string
	for key, value := range tracefmt.TagPairs(set) {
		if value != "" {
			key += "=" + value
		}
		list = append(list, key)
	}
	return strings.Join(list, ", ")
}
