package tui

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	tea "github.com/charmbracelet/bubbletea"
)

// edit opens what sets a lever.
func (t *whatIf) edit(a *App, l analyze.Lever) tea.Cmd {
	switch l {
	case analyze.LeverCache:
		return t.choose(a, l, "how long caches keep a prefix", [][2]string{{"5m", "written at the price for five minutes"}, {"1h", "written at the price for an hour"}})
	case analyze.LeverModel:
		return t.chooseCalls(a)
	case analyze.LeverPrices:
		return t.askBook(a)
	case analyze.LeverBatch:
		return t.choose(a, l, "calls that may wait", [][2]string{{"batch", "billed at the batch rate, where the seller has one"}})
	case analyze.LeverContext:
		return t.askNumber(a, l, "prompts hold at most ", "tokens, as 100k; empty: as it was · esc leaves")
	}
	return t.askNumber(a, l, "retries of a call, at most ", "0 for none; empty: as it was · esc leaves")
}

// asItWas is the choice that lets a lever go.
const asItWas = "as it was"

// choose sets a lever to one of a few values.
func (t *whatIf) choose(a *App, l analyze.Lever, title string, values [][2]string) tea.Cmd {
	p := &picker{title: title, keys: pickerKeys, items: []pickItem{{name: asItWas}}}
	for _, v := range values {
		p.items = append(p.items, pickItem{name: v[0], about: v[1]})
	}
	for i := range p.items {
		if was := a.scenario.Value(l); was != "" && strings.HasSuffix(was, p.items[i].name) || was == "" && i == 0 {
			p.items[i].mark, p.cur.at = "●", i
		}
	}
	p.cur.n = len(p.items)
	p.pick = func(a *App, i int) tea.Cmd {
		a.over = nil
		if i == 0 {
			return t.off(a, l)
		}
		return t.set(a, l, strings.TrimPrefix(p.items[i].name, "batch"))
	}
	a.over = p
	return nil
}

// set sets a lever to a value that it takes.
func (t *whatIf) set(a *App, l analyze.Lever, value string) tea.Cmd {
	if err := a.scenario.Set(l, value); err != nil {
		return a.refuse(err.Error())
	}
	return t.turned(a)
}

func (t *whatIf) off(a *App, l analyze.Lever) tea.Cmd {
	a.scenario.Off(l)
	return t.turned(a)
}

func still(*App) tea.Cmd { return nil }

func (t *whatIf) askNumber(a *App, l analyze.Lever, label, hint string) tea.Cmd {
	was := a.scenario.Value(l)
	p := newPrompt(label, was[strings.IndexByte(was, '=')+1:])
	p.hint = hint
	p.live, p.stop = func(*App, string) tea.Cmd { return nil }, still
	p.done = func(a *App, text string) (string, tea.Cmd) {
		if text = strings.TrimSpace(text); text == "" {
			return "", t.off(a, l)
		}
		next := a.scenario
		if err := next.Set(l, text); err != nil {
			return err.Error(), nil
		}
		a.scenario = next
		return "", t.turned(a)
	}
	a.over = p
	return nil
}

// askBook asks for the file of another price book, and reads it off the loop.
func (t *whatIf) askBook(a *App) tea.Cmd {
	if a.opt.OpenPrices == nil {
		return a.refuse("no price book can be read here")
	}
	p := newPrompt("price book, as a file: ", a.scenario.PricesName)
	p.hint = "as costscope prices import writes it; empty: as it was · esc leaves"
	p.live, p.stop = func(*App, string) tea.Cmd { return nil }, still
	p.done = func(a *App, file string) (string, tea.Cmd) {
		if file = strings.TrimSpace(file); file == "" {
			return "", t.off(a, analyze.LeverPrices)
		}
		open := a.opt.OpenPrices
		return "", t.book.ask(func(context.Context) (any, error) {
			book, err := open(file)
			return openedBook{book, file}, err
		})
	}
	a.over = p
	return nil
}

type openedBook struct {
	book *tracefmt.PriceBook
	file string
}

func (t *whatIf) tookBook(a *App, r reply) tea.Cmd {
	if r.err != nil {
		return a.refuse("✗ " + clean(r.err.Error()))
	}
	b := r.ans.(openedBook)
	a.scenario.SetPrices(b.book, b.file)
	return t.turned(a)
}

// chooseCalls asks which calls another model should answer, then which model.
func (t *whatIf) chooseCalls(a *App) tea.Cmd {
	if a.opt.Prices == nil || t.res == nil {
		return a.refuse("the models are not read yet")
	}
	p := &picker{title: "which calls should another model answer?", keys: pickerKeys, items: []pickItem{{name: asItWas}, {name: "all", about: "every call of a language model"}}}
	from := []string{"", ""}
	for _, m := range t.res.Models {
		if m.Name == analyze.None {
			continue
		}
		p.items = append(p.items, pickItem{name: clean(m.Name), about: count(m.Calls) + plural(int(m.Calls), " call", " calls") + " · " + money(m.Book) + " by the book"})
		from = append(from, m.Name)
	}
	p.cur = window{n: len(p.items), at: 1}
	p.pick = func(a *App, i int) tea.Cmd {
		a.over = nil
		if i == 0 {
			return t.off(a, analyze.LeverModel)
		}
		a.over = newChooser(a, from[i], func(a *App, row *tracefmt.PriceRow) tea.Cmd { return t.swap(a, from[i], row) })
		return nil
	}
	a.over = p
	return nil
}

// swap lets a model answer the calls of another; what was chosen for the same calls before no longer holds.
func (t *whatIf) swap(a *App, from string, row *tracefmt.PriceRow) tea.Cmd {
	sc := &a.scenario
	sc.Swaps = slices.DeleteFunc(slices.Clone(sc.Swaps), func(s analyze.Swap) bool { return s.From == from || from == "" })
	to := analyze.Swap{From: from, To: row.Provider + "/" + row.ID}
	if n := len(sc.Swaps); n > 0 && sc.Swaps[n-1].From == "" { // what is for all calls goes last
		sc.Swaps = slices.Insert(sc.Swaps, n-1, to)
	} else {
		sc.Swaps = append(sc.Swaps, to)
	}
	sc.On[analyze.LeverModel] = true
	return t.turned(a)
}

// newChooser lists the models of the price books, narrowed by what is typed.
func newChooser(a *App, from string, pick func(a *App, row *tracefmt.PriceRow) tea.Cmd) *chooser {
	book := a.opt.Prices
	if a.scenario.On[analyze.LeverPrices] {
		book = a.scenario.Prices.Over(book)
	}
	c := &chooser{prompt: newPrompt("model: ", ""), title: "who answers " + cmp.Or(clean(from), "all calls") + " instead?"}
	var rows []*tracefmt.PriceRow
	at := a.opt.Now()
	c.search = func(text string) (items []pickItem) {
		rows = book.Search(strings.Fields(text)...)
		for _, r := range rows {
			items = append(items, pickItem{name: clean(r.Provider + "/" + r.ID), about: ratesText(r, at)})
		}
		return items
	}
	c.pick = func(a *App, i int) tea.Cmd {
		a.over = nil
		return pick(a, rows[i])
	}
	c.hint = "part of a name · ↑↓ choose · enter takes it · esc leaves"
	c.find()
	return c
}

// ratesText is what a model takes for a million tokens.
func ratesText(r *tracefmt.PriceRow, at time.Time) string {
	rates, ok := r.RatesAt(at.UnixNano())
	if !ok {
		return "no price is in force"
	}
	var parts []string
	for _, x := range rates {
		if x.Above == 0 && (x.Class == "input" || x.Class == "output" || x.Class == "cache read") {
			parts = append(parts, x.Class+" "+money(x.PerMillion))
		}
	}
	return strings.Join(parts, " · ")
}

// A chooser is a list that is narrowed by typing.
type chooser struct {
	*prompt
	title  string
	search func(text string) []pickItem
	pick   func(a *App, i int) tea.Cmd
	items  []pickItem
	cur    window
}

var errNoChoice = errors.New("nothing in the price book has all these words")

func (c *chooser) find() {
	c.items = c.search(c.in.Value())
	c.cur = window{n: len(c.items), rows: max(c.cur.rows, 1)}
}

func (c *chooser) key(a *App, k string, text []rune) tea.Cmd {
	switch k {
	case "esc", "ctrl+c":
		a.over = nil
	case "enter":
		if len(c.items) == 0 {
			return a.refuse(errNoChoice.Error())
		}
		return c.pick(a, c.cur.at)
	default:
		if !c.cur.typingKey(k) && c.edit(k, text) {
			c.find()
		}
	}
	return nil
}

// overlay is the title and the list; what is typed stands in the line of the keys.
func (c *chooser) overlay(a *App, w, most int) []string {
	out := newPen(a.theme, w)
	out.rule(c.title + " · " + count(int64(len(c.items))) + plural(len(c.items), " model", " models") + " · USD per million tokens")
	rows := max(1, most*2/3-1)
	c.cur.resize(len(c.items), rows)
	if len(c.items) == 0 {
		out.gap(2).line(roleDim, errNoChoice.Error())
	}
	for i := c.cur.top; i < c.cur.end(); i++ {
		mark := "  "
		if i == c.cur.at {
			out.sel, mark = true, "▌ "
		}
		out.put(roleMark, mark).left(roleName, c.items[i].name, min(48, w/2)).gap(2).put(roleDim, c.items[i].about)
		out.end()
	}
	return out.fit(min(rows+1, most))
}
