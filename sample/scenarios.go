package sample

// A Scenario is a story that a trace tells.
type Scenario struct {
	Name  string
	Story string
	Runs  int // when the caller does not say how many
	Days  int

	flows  []flow
	pilot  int // days at the start on which the support bot is a pilot
	creep  int64
	sprawl int   // helpers of the support crew
	storm  []int // days on which providers fail
	spike  []int // day, hour of the day, factor
	drop   []int // first and last day of poor answers
}

// A flow is a workflow with its part of the runs.
type flow struct {
	workflow string
	share    int // of all runs, relative
	features []feature
	build    func(*builder)
}

type feature struct {
	name  string
	share int
}

const pilotVersion = "0.9"

var (
	supportFlow = flow{"support-bot", 66, []feature{{"refunds", 42}, {"orders", 26}, {"billing", 20}, {"exports", 12}}, support}
	invoiceFlow = flow{"invoice-triage", 24, []feature{{"invoices", 80}, {"credit-notes", 20}}, invoice}
	reviewFlow  = flow{"code-review", 10, []feature{{"pull-requests", 85}, {"release-notes", 15}}, review}
	everything  = []flow{supportFlow, invoiceFlow, reviewFlow}
	onlySupport = []flow{supportFlow}
)

// DemoName is the scenario of the shipped trace, DemoSeed its seed.
const (
	DemoName        = "demo"
	DemoSeed uint64 = 20260824
)

// Scenarios are the stories that Generate knows.
var Scenarios = []Scenario{
	{Name: DemoName, Story: "a support bot whose pilot cost cents goes to production beside two other workflows: a heavy tail, growing prompts, " +
		"a retry storm, a load spike, a wasteful feature, and a last week of poor answers",
		Runs: 3000, Days: 30, flows: everything, pilot: 7, creep: 2300, storm: []int{17}, spike: []int{21, 14, 14}, drop: []int{23, 29}},
	{Name: "pilot", Story: "a support bot on trial: one small model, cents per run", Runs: 60, Days: 7, flows: onlySupport, pilot: 7},
	{Name: "production", Story: "three workflows in steady production, no incidents", Runs: 3000, Days: 30, flows: everything, creep: 120},
	{Name: "retry-storm", Story: "providers fail for a day: attempts multiply", Runs: 600, Days: 5, flows: everything, storm: []int{2}},
	{Name: "context-creep", Story: "every release adds to the standing prompt", Runs: 1200, Days: 28, flows: onlySupport, creep: 1600},
	{Name: "agent-sprawl", Story: "six helper agents read along in each run and cost more than the work in most", Runs: 600, Days: 7, flows: onlySupport, sprawl: 6},
	{Name: "load-spike", Story: "twenty times the traffic in one hour", Runs: 1500, Days: 4, flows: everything, spike: []int{2, 14, 20}},
	{Name: "accuracy-drop", Story: "answers get worse in the second half while costs stay", Runs: 1000, Days: 14, flows: everything, drop: []int{7, 13}},
}

// find returns the scenario of that name.
func find(name string) (*Scenario, bool) {
	for i := range Scenarios {
		if Scenarios[i].Name == name {
			return &Scenarios[i], true
		}
	}
	return nil, false
}

// releases of the support bot, spread evenly over its days in production.
var releases = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}

// release is the number of releases before this one.
func release(version string) int64 {
	for i, r := range releases {
		if r == version {
			return int64(i)
		}
	}
	return 0
}

// version is what the support bot runs on that day.
func (s *Scenario) version(day int) string {
	if day < s.pilot {
		return pilotVersion
	}
	days := s.Days - s.pilot
	n := max(1, min(len(releases), days/2))
	return releases[(day-s.pilot)*n/days]
}

// climate is what a run that starts in that hour since the beginning meets.
func (s *Scenario) climate(hour int) climate {
	day := hour / 24
	c := climate{trouble: 30, tools: 40, success: 930, loops: 20, repeats: 60}
	if s.spikes(hour) { // providers push back
		c.trouble = 140
	}
	for _, d := range s.storm {
		if d == day {
			c.trouble, c.tools = 560, 250
		}
	}
	if len(s.drop) == 2 && day >= s.drop[0] && day <= s.drop[1] {
		c.success, c.loops = 690, 30
	}
	return c
}

// traffic by the hour of the day, relative.
var traffic = [24]int64{2, 1, 1, 1, 1, 2, 4, 8, 14, 20, 24, 24, 20, 22, 24, 24, 22, 18, 14, 11, 9, 7, 5, 3}

// weight is the part of the runs that start in that hour since the beginning, relative.
func (s *Scenario) weight(hour int) int64 {
	day := hour / 24
	w := 10 * traffic[hour%24]
	if day%7 >= 5 {
		w = w * 4 / 10
	}
	if day < s.pilot && s.pilot < s.Days {
		w = w * 4 / 10
	}
	if s.spikes(hour) {
		w *= int64(s.spike[2])
	}
	return w
}

func (s *Scenario) spikes(hour int) bool {
	return len(s.spike) == 3 && hour == 24*s.spike[0]+s.spike[1]
}

// events are the things to look for.
func (s *Scenario) events() []Event {
	hour := func(h int) string { return stamp(epoch + int64(h)*hourMS) }
	var out []Event
	if s.pilot > 0 {
		out = append(out, Event{"pilot", hour(0), hour(24 * s.pilot)})
	}
	for _, d := range s.storm {
		out = append(out, Event{"storm", hour(24 * d), hour(24*d + 24)})
	}
	if len(s.spike) == 3 {
		h := 24*s.spike[0] + s.spike[1]
		out = append(out, Event{"spike", hour(h), hour(h + 1)})
	}
	if len(s.drop) == 2 {
		out = append(out, Event{"accuracy_drop", hour(24 * s.drop[0]), hour(24*s.drop[1] + 24)})
	}
	return out
}
