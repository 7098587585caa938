package analyze

import (
	"encoding/xml"
	"fmt"
	"io"
	"time"

	"costscope/tracefmt"
)

// MetricBudget is the metric of a budget's line among the limits.
const MetricBudget = "budget"

// Judge says how a budget comes out that stands as s says: it fails when it is spent or one of its alerts fires. calls are those of its
// scope; partial: some of them have an unknown cost.
func (b *Budget) Judge(s *BudgetState, calls int64, partial bool) LimitResult {
	r := LimitResult{Metric: MetricBudget, Scope: b.title(), Value: Fraction(float64(s.Spent) / 1e12), Max: b.Amount.Float(), Result: ResultPass, Sample: calls}
	period := periodText(b.Period)
	switch spent := Money(tracefmt.USD(s.Spent)) + " of " + Money(b.Amount) + " for " + period; {
	case s.Over:
		r.Result, r.Why = ResultFail, spent+" are spent: it is over"
	case len(s.Alerts) > 0:
		a := s.Alerts[0]
		r.Result, r.Why = ResultFail, fmt.Sprintf("%s are spent, at %s the pace that lasts (%s over %s, above %s)", spent, Times(float64(s.Burn)),
			Times(float64(a.LongBurn)), periodText(time.Duration(float64(a.LongHours)*float64(time.Hour))), Times(float64(a.Rate)))
	case calls == 0:
		r.Result, r.Why = ResultInsufficient, "no call in this scope"
	case partial:
		r.Result, r.Why = ResultInsufficient, "incomplete: "+spent+" are spent, but calls of unknown cost are not in it"
	default:
		r.Why = spent + " are spent, " + usdText(float64(s.Projected)) + " at this pace"
	}
	return r
}

func (b *Budget) title() string {
	switch {
	case b.Name == "":
		return b.Scope.String()
	case len(b.Scope) == 0:
		return b.Name
	}
	return b.Name + " (" + b.Scope.String() + ")"
}

// Add joins a result to a gate.
func (g *Gate) Add(r LimitResult) {
	g.Limits = append(g.Limits, r)
	switch {
	case r.Result == ResultFail:
		g.Result = ResultFail
	case r.Result == ResultInsufficient && !r.Optional && g.Result == ResultPass:
		g.Result = ResultInsufficient
	}
}

// A GateReport is a gate to be shown.
type GateReport struct {
	Gate
	Unpriced []UnpricedModel `json:"unpriced_models"` // of all calls looked at
	Prices   PriceInfo       `json:"prices"`

	Subject string `json:"-"`
}

// An UnpricedModel is an Unpriced in JSON.
type UnpricedModel struct {
	Model  string `json:"model"`
	Calls  int64  `json:"calls"`
	Tokens int64  `json:"tokens"`
}

// WriteJSON writes the gate as one JSON object (contract, section 2).
func (r *GateReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteText writes the gate for people.
func (r *GateReport) WriteText(w io.Writer) error { return r.page().writeText(w) }

// WriteMarkdown writes the gate for a pull request.
func (r *GateReport) WriteMarkdown(w io.Writer) error { return r.page().writeMarkdown(w) }

// count is how many limits came out so; optional ones without enough data are not among them.
func (r *GateReport) count(result string) (n int) {
	for i := range r.Limits {
		if l := &r.Limits[i]; l.Result == result && !(l.Optional && result == ResultInsufficient) {
			n++
		}
	}
	return n
}

// Summary is the gate in one line.
func (r *GateReport) Summary() string {
	all := int64(len(r.Limits))
	switch r.Result {
	case ResultFail:
		return fmt.Sprintf("%d of %s failed", r.count(ResultFail), plural(all, "limit"))
	case ResultInsufficient:
		return fmt.Sprintf("not enough data for %d of %s", r.count(ResultInsufficient), plural(all, "limit"))
	}
	return plural(all, "limit") + " kept"
}

func (r *GateReport) page() *page {
	p := &page{title: "costscope check", under: Clean(r.Subject), facts: [][2]string{{"result", r.Result + ": " + r.Summary()}}}
	g := grid{title: "limits", head: []string{"", "metric", "scope", "why", "sample"}, text: 4, left: true}
	for i := range r.Limits {
		l := &r.Limits[i]
		result := map[string]string{ResultPass: "✓ pass", ResultFail: "✗ fail", ResultInsufficient: "? insufficient"}[l.Result]
		if l.Optional {
			result += " (optional)"
		}
		g.rows = append(g.rows, []string{result, l.Metric, Clean(l.Scope), Clean(l.Why), l.sampleText()})
	}
	p.grids = append(p.grids, g)
	for i, u := range r.Unpriced {
		if i == 10 {
			p.notes = append(p.notes, fmt.Sprintf("%d more models without a price", len(r.Unpriced)-i))
			break
		}
		p.notes = append(p.notes, fmt.Sprintf("no price for %s: %s, %s tokens", Clean(u.Model), plural(u.Calls, "call"), Tokens(u.Tokens)))
	}
	return p
}

func (l *LimitResult) sampleText() string {
	noun := "call"
	if m, err := FindMetric(l.Metric); err == nil {
		noun = m.Sample
	}
	return plural(l.Sample, noun)
}

// The parts of a JUnit file.
type (
	junitSuites struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Suite    junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string      `xml:"classname,attr"`
		Name    string      `xml:"name,attr"`
		Time    string      `xml:"time,attr"`
		Skipped *junitEvent `xml:"skipped"`
		Error   *junitEvent `xml:"error"`
		Failure *junitEvent `xml:"failure"`
		Out     string      `xml:"system-out,omitempty"`
	}
	junitEvent struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the gate as JUnit XML: a test case for each limit. Too little data is an error of the test; of an optional limit it
// skips the test.
func (r *GateReport) WriteJUnit(w io.Writer) error {
	s := junitSuite{Name: "costscope check", Tests: len(r.Limits), Time: "0"}
	for i := range r.Limits {
		c := r.Limits[i].junit()
		s.Cases = append(s.Cases, c)
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Name: s.Name, Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (l *LimitResult) junit() junitCase {
	c := junitCase{Class: "costscope." + l.Metric, Name: l.Metric + " of " + Clean(l.Scope), Time: "0"}
	why := Clean(l.Why)
	switch {
	case l.Result == ResultFail:
		c.Failure = &junitEvent{why, "limit", why + "\nsample: " + l.sampleText()}
	case l.Result == ResultInsufficient && l.Optional:
		c.Skipped = &junitEvent{Message: why}
	case l.Result == ResultInsufficient:
		c.Error = &junitEvent{why, "insufficient", why + "\nsample: " + l.sampleText()}
	default:
		c.Out = why
	}
	return c
}
