package analyze

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strings"

	"costscope/tracefmt"
)

// A Picture is a drawn figure: a file beside the report.
type Picture struct {
	Name string // of the file, safe in any file system and link
	Body []byte
}

// Draw draws the export's figures. A figure that cannot be drawn is left to its table; why is the first reason.
func (x *Export) Draw(draw func(Figure) ([]byte, error)) (pictures map[Figure]Picture, why error) {
	pictures = map[Figure]Picture{}
	add := func(n int, f Figure) {
		body, err := draw(f)
		if err != nil {
			if why == nil {
				why = fmt.Errorf("draw %s: %w", f.Name(), err)
			}
			return
		}
		pictures[f] = Picture{fmt.Sprintf("%02d-%s.svg", n, f.Name()), body}
	}
	for _, f := range x.Figures {
		add(0, f)
	}
	for i := range x.Paths {
		for _, f := range x.Paths[i].Figures {
			add(i+1, f)
		}
	}
	return pictures, why
}

// EachPicture visits the pictures in the order of the report.
func (x *Export) EachPicture(pictures map[Figure]Picture, do func(Picture) error) error {
	list := x.Figures
	for i := range x.Paths {
		list = append(list[:len(list):len(list)], x.Paths[i].Figures...)
	}
	for _, f := range list {
		if p, ok := pictures[f]; ok {
			if err := do(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteMarkdown writes the report. pictures, which may be empty, lie in folder, as seen from the report.
func (x *Export) WriteMarkdown(w io.Writer, pictures map[Figure]Picture, folder string) error {
	b := bufio.NewWriter(w)
	m := exportWriter{Writer: b, x: x, pictures: pictures, folder: folder}
	m.head()
	m.answers()
	m.overview()
	for i := range x.Paths {
		m.path(i)
	}
	m.origin()
	return b.Flush()
}

// An exportWriter writes the markdown of an export.
type exportWriter struct {
	*bufio.Writer
	x        *Export
	pictures map[Figure]Picture
	folder   string
}

// line writes a line of markdown.
func (m *exportWriter) line(parts ...string) {
	for _, p := range parts {
		m.WriteString(p)
	}
	m.WriteByte('\n')
}

func (m *exportWriter) head() {
	r := m.x.Report
	m.line("# Where the money goes\n")
	m.line(escape(r.subject()), "\n")
	m.line("**Total cost: ", escape(r.costLine()), "**\n")
}

// answers are the questions that everybody asks first.
func (m *exportWriter) answers() {
	r := m.x.Report
	m.line("## The four answers\n")
	for i, a := range [...]struct{ question, answer, none string }{
		{"What does a successful outcome cost?", r.successLine(), "Unknown: no run with a known cost states how it ended."},
		{"Where does spend spike under load?", r.loadLine(), "Unknown: no call with a known cost states when it began."},
		{"Which flows are efficient, and which are wasteful?", r.flowLine(), "Unknown: no call has a known cost."},
		{"What happens to cost when accuracy drops?", r.accuracyLine(), "Unknown: no success and failure, and no score, to compare."},
	} {
		text := a.answer
		if text == "" {
			text = a.none
		}
		m.line(fmt.Sprintf("%d. **%s**  ", i+1, a.question))
		m.line("   ", escape(text))
	}
	m.line()
	for _, f := range m.x.Figures {
		m.figure(f, "of everything")
	}
}

// overview lists the paths, and what is beyond them.
func (m *exportWriter) overview() {
	x := m.x
	how := "flagged by the analysis"
	if x.ByHand {
		how = "marked by hand"
	}
	m.line("## Flagged paths\n")
	if len(x.Paths) == 0 {
		m.line("None: nothing was marked, and no path with 5 % of the cost or more is past a limit.\n")
		return
	}
	m.line(plural(int64(len(x.Paths)+x.Others), "path"), " ", how, ". Paths may lie within each other; the sums count each call once.\n")
	m.line("| | path | cost | share | calls | why |")
	m.line("|---:|---|---:|---:|---:|---|")
	total := x.total()
	for i := range x.Paths {
		p := &x.Paths[i]
		m.line(fmt.Sprintf("| %d | %s | %s | %s | %s | %s |", i+1, codePath(p.Path, true), rowCost(&p.Total), Percent(ratio(int64(p.Total.Cost), int64(total.Cost))), Count(p.Total.Calls), escape(p.reasons())))
	}
	m.lot("these paths", &x.Shown, total.Cost)
	if x.Others > 0 {
		m.lot(plural(int64(x.Others), "more flagged path"), &x.Rest, total.Cost)
	}
	m.lot("calls in no flagged path", &x.Beyond, total.Cost)
	m.lot("**everything**", &total, total.Cost)
	m.line()
}

// total is what the lots add up to.
func (x *Export) total() (t Lot) {
	for _, l := range []Lot{x.Shown, x.Rest, x.Beyond} {
		t.Calls += l.Calls
		t.Cost, _ = t.Cost.Add(l.Cost)
		t.LowerBound = t.LowerBound || l.LowerBound
		t.Known = t.Known || l.Known
	}
	return t
}

func (m *exportWriter) lot(name string, l *Lot, total tracefmt.USD) {
	cost := "unknown"
	if l.Known || l.Calls == 0 {
		cost = LowerBound(Money(l.Cost), l.LowerBound)
	}
	m.line(fmt.Sprintf("| | %s | %s | %s | %s | |", name, cost, Percent(ratio(int64(l.Cost), int64(total))), Count(l.Calls)))
}

// rowCost is the cost of a row for people.
func rowCost(r *Row) string {
	if !r.CostKnown() {
		return "unknown"
	}
	return LowerBound(Money(r.Cost), r.Incomplete())
}

// reasons names the rules that flag a path.
func (p *ExportPath) reasons() string {
	var list []string
	for _, f := range p.Flags {
		list = append(list, Spaced(f.Rule))
	}
	return strings.Join(list, ", ")
}

// path shows one path in full.
func (m *exportWriter) path(i int) {
	p := &m.x.Paths[i]
	m.line(fmt.Sprintf("## %d. ", i+1), codePath(p.Path, false), "\n")
	m.line(escape(p.dims()), "\n")
	m.facts(p)
	if p.Note != "" {
		m.line("**Note**\n")
		m.line(quote(p.Note), "\n")
	}
	if len(p.Flags) > 0 {
		m.line("**Why it is flagged**\n")
		for _, f := range p.Flags {
			m.line("- ", escape(f.line()))
		}
		m.line()
	}
	for _, f := range p.Figures {
		m.figure(f, fmt.Sprintf("of path %d", i+1))
	}
	m.dearest(p)
}

// dims says what the names of a path are.
func (p *ExportPath) dims() string {
	var list []string
	for _, d := range p.By[:len(p.Path)] {
		list = append(list, Clean(d.String()))
	}
	return strings.Join(list, " ▸ ")
}

// facts are the numbers of a path.
func (m *exportWriter) facts(p *ExportPath) {
	r, total := &p.Total, m.x.total()
	m.line("| | |\n|---|---|")
	fact := func(name, text string) {
		if text != "" {
			m.line("| **", name, "** | ", escape(text), " |")
		}
	}
	share := ""
	if r.CostKnown() {
		share = Percent(ratio(int64(r.Cost), int64(total.Cost))) + " of everything"
	}
	fact("cost", join(rowCost(r), share, gap(r.Unpriced, "call", "without a price"), gap(r.NoUsage-r.Unbilled, "model call", "without token counts")))
	fact("calls", join(plural(r.Calls, "call")+" in "+plural(r.Runs, "run"), Count(r.Failed)+" failed"))
	outcomes := p.outcomes()
	if lacks := &m.x.Report.lacks; lacks.NoOutcomes(r.Success, r.Failure) {
		outcomes = lacks.notIn()
	}
	fact("outcomes", outcomes)
	if t := &p.Spread; t.N > 1 && r.CostKnown() {
		fact("cost per run", join("mean "+Money(t.Mean), "median "+Money(t.Median), "p95 "+Money(t.P95), "max "+Money(t.Max), t.gaps()))
	}
	if r.Chains > 0 {
		fact("retries", join(Percent(r.RetryRatio())+" further attempts", plural(r.Chains, "chain"), Money(r.Wasted)+" wasted ("+Percent(r.WasteShare())+" of its cost)"))
	} else if lacks := &m.x.Report.lacks; lacks.NoTries(&r.Summary) {
		fact("retries", lacks.notIn())
	}
	if c := &p.Deep.Context; c.Turns > 0 && !c.Overflow() && c.GrowthUSD()+c.OtherGrowthUSD > 0 {
		fact("context growth", join(LowerBound(Money(c.GrowthUSD()+c.OtherGrowthUSD), c.Unpriced > 0)+" beyond the first prompts", "largest prompt "+Tokens(c.MaxPrompt)+" tokens"))
	}
	m.line()
}

// outcomes counts the runs of a path by how they ended; "" where no run says so.
func (p *ExportPath) outcomes() string {
	r := &p.Total
	if r.Success+r.Failure == 0 {
		return ""
	}
	per, unknown := "", ""
	if r.Unknown > 0 {
		unknown = Count(r.Unknown) + " unknown"
	}
	if a := r.CostPerSuccess(); a.Known {
		per = LowerBound(Money(a.USD), r.Incomplete()) + " here for each success"
	}
	return join(Count(r.Success)+" succeeded", Count(r.Failure)+" failed", unknown, per)
}

// line is a finding with what it rests on.
func (f *Flag) line() string {
	sure := ""
	if f.Confidence != "exact" {
		sure = "confidence: " + f.Confidence
	}
	concerns := ""
	if f.USD > 0 {
		concerns = "concerns " + Money(f.USD)
	}
	return join(Spaced(f.Rule)+": "+Clean(f.Why), concerns, "over "+plural(f.Sample, strings.TrimSuffix(f.Of, "s")), sure)
}

// figure shows a picture with its numbers folded away, or else the numbers alone. whose tells pictures of the same kind apart.
func (m *exportWriter) figure(f Figure, whose string) {
	g := f.table()
	p, ok := m.pictures[f]
	if !ok {
		m.line("**", escape(f.Title()), "**\n")
		g.writeMarkdown(m.Writer)
		m.line()
		return
	}
	m.line("![", escape(f.Title()+", "+whose), "](", m.link(p.Name), ")\n")
	m.line("<details><summary>the same in numbers</summary>\n")
	g.writeMarkdown(m.Writer)
	m.line("\n</details>\n")
}

// link is the address of a picture, as seen from the report.
func (m *exportWriter) link(name string) string {
	var b strings.Builder
	for _, c := range []byte(url.PathEscape(m.folder) + "/" + name) {
		if strings.IndexByte("()!'*", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// dearest lists calls with their place in the source.
func (m *exportWriter) dearest(p *ExportPath) {
	if len(p.Dear) == 0 {
		m.line("No call here has a known cost.\n")
		return
	}
	m.line("**Dearest calls**\n")
	m.line("| cost | step | model or tool | tokens in | out | where |\n|---:|---|---|---:|---:|---|")
	for i := range p.Dear {
		c := &p.Dear[i]
		m.line("| ", Money(c.Cost), " | ", code(shownName(c.Step), true), " | ", code(shownName(c.what()), true), " | ", c.tokens(tracefmt.HasInput, c.Usage.Input), " | ",
			c.tokens(tracefmt.HasOutput, c.Usage.Output), " | ", code(c.Where(), true), " |")
	}
	m.line()
}

func (c *CallRow) tokens(has tracefmt.Fields, n int64) string {
	if c.Has&has == 0 {
		return Unknown
	}
	return Count(n)
}

// Where is the file and line of a call, or its bytes.
func (c *DearCall) Where() string {
	if c.Line > 0 {
		return fmt.Sprintf("%s:%d", c.Source, c.Line)
	}
	return fmt.Sprintf("%s, bytes %d to %d", c.Source, c.Src.Offset, c.Src.Offset+c.Src.Length)
}

// mostSources is how many sources are listed.
const mostSources = 30

// origin says how the numbers were made.
func (m *exportWriter) origin() {
	r := m.x.Report
	m.line("## How the numbers were made\n")
	m.line("| source | format | bytes | records | calls | skipped | duplicates |\n|---|---|---:|---:|---:|---:|---:|")
	var rest SourceInfo
	for i := range r.Sources {
		s := &r.Sources[i]
		if i >= mostSources {
			rest.Bytes, rest.Records, rest.Calls = rest.Bytes+s.Bytes, rest.Records+s.Records, rest.Calls+s.Calls
			rest.Skipped, rest.Duplicates = rest.Skipped+s.Skipped, rest.Duplicates+s.Duplicates
			continue
		}
		m.source(code(s.Path, true), s)
	}
	if n := len(r.Sources) - mostSources; n > 0 {
		m.source(plural(int64(n), "more source"), &rest)
	}
	m.line()
	for _, s := range r.Sources[:min(len(r.Sources), mostSources)] {
		for _, c := range s.Caveats {
			if toldAlready(c.Why) {
				continue
			}
			m.line("- ", code(s.Path, false), ": ", Count(c.Calls), " ", escape(c.Why))
		}
		if s.Note != "" {
			m.line("- ", code(s.Path, false), ": ", escape(Clean(s.Note)))
		}
	}
	for _, n := range r.notes() {
		m.line("- ", escape(n))
	}
	if r.Totals.LowerBound {
		m.line("- amounts with ≥ or \"at least\" are lower bounds: some costs are not known")
	}
	if r.queryOf != "" {
		m.line("- only calls that meet: ", code(r.queryOf, false))
	}
	m.line("- made by costscope ", escape(Clean(r.Version)))
}

// toldAlready says that the notes tell a caveat for all sources.
func toldAlready(why string) bool {
	for k := range Caveats {
		if k.Told() && k.String() == why {
			return true
		}
	}
	return false
}

func (m *exportWriter) source(name string, s *SourceInfo) {
	m.line("| ", name, " | ", escape(s.Format), " | ", Count(s.Bytes), " | ", Count(s.Records), " | ", Count(s.Calls), " | ", Count(s.Skipped), " | ", Count(s.Duplicates), " |")
}

// longestName is where names in a markdown report are cut.
const longestName = 120

// codePath is a path as code: names there are never read as markdown.
func codePath(path []string, inTable bool) string {
	if len(path) == 0 {
		return "everything"
	}
	parts := make([]string, len(path))
	for i, name := range path {
		parts[i] = code(shownName(name), inTable)
	}
	return strings.Join(parts, " ▸ ")
}

// code sets a name as code, in which nothing is markdown, a link or a mention.
func code(name string, inTable bool) string {
	s := cut(Clean(name), longestName)
	if inTable {
		s = strings.ReplaceAll(s, "|", `\|`)
	}
	fence, run := 1, 0
	for _, c := range s {
		if c != '`' {
			run = 0
			continue
		}
		run++
		fence = max(fence, run+1)
	}
	blank := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		blank = " "
	}
	ticks := strings.Repeat("`", fence)
	return ticks + blank + s + blank + ticks
}

// quote sets what a person wrote as a quotation, each line for itself.
func quote(text string) string {
	var b bytes.Buffer
	for i, l := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("  \n")
		}
		b.WriteString("> " + escapeStart(escape(Clean(strings.TrimSpace(l)))))
	}
	return b.String()
}

// escapeStart keeps a line from being read as a list, a rule or a heading.
func escapeStart(s string) string {
	if s != "" && strings.IndexByte("-+=", s[0]) >= 0 {
		return `\` + s
	}
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits > 0 && digits < len(s) && (s[digits] == '.' || s[digits] == ')') {
		return s[:digits] + `\` + s[digits:]
	}
	return s
}
