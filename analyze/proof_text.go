package analyze

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"costscope/tracefmt"
)

// WriteText writes the chain of proof for people. Amounts are exact.
func (p *Proof) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s  %s\n\n", p.name(), p.totalText())
	g := grid{title: "is the sum of its calls", head: []string{"cost is", "calls", "cost (USD)", "because"}}
	for _, basis := range p.Listed() {
		g.rows = append(g.rows, []string{basis.String(), Count(p.Sums[basis].Calls), p.Sums[basis].text(basis), basis.Rule()})
	}
	n := int64(0)
	for _, s := range p.Sums {
		n += s.Calls
	}
	g.rows = append(g.rows, []string{"sum", Count(n), p.sum().String(), p.verdict()})
	writeProofGrid(b, &g)
	if len(p.Dear) > 0 {
		b.WriteByte('\n')
		writeProofGrid(b, p.dearGrid())
	}
	return b.Flush()
}

// writeProofGrid writes a table whose last column is a sentence.
func writeProofGrid(b *bufio.Writer, g *grid) {
	b.WriteString(g.title + "\n")
	last := len(g.head) - 1
	for i := range g.rows {
		g.rows[i][last] = "  " + g.rows[i][last]
	}
	width := 0
	for _, row := range g.rows {
		width = max(width, len([]rune(row[last])))
	}
	for i := range g.rows {
		g.rows[i][last] = pad(g.rows[i][last], width)
	}
	g.head[last] = pad("  "+g.head[last], width)
	g.writeText(b)
}

func (p *Proof) name() string {
	if len(p.Path) == 0 {
		return "everything"
	}
	return pathText(p.Path)
}

// totalText is the figure of the cell.
func (p *Proof) totalText() string {
	switch {
	case p.Total.Overflow():
		return "too large to add up"
	case !p.Total.CostKnown():
		return "cost unknown"
	}
	return join(AtLeast("$"+p.Total.Cost.String(), p.Total.Incomplete()), plural(p.Total.Calls, "call"), plural(p.Total.Runs, "run"))
}

func (s BasisSum) text(b Basis) string {
	if !b.Known() {
		return "unknown"
	}
	return s.Cost.String()
}

// verdict compares the sum of the calls with the figure of the cell.
func (p *Proof) verdict() string {
	if p.Agrees() {
		return "equals the figure above exactly"
	}
	return "does NOT equal the figure above: run costscope verify"
}

// dearGrid lists the dearest calls, and what the others come to.
func (p *Proof) dearGrid() *grid {
	g := &grid{title: "its dearest calls (--call ID shows the arithmetic)", head: []string{"call", "cost (USD)", "where"}}
	for i := range p.Dear {
		c := &p.Dear[i]
		g.rows = append(g.rows, []string{Clean(c.Run + "/" + c.ID), c.Cost.String(), join(c.Basis().String(), Clean(shownName(c.Step)), Clean(c.what()), Clean(c.Where()))})
	}
	if n, cost := p.rest(); n > 0 {
		g.rows = append(g.rows, []string{plural(n, "other"), cost.String(), ""})
	}
	return g
}

// what is the model or tool of a call.
func (r *CallRow) what() string {
	if r.Model == "" {
		return r.Tool
	}
	return r.Model
}

// WriteText writes how the cost of a call comes about.
func (p *CallProof) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	basis := p.Basis()
	cost := "$" + p.Cost.String()
	if !basis.Known() {
		cost = "cost unknown"
	}
	fmt.Fprintf(b, "call %s  %s\n\n", Clean(p.ID), cost)
	field := func(name, text string) {
		if text != "" {
			b.WriteString("  " + pad(name, 12) + Clean(text) + "\n")
		}
	}
	field("where", p.Where())
	field("run", join(p.Run, p.Outcome.String()))
	field("path", join(p.Workflow, p.Agent, p.Step))
	field("model", join(p.Model, p.Provider))
	field("tool", p.Tool)
	field("cost is", join(basis.String(), basis.Rule()))
	if p.HasRecorded {
		field("recorded", p.Recorded.String())
	}
	if p.HasComputed {
		field("computed", p.Computed.String())
	}
	field("price row", join(p.PriceText(p.AsOf), p.Found))
	if p.Price == nil {
		field("price row", join("none", p.Found))
	}
	if p.Mismatch {
		field("mismatch", "recorded and computed differ by more than 1%")
	}
	for _, n := range p.Attempts {
		field("retries", n)
	}
	for _, n := range p.Notes() {
		field("note", n)
	}
	if bill := p.Charges(); len(bill) > 0 {
		b.WriteByte('\n')
		writeProofGrid(b, p.billGrid(bill))
	}
	return b.Flush()
}

// billGrid is tokens times rate, class by class.
func (p *CallProof) billGrid(bill []tracefmt.Charge) *grid {
	g := &grid{title: "computed: tokens x rate", head: []string{"class", "tokens", "USD per 1M", "= USD", ""}}
	sum := tracefmt.USD(0)
	for _, c := range bill {
		sum += c.Cost
		n := Count(c.Tokens)
		if c.Tokens == 0 {
			n = "1"
		}
		g.rows = append(g.rows, []string{c.Class, n, c.PerMillion.String(), c.Cost.String(), c.Note})
	}
	verdict := "equals the computed cost exactly"
	if !p.Adds() {
		verdict = "does NOT equal the computed cost"
	}
	g.rows = append(g.rows, []string{"sum", "", "", sum.String(), verdict})
	return g
}

// The JSON forms.

type basisJSON struct {
	Basis string   `json:"basis"`
	Rule  string   `json:"rule"`
	Calls int64    `json:"calls"`
	Cost  *Dollars `json:"cost_usd"` // null: not known
	Pico  *string  `json:"cost_pico"`
}

type chargeJSON struct {
	Class      string  `json:"class"`
	Tokens     int64   `json:"tokens"`
	PerMillion Dollars `json:"usd_per_million"`
	Cost       Dollars `json:"cost_usd"`
	Note       string  `json:"note,omitempty"`
}

type callJSON struct {
	ID       string       `json:"id"`
	Run      string       `json:"run"`
	Source   string       `json:"source"`
	Line     *int64       `json:"line"`
	Offset   int64        `json:"offset"`
	Length   int64        `json:"length"`
	Path     []string     `json:"path"` // workflow, agent, step
	Model    string       `json:"model,omitempty"`
	Provider string       `json:"provider,omitempty"`
	Tool     string       `json:"tool,omitempty"`
	Basis    string       `json:"basis"`
	Rule     string       `json:"rule"`
	Cost     *Dollars     `json:"cost_usd"`
	Pico     *string      `json:"cost_pico"`
	Recorded *Dollars     `json:"recorded_usd"`
	Computed *Dollars     `json:"computed_usd"`
	PriceRow string       `json:"price_row,omitempty"`
	Found    string       `json:"price_found,omitempty"`
	AsOf     string       `json:"prices_as_of,omitempty"`
	Bill     []chargeJSON `json:"bill,omitempty"`
	Adds     bool         `json:"bill_adds_up"`
	Attempts []string     `json:"attempts,omitempty"`
	Notes    []string     `json:"notes,omitempty"`
}

type proofJSON struct {
	By     []string    `json:"by"`
	Path   []string    `json:"path"`
	Cost   *Dollars    `json:"cost_usd"`
	Pico   *string     `json:"cost_pico"`
	Lower  bool        `json:"lower_bound"`
	Calls  int64       `json:"calls"`
	Runs   int64       `json:"runs"`
	Parts  []basisJSON `json:"parts"`
	Agrees bool        `json:"agrees"`
	Dear   []callJSON  `json:"dearest"`
	Others int64       `json:"other_calls"`
	Rest   *Dollars    `json:"other_calls_usd"`
}

func pico(v tracefmt.USD, known bool) *string {
	s := strconv.FormatInt(int64(v), 10)
	return number(s, known)
}

// WriteJSON writes the chain of proof as one JSON object.
func (p *Proof) WriteJSON(w io.Writer) error {
	known := p.Total.CostKnown()
	n, rest := p.rest()
	out := proofJSON{By: []string{}, Path: append([]string{}, p.Path...), Cost: dollars(p.Total.Cost, known), Pico: pico(p.Total.Cost, known), Lower: p.Total.Incomplete(),
		Calls: p.Total.Calls, Runs: p.Total.Runs, Parts: []basisJSON{}, Agrees: p.Agrees(), Dear: []callJSON{}, Others: n, Rest: dollars(rest, known)}
	for _, d := range p.By {
		out.By = append(out.By, d.String())
	}
	for _, b := range p.Listed() {
		s := p.Sums[b]
		out.Parts = append(out.Parts, basisJSON{b.String(), b.Rule(), s.Calls, dollars(s.Cost, b.Known()), pico(s.Cost, b.Known())})
	}
	for i := range p.Dear {
		out.Dear = append(out.Dear, p.Dear[i].json())
	}
	return writeJSON(w, out)
}

// WriteCallProofs writes how the costs of calls come about as one JSON object.
func WriteCallProofs(w io.Writer, list []CallProof) error {
	var out struct {
		Calls []callJSON `json:"calls"`
	}
	for i := range list {
		out.Calls = append(out.Calls, list[i].json())
	}
	return writeJSON(w, out)
}

func (p *CallProof) json() callJSON {
	b := p.Basis()
	out := callJSON{ID: p.ID, Run: p.Run, Source: p.Source, Line: number(p.Line, p.Line > 0), Offset: p.Src.Offset, Length: p.Src.Length,
		Path: []string{p.Workflow, p.Agent, p.Step}, Model: p.Model, Provider: p.Provider, Tool: p.Tool, Basis: b.String(), Rule: b.Rule(),
		Cost: dollars(p.Cost, b.Known()), Pico: pico(p.Cost, b.Known()), Recorded: dollars(p.Recorded, p.HasRecorded), Computed: dollars(p.Computed, p.HasComputed),
		Found: p.Found, Adds: p.Adds(), Attempts: p.Attempts, Notes: p.Notes()}
	if p.Price != nil {
		out.PriceRow, out.AsOf = p.Price.Provider+"/"+p.Price.ID, p.AsOf
	}
	for _, c := range p.Charges() {
		out.Bill = append(out.Bill, chargeJSON{c.Class, c.Tokens, Dollars(c.PerMillion), Dollars(c.Cost), c.Note})
	}
	return out
}
