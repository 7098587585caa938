package analyze

import (
	"encoding/json"
	"reflect"
	"testing"
)

var (
	byWorkflow = Dimension{Dim: DimWorkflow}
	byAgent    = Dimension{Dim: DimAgent}
	byEnv      = Dimension{DimTag, "env"}
)

func TestMarksBelongToPaths(t *testing.T) {
	var m Marks
	m.Set(Mark{By: []Dimension{byWorkflow, byAgent}, Path: []string{"bot", "planner"}, Flagged: true})
	m.Set(Mark{By: []Dimension{byAgent}, Path: []string{"planner"}, Note: "on its own"})
	same := m.Find([]Dimension{byAgent, byWorkflow}, []string{"planner", "bot"}) // the same calls
	if !same.Flagged || len(m.List) != 2 {
		t.Fatalf("%+v", m.List)
	}
	same.Note = "repeats itself"
	m.Set(same)
	if len(m.List) != 2 || m.List[0].Note != "repeats itself" || len(m.Flagged()) != 1 {
		t.Errorf("%+v", m.List)
	}
	for name, x := range m.Below([]Dimension{byWorkflow}, []string{"bot"}, byAgent) {
		if name != "planner" || x.Note != "repeats itself" {
			t.Errorf("%s: %+v", name, x)
		}
	}
	if b := m.Below(nil, nil, byAgent); len(b) != 1 || b["planner"].Note != "on its own" {
		t.Errorf("%+v", b)
	}
	if b := m.Below(nil, nil, byWorkflow); len(b) != 0 {
		t.Errorf("%+v", b)
	}
	before := m.List
	m.Set(Mark{By: []Dimension{byAgent}, Path: []string{"planner"}})
	if len(m.List) != 1 || len(before) != 2 || before[1].Note == "" { // who has the list keeps it as it was
		t.Errorf("%+v, before %+v", m.List, before)
	}
}

// Names with dots, blanks and control characters come back as they are.
func TestMarksAsJSON(t *testing.T) {
	row := "a\x1b[31m"
	m := Marks{
		List: []Mark{{By: []Dimension{byWorkflow, byEnv}, Path: []string{"a ▸ b\x00", ""}, Flagged: true, Note: "see \"this\""}},
		Last: &Spot{Levels: []Level{{By: byWorkflow, Row: &row}, {By: byEnv, Filters: []Pred{{Dimension: byAgent, Op: OpMatch, Text: "my agent", Not: true}}}}, Lens: "load", Zoom: "load"},
		Used: []string{"open"},
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"marks":[{"by":["workflow","tag:env"],"path":["a ▸ b\u0000",""],"flagged":true,"note":"see \"this\""}],` +
		`"last":{"levels":[{"by":"workflow","row":"a\u001b[31m"},{"by":"tag:env","filters":["!agent~\"my agent\""]}],"lens":"load","zoom":"load"},"used":["open"]}`
	if string(b) != want {
		t.Errorf("%s", b)
	}
	var again Marks
	if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(again, m) {
		t.Errorf("%+v (%v)", again, err)
	}
}
