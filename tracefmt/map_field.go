package tracefmt

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The fields of a mapping file.

// fields reads all of them.
func (c *mapFile) fields(v *yaml.Node) error {
	seen := map[*mapField]bool{}
	return eachMember(v, "fields", func(name string, at, v *yaml.Node) error {
		if name == "tags" && v.Kind == yaml.MappingNode {
			return eachMember(v, "tags", func(key string, at, v *yaml.Node) error {
				return c.field(mapFieldOf("tags."+key), "tags."+key, at, v)
			})
		}
		f := mapFieldOf(name)
		if f != nil && seen[f] {
			return mapErr(at, "%s is another name of %s, which is there already", name, f.name)
		}
		seen[f] = true
		return c.field(f, name, at, v)
	})
}

// field reads what gives one field: a path, an object that says more, or a list of these.
func (c *mapFile) field(f *mapField, name string, at, v *yaml.Node) error {
	if f == nil {
		return mapErr(at, "there is no field %q: %s", name, likeField(name))
	}
	n, err := c.rule(at, f.name, f.rare)
	if err != nil {
		return err
	}
	all := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		all = v.Content
	}
	if len(all) == 0 || len(all) > maxMapPaths {
		return mapErr(v, "%s: from 1 to %d paths", name, maxMapPaths)
	}
	for i, alt := range all {
		if err := c.alternative(f, n, uint8(i+1), alt); err != nil {
			return err
		}
	}
	if rule := &c.m.rules[n]; len(rule.paths) == 0 { // a constant is never missing
		rule.rare = true
	}
	return nil
}

// likeField names what may have been meant.
func likeField(name string) string {
	squeezed := string(squeezeName(nil, []byte(name)))
	for _, g := range columnGroups {
		if f := mapFieldOf(mapNameOf(g.field)); f != nil && slices.Contains(strings.Fields(g.names), squeezed) {
			return "did you mean " + f.name + "?"
		}
	}
	var names []string
	for i := range mapFields {
		names = append(names, mapFields[i].name)
	}
	return "use " + strings.Join(names, ", ") + ", tags.NAME"
}

// mapNameOf is the field of a mapping that a column under a usual name fills; "" where there is none.
func mapNameOf(column string) string {
	switch column {
	case "duration_ms", "duration_s":
		return "duration"
	case "cost_cents":
		return "cost"
	case "thoughts":
		return "reasoning_tokens"
	case "success", "failed":
		return "status"
	}
	if f := mapFieldOf(column); f != nil {
		return f.name
	}
	return ""
}

// A mapSpec is one alternative for a field, as written.
type mapSpec struct {
	paths    []string
	constant string
	fixed    bool // constant is there
	sum      bool
	unit     string
	words    map[string][]byte
}

func (c *mapFile) alternative(f *mapField, rule int, rank uint8, v *yaml.Node) error {
	spec, err := readSpec(f, v)
	if err != nil {
		return err
	}
	read, err := f.reader(spec.unit)
	if err != nil {
		return mapErr(v, "%w", err)
	}
	if spec.fixed {
		if f.kind == mapCount || f.kind == mapMoney || f.name == "id" || f.name == "total_tokens" {
			return mapErr(v, "%s cannot be the same for all calls", f.name)
		}
		c.m.constants = append(c.m.constants, mapConstant{rule, appendJSONText(nil, []byte(spec.constant)), read})
		return nil
	}
	if spec.sum && f.kind != mapCount && f.kind != mapMoney {
		return mapErr(v, "%s cannot be a sum", f.name)
	}
	p := &mapRead{rule: rule, rank: rank, field: f, sum: spec.sum, words: spec.words, read: read}
	for _, path := range spec.paths {
		if strings.HasPrefix(path, "$.") && c.m.records != nil && !f.whole {
			return mapErr(v, "%s: %s holds one value for all records, which %s cannot be", f.name, path, f.name)
		}
		if err := checkPath(v, strings.TrimPrefix(path, "$.")); err != nil {
			return err
		}
		c.m.rules[rule].paths = append(c.m.rules[rule].paths, path)
		c.place(path, p.into)
	}
	return nil
}

// readSpec reads one alternative.
func readSpec(f *mapField, v *yaml.Node) (s mapSpec, err error) {
	if v.Kind == yaml.ScalarNode && v.Tag != "!!null" {
		s.paths = []string{v.Value}
		return s, nil
	}
	if v.Kind != yaml.MappingNode {
		return s, mapErr(v, "%s must be a path, {path: ...}, {const: ...} or a list of these", f.name)
	}
	err = eachMember(v, f.name, func(key string, at, v *yaml.Node) (err error) {
		switch key {
		case "path":
			if s.paths = append(s.paths, v.Value); v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
				return mapErr(v, "path must be one path")
			}
		case "sum":
			s.paths, err = scalars(v)
			s.sum = true
		case "const":
			if s.constant, s.fixed = v.Value, true; v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
				return mapErr(v, "const must be plain text or a number")
			}
		case "unit":
			if s.unit = v.Value; v.Kind != yaml.ScalarNode || s.unit == "" {
				return mapErr(v, "unit must be one word")
			}
		case "values":
			s.words, err = readWords(v)
		default:
			return mapErr(at, "there is no %q here: path, sum, const, unit, values", key)
		}
		return err
	})
	if err == nil && (s.fixed == (len(s.paths) > 0) || s.sum && len(s.paths) > maxMapPaths) {
		err = mapErr(v, "%s needs one of path, sum and const", f.name)
	}
	return s, err
}

// readWords reads what values of the trace stand for.
func readWords(v *yaml.Node) (map[string][]byte, error) {
	words := map[string][]byte{}
	return words, eachMember(v, "values", func(key string, _, v *yaml.Node) error {
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return mapErr(v, "values: what %s stands for must be plain text", key)
		}
		words[key] = appendJSONText(nil, []byte(v.Value))
		return nil
	})
}
