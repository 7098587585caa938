package tui

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"costscope/analyze"

	tea "github.com/charmbracelet/bubbletea"
)

// completion offers what can stand at the end of a line of conditions: fields, operators, and the values that occur in the scope.
type completion struct {
	asker
	s     scope
	cur   window
	open  bool          // candidates are shown although nothing is typed
	moved bool          // a candidate was chosen
	asked analyze.Query // that rows answer, or will
	known bool
	rows  []analyze.Row // dearest first
	typed analyze.Typing
	list  []candidate
}

// A candidate is one way to go on.
type candidate struct {
	insert      string // takes the place of the condition being typed
	name, about string
	money       string
}

func newCompletion(s scope) *completion { return &completion{s: s} }

var textOps = []candidate{{name: "=", about: "is"}, {name: "~", about: "contains"}, {name: "!=", about: "is not"}}

var wordOps = []candidate{{name: "=", about: "is"}, {name: "!=", about: "is not"}}

var numberOps = []candidate{
	{name: ">", about: "more than"}, {name: ">=", about: "at least"}, {name: "<", about: "less than"}, {name: "<=", about: "at most"}, {name: "=", about: "exactly"},
}

// refresh finds the candidates for a line, and asks for the values of its field where they are not known.
func (c *completion) refresh(a *App, line string) tea.Cmd {
	c.typed, c.moved = analyze.Typed(line), false
	cmd := c.want(a)
	c.offer()
	return cmd
}

// dimension is what values are asked for; false where the field is not there yet, or is a number.
func (c *completion) dimension() (analyze.Dimension, bool) {
	d, m := analyze.FieldOf(c.typed.Field)
	return d, c.typed.HasOp && m == analyze.MeasureNone
}

// want asks for the values that the field has in the scope, under the conditions before it.
func (c *completion) want(a *App) tea.Cmd {
	d, ok := c.dimension()
	if !ok {
		return nil
	}
	s := c.s
	before, _ := analyze.ParsePreds(c.typed.Head) // what is wrong there is told when the line is done
	for _, p := range before {
		s = s.with(p, true)
	}
	if d.Dim == analyze.DimRunModel { // of the runs: the models that calls have
		d.Dim = analyze.DimModel
	}
	q := s.by(d)
	q.Most = enoughRows
	if (c.known || c.busy) && c.asked.String() == q.String() {
		return nil
	}
	c.asked, c.known, c.rows = q, false, nil
	src := a.src
	return c.ask(func(ctx context.Context) (any, error) {
		table, err := src.Rollup(ctx, q)
		if err != nil {
			return nil, err
		}
		slices.SortStableFunc(table.Rows, func(x, y analyze.Row) int { return cmp.Compare(y.Cost, x.Cost) })
		return table.Rows, nil
	})
}

func (c *completion) take(r reply) {
	if !c.took(r) {
		return
	}
	if c.known = true; r.err == nil {
		c.rows = r.ans.([]analyze.Row)
	}
	c.offer()
}

// offer lists the candidates.
func (c *completion) offer() {
	c.list = c.list[:0]
	d, values := c.dimension()
	field, number := analyze.FieldOf(c.typed.Field)
	switch {
	case values:
		c.offerValues(d)
	case c.typed.HasOp:
		c.offerWords(number)
	default:
		c.offerFields()
		if c.typed.Field != "" && (number != analyze.MeasureNone || field.Dim != analyze.DimTag || strings.HasPrefix(c.typed.Field, "tag:") && field.Tag != "") {
			c.offerOps(number)
		}
	}
	c.cur = window{n: len(c.list), rows: c.cur.rows}
}

func (c *completion) not() string { return when(c.typed.Not, "!") }

func (c *completion) offerFields() {
	for _, f := range analyze.Fields() {
		if !strings.HasPrefix(f, strings.ToLower(c.typed.Field)) || f == c.typed.Field {
			continue
		}
		about := "name"
		if _, m := analyze.FieldOf(f); m != analyze.MeasureNone {
			about = "number: " + m.Example()
			if words := m.Words(); words != nil {
				about = strings.Join(words, ", ")
			}
		} else if f == "tag:" {
			about = "and the name of a tag"
		}
		c.list = append(c.list, candidate{insert: c.not() + f, name: f, about: about})
	}
}

func (c *completion) offerOps(number analyze.Measure) {
	ops := textOps
	switch {
	case number.Words() != nil:
		ops = wordOps
	case number != analyze.MeasureNone:
		ops = numberOps
	}
	for _, o := range ops {
		o.insert = c.not() + c.typed.Field + o.name
		o.name = c.typed.Field + o.name
		c.list = append(c.list, o)
	}
}

// offerWords lists the words that stand for the numbers of a measure.
func (c *completion) offerWords(m analyze.Measure) {
	before, last := c.lastName()
	for _, w := range m.Words() {
		if strings.HasPrefix(w, strings.ToLower(last)) && !slices.Contains(before, w) {
			c.list = append(c.list, candidate{insert: c.not() + c.typed.Field + "=" + strings.Join(append(slices.Clone(before), w), "|") + " ", name: w})
		}
	}
}

// lastName is the name being typed, and those before it where several stand between bars.
func (c *completion) lastName() (before []string, last string) {
	if c.typed.Op != analyze.OpEqual {
		return nil, c.typed.Value
	}
	names := analyze.Pred{Op: analyze.OpAny, Text: c.typed.Value}.Names()
	n := len(names) - 1
	return names[:n], names[n]
}

// offerValues lists the names that hold what is typed.
func (c *completion) offerValues(d analyze.Dimension) {
	before, last := c.lastName()
	typed := strings.ToLower(last)
	for i := range c.rows {
		r := &c.rows[i]
		if len(c.list) == mostValues {
			break
		}
		name := shown(rowName(r))
		if !strings.Contains(strings.ToLower(name), typed) || slices.Contains(before, rowName(r)) {
			continue
		}
		p := analyze.Pred{Dimension: d, Op: c.typed.Op, Text: cmp.Or(rowName(r), analyze.None)}
		if p.Op == analyze.OpMatch || p.Op == analyze.OpEqual { // the whole name is known now
			p = analyze.AnyOf(d, append(slices.Clone(before), p.Text))
		}
		p.Not = c.typed.Not
		c.list = append(c.list, candidate{insert: p.String() + " ", name: name, money: atLeast(r), about: count(r.Calls) + plural(int(r.Calls), " call", " calls")})
	}
}

// key does what a key means here; false where it is not for the candidates.
func (c *completion) key(a *App, p *prompt, k string) (tea.Cmd, bool) {
	atEnd := p.in.Position() == len([]rune(p.in.Value()))
	visible := c.visible(p)
	switch {
	case k == "tab" && !visible:
		c.open = true
		return c.refresh(a, p.in.Value()), true
	case k == "tab", k == "right" && atEnd && visible, k == "enter" && visible && c.moved:
		return c.accept(a, p), true
	case k == "down" && visible:
		c.moved = c.cur.move(1) || c.moved
	case (k == "up" || k == "shift+tab") && visible:
		c.cur.move(-1)
	case k == "down", k == "up":
		c.open = true
		return c.refresh(a, p.in.Value()), true
	default:
		return nil, false
	}
	return nil, true
}

// accept writes the candidate into the line.
func (c *completion) accept(a *App, p *prompt) tea.Cmd {
	if c.cur.at >= len(c.list) {
		return nil
	}
	p.in.SetValue(c.typed.Head + c.list[c.cur.at].insert)
	p.in.CursorEnd()
	p.err = ""
	return tea.Batch(c.refresh(a, p.in.Value()), p.live(a, p.in.Value()))
}

// visible says that there is something to show: candidates, or that they are asked for.
func (c *completion) visible(p *prompt) bool {
	if p.in.Value() == "" && !c.open {
		return false
	}
	_, values := c.dimension()
	return len(c.list) > 0 || values || c.typed.HasOp
}

// mostValues is how many values are listed: who looks for another types part of it.
const mostValues = 200

// candidatesShown is how many candidates are visible at a time.
const candidatesShown = 8

func (c *completion) overlay(a *App, p *prompt, w, most int) []string {
	if !c.visible(p) {
		return nil
	}
	out := newPen(a.theme, w)
	out.rule(c.title())
	if len(c.list) == 0 {
		out.gap(2).line(roleDim, c.nothing())
	}
	c.cur.resize(len(c.list), max(1, min(most-1, candidatesShown)))
	nameW := 0
	for _, x := range c.list {
		nameW = min(max(nameW, width(x.name), 14), w/2)
	}
	for i := c.cur.top; i < c.cur.end(); i++ {
		x, mark := c.list[i], "  "
		if i == c.cur.at {
			out.sel, mark = true, "▌ "
		}
		out.put(roleMark, mark).left(roleName, x.name, nameW)
		if x.money != "" {
			out.gap(1).right(roleSpend, x.money, 12)
		}
		out.gap(2).put(roleDim, x.about).end()
	}
	return out.fit(min(len(out.list), most))
}

// title says what is listed.
func (c *completion) title() string {
	text := "conditions"
	if d, values := c.dimension(); values {
		text = dimName(d) + " here, dearest first"
	} else if c.typed.HasOp {
		text = clean(c.typed.Field)
	}
	if n := len(c.list); n == mostValues {
		text += " · the first " + count(int64(n))
	} else if n > candidatesShown {
		text += " · " + count(int64(n))
	}
	return text + " · ↑↓ choose"
}

// nothing says why nothing is listed, or what can be typed.
func (c *completion) nothing() string {
	d, values := c.dimension()
	switch {
	case !values:
		_, m := analyze.FieldOf(c.typed.Field)
		if words := m.Words(); words != nil {
			return "write one of " + strings.Join(words, ", ")
		}
		return "write " + m.Example()
	case c.busy:
		return "asking which there are …"
	case c.err != nil:
		return "✗ " + clean(c.err.Error())
	case len(c.rows) == 0:
		return "no call is left by the conditions before it"
	}
	_, last := c.lastName()
	return "no " + dimName(d) + " here contains \"" + clean(last) + "\""
}
