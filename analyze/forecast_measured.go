package analyze

import (
	"fmt"
	"math"
)

// LoadFactor is MeasuredLoad at so many times the load of the pilot, with why it is what it is. times 0: not stated.
func LoadFactor(l *LoadReport, times float64) ScenarioFactor {
	f := MeasuredLoad(l.Elasticity, times)
	f.Note = fmt.Sprintf("at %s the load, by the pilot's elasticity of %.2f", Times(times), l.Elasticity)
	switch {
	case times <= 0:
		f.Note = "not measured: say with --load how many times the pilot's load production has"
	case math.IsNaN(l.Elasticity):
		f.Note = "not measured: the pilot's load did not vary enough"
	}
	return f
}

// GrowthFactor is MeasuredContext over all agents, each by its part of the cost. t groups the scope by workflow and agent.
func GrowthFactor(drifts []Drift, t *Table, weeks float64, p *PromptTotals) ScenarioFactor {
	sum := ScenarioFactor{Name: "context", Value: 1, Origin: OriginNone, Note: "not measured: no agent's prompts show a trend over weeks"}
	agents := 0
	for i := range drifts {
		d := &drifts[i]
		f := d.Weeks.MeasuredContext(weeks, p.InputShare(), p.Largest, p.Window)
		if f.Origin != OriginMeasured {
			continue
		}
		agents++
		sum.Value += (f.Value - 1) * ratio(int64(t.costOf(d.Workflow, d.Agent)), int64(t.Total.Cost))
		sum.Origin, sum.Note = OriginMeasured, f.Note
	}
	if agents > 0 && sum.Note == "" {
		sum.Note = fmt.Sprintf("prompts of %s go on growing for %.3g weeks", plural(int64(agents), "agent"), weeks)
	}
	return sum
}

// costOf is the cost of the row with that path.
func (t *Table) costOf(path ...string) Dollars {
	for i, name := range path {
		if name == "" {
			path[i] = None
		}
	}
	key := namesKey(path)
	for i := range t.Rows {
		if namesKey(t.Rows[i].Path) == key {
			return Dollars(t.Rows[i].Cost)
		}
	}
	return 0
}
