package analyze

import (
	"slices"
	"strings"
)

// A Mark is what a person left at a path: a flag, a note, or both. By and Path are the dimensions that the path goes through and the names
// there, as they stand in the trace ("" is None). It belongs to the path alone: filters and times do not matter.
type Mark struct {
	By      []Dimension `json:"by"`
	Path    []string    `json:"path"`
	Flagged bool        `json:"flagged,omitempty"`
	Note    string      `json:"note,omitempty"`
}

// Marks is what a person left with a store.
type Marks struct {
	List []Mark   `json:"marks,omitempty"` // in the order in which they were made; at most one for each path
	Last *Spot    `json:"last,omitempty"`  // where the explorer was left; nil: nowhere yet
	Used []string `json:"used,omitempty"`  // names of the hints that did their work

	Filters []string `json:"filters,omitempty"` // set by hand, the latest first
}

// A Spot is where someone was in the explorer, and how things were shown.
type Spot struct {
	Levels  []Level `json:"levels"`         // the tables that were gone through; the last one is visible
	Lens    string  `json:"lens,omitempty"` // by its name
	Zoom    string  `json:"zoom,omitempty"` // the lens that fills the screen
	Sort    string  `json:"sort,omitempty"` // id of a column
	Up      bool    `json:"up,omitempty"`   // smallest first
	Measure string  `json:"measure,omitempty"`
	PerCall bool    `json:"per_call,omitempty"`
	Log     bool    `json:"log,omitempty"`
}

// A Level is one table of a Spot. Row is the name under the cursor, through which the next level was opened.
type Level struct {
	By      Dimension `json:"by"`
	Row     *string   `json:"row,omitempty"` // nil: the first
	Filters []Pred    `json:"filters,omitempty"`
	Search  string    `json:"search,omitempty"` // of names in the table
}

// MarkKey tells paths apart. The order in which one goes through the dimensions does not matter: the calls are the same.
func MarkKey(by []Dimension, path []string) string {
	parts := make([]string, min(len(by), len(path)))
	for i := range parts {
		parts[i] = by[i].String() + "\x00" + path[i]
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "\x00\x00")
}

// Key tells marks apart: it is the key of the path.
func (m *Mark) Key() string { return MarkKey(m.By, m.Path) }

// Where are the conditions that the calls of the path meet.
func (m *Mark) Where() []Pred {
	var w []Pred
	for i := range min(len(m.By), len(m.Path)) {
		w = append(w, Pred{Dimension: m.By[i], Op: OpEqual, Text: m.Path[i]})
	}
	return w
}

// Find returns the mark of a path; the zero flag and no note where there is none.
func (m *Marks) Find(by []Dimension, path []string) Mark {
	if i := m.find(MarkKey(by, path)); i >= 0 {
		return m.List[i]
	}
	return Mark{By: slices.Clone(by), Path: slices.Clone(path)}
}

func (m *Marks) find(key string) int {
	return slices.IndexFunc(m.List, func(x Mark) bool { return x.Key() == key })
}

// Set puts x in the place of the mark of its path. One without flag and note goes.
func (m *Marks) Set(x Mark) {
	i := m.find(x.Key())
	empty := !x.Flagged && x.Note == ""
	switch {
	case i < 0 && !empty:
		m.List = append(m.List, x)
	case i >= 0 && empty:
		m.List = slices.Delete(slices.Clone(m.List), i, i+1)
	case i >= 0:
		m.List = slices.Clone(m.List)
		m.List[i] = x
	}
}

// Flagged lists the marks with a flag.
func (m *Marks) Flagged() []Mark {
	return slices.DeleteFunc(slices.Clone(m.List), func(x Mark) bool { return !x.Flagged })
}

// Below are the marks of paths that are one name longer than a path, by that name; d is the dimension that it is of.
func (m *Marks) Below(by []Dimension, path []string, d Dimension) map[string]Mark {
	var found map[string]Mark
	for _, x := range m.List {
		i := slices.Index(x.By, d)
		if i < 0 || i >= len(x.Path) || x.Key() != MarkKey(append(slices.Clip(by), d), append(slices.Clip(path), x.Path[i])) {
			continue
		}
		if found == nil {
			found = map[string]Mark{}
		}
		found[x.Path[i]] = x
	}
	return found
}

// MarshalText writes a dimension as people do: agent, tag:env.
func (d Dimension) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes; a name that is no dimension's is a tag's.
func (d *Dimension) UnmarshalText(b []byte) error {
	*d = fieldDimension(string(b))
	return nil
}

// MarshalText writes a condition as ParsePred reads it.
func (p Pred) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (p *Pred) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePred(string(b))
	return err
}
