package tracefmt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ReadMap reads a mapping file. name is for messages, which give the line; a name that ends in .toml says that text is TOML.
func ReadMap(text []byte, name string) (*Map, error) {
	m := &Map{Name: name, text: bytes.Clone(text)}
	c := mapFile{m: m, rows: shapeOf(), whole: shapeOf()}
	root, err := mapNodes(text, name)
	if err == nil {
		err = c.top(root)
	}
	var at *mapError
	switch {
	case errors.As(err, &at) && at.line > 0:
		return nil, fmt.Errorf("%s:%d: %w", name, at.line, at.err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// A mapError is an error with its line.
type mapError struct {
	line int
	err  error
}

func (e *mapError) Error() string { return e.err.Error() }
func (e *mapError) Unwrap() error { return e.err }

func mapErr(n *yaml.Node, format string, args ...any) error {
	return &mapError{n.Line, fmt.Errorf(format, args...)}
}

// yamlLine is how the YAML library begins its messages.
var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// mapNodes parses a mapping file.
func mapNodes(text []byte, name string) (*yaml.Node, error) {
	if len(text) > MaxMapSize {
		return nil, errors.New("larger than 1 MiB: that is no mapping")
	}
	if strings.HasSuffix(strings.ToLower(name), ".toml") {
		return tomlNodes(text)
	}
	var doc, more yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&doc); err != nil {
		if err == io.EOF {
			return nil, errors.New("an empty mapping: " + mapHint)
		}
		at := yamlLine.FindStringSubmatch(err.Error())
		plain := errors.New(yamlLine.ReplaceAllString(err.Error(), ""))
		if len(at) > 1 && at[1] != "" {
			var line int
			fmt.Sscan(at[1], &line)
			return nil, &mapError{line, plain}
		}
		return nil, plain
	}
	if err := in.Decode(&more); err != io.EOF {
		return nil, mapErr(&more, "a second document: a mapping is one")
	}
	return doc.Content[0], nil
}

const mapHint = "it needs fields: and under it lines like input_tokens: usage.prompt_tokens"

// A mapFile is a mapping while its file is read.
type mapFile struct {
	m           *Map
	rows, whole *shape
}

// eachMember calls do with the members of an object.
func eachMember(n *yaml.Node, what string, do func(key string, at, v *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return mapErr(n, "%s must hold names and values (name: value)", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			return mapErr(k, "a name must be plain text")
		case v.Kind == yaml.AliasNode || v.Anchor != "":
			return mapErr(v, "anchors and aliases (& and *) are not read; quote a value that begins with one")
		case seen[k.Value]:
			return mapErr(k, "%s stands there twice", k.Value)
		}
		seen[k.Value] = true
		if err := do(k.Value, k, v); err != nil {
			return err
		}
	}
	return nil
}

// top reads the whole file.
func (c *mapFile) top(root *yaml.Node) error {
	var fields, where *yaml.Node // both need to know the records
	parts := map[string]func(at, v *yaml.Node) error{
		"match":                     c.match,
		"records":                   c.records,
		"where":                     func(_, v *yaml.Node) error { where = v; return nil },
		"fields":                    func(_, v *yaml.Node) error { fields = v; return nil },
		"input_includes_cache":      func(_, v *yaml.Node) error { c.m.saysCache = true; return isFalse(v, &c.m.cacheBeside) },
		"output_includes_reasoning": func(_, v *yaml.Node) error { return isFalse(v, &c.m.reasonBeside) },
	}
	err := eachMember(root, "a mapping", func(key string, at, v *yaml.Node) error {
		read := parts[key]
		if read == nil {
			hint := "match, records, where, fields, input_includes_cache, output_includes_reasoning"
			if mapFieldOf(key) != nil {
				hint = "fields stand under fields:"
			}
			return mapErr(at, "there is no %q here: %s", key, hint)
		}
		return read(at, v)
	})
	if err != nil {
		return err
	}
	if fields == nil {
		return mapErr(root, "no fields: %s", mapHint)
	}
	if where != nil {
		if err := c.conditions(where); err != nil {
			return err
		}
	}
	if err := c.fields(fields); err != nil {
		return err
	}
	return c.close(fields)
}

// close makes the readers of what was found.
func (c *mapFile) close(fields *yaml.Node) error {
	m := c.m
	m.row = row{shape: c.rows, begin: m.begin, finish: m.finish}
	for i := range m.rules {
		switch f := mapFieldOf(m.rules[i].name); {
		case f == nil:
		case f.kind == mapCount, f.kind == mapMoney, f.name == "total_tokens":
			return nil
		}
	}
	return mapErr(fields, "neither tokens nor a cost: name at least one of input_tokens, output_tokens and cost")
}

// isFalse reads a boolean and sets to when it is false.
func isFalse(v *yaml.Node, to *bool) error {
	if v.Kind != yaml.ScalarNode || v.Value != "true" && v.Value != "false" {
		return mapErr(v, "must be true or false")
	}
	*to = v.Value == "false"
	return nil
}

// scalars reads one scalar or a list of them.
func scalars(v *yaml.Node) (list []string, err error) {
	all := []*yaml.Node{v}
	if v.Kind == yaml.SequenceNode {
		all = v.Content
	}
	for _, n := range all {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return nil, mapErr(n, "must be text, a number, true or false")
		}
		list = append(list, n.Value)
	}
	if len(list) == 0 {
		return nil, mapErr(v, "an empty list")
	}
	return list, nil
}

// match reads the keys by which a source is known.
func (c *mapFile) match(_, v *yaml.Node) error {
	if v.Kind == yaml.MappingNode {
		return eachMember(v, "match", func(key string, _, v *yaml.Node) error {
			if v.Kind != yaml.ScalarNode {
				return mapErr(v, "match: the value of %s must be plain", key)
			}
			c.m.match = append(c.m.match, mapMatch{key, v.Value, v.Tag != "!!null"})
			return nil
		})
	}
	keys, err := scalars(v)
	for _, k := range keys {
		c.m.match = append(c.m.match, mapMatch{key: k})
	}
	return err
}

// rule makes a new rule.
func (c *mapFile) rule(at *yaml.Node, name string, rare bool) (int, error) {
	if len(c.m.rules) == maxMapRules {
		return 0, mapErr(at, "more than %d fields and conditions", maxMapRules)
	}
	c.m.rules = append(c.m.rules, mapRule{name: name, rare: rare})
	return len(c.m.rules) - 1, nil
}

// checkPath refuses what cannot be a path.
func checkPath(at *yaml.Node, path string) error {
	if path == "" || len(path) > 1000 {
		return mapErr(at, "a path must have 1 to 1000 bytes")
	}
	for rest := path; rest != ""; {
		name, next := cutPath(rest)
		name = strings.TrimSuffix(name, "[]")
		switch {
		case name == "", next == "" && strings.HasSuffix(rest, ".") && !strings.HasSuffix(rest, `\.`):
			return mapErr(at, "%q is no path: a name between two dots is missing", path)
		case strings.ContainsAny(name, "[]"):
			return mapErr(at, `%q is no path: behind a name only [] can stand, for every element`, path)
		}
		rest = next
	}
	return nil
}

// records reads where records stand.
func (c *mapFile) records(at, v *yaml.Node) error {
	if v.Kind != yaml.ScalarNode {
		return mapErr(v, "records must be one path")
	}
	path := strings.TrimSuffix(strings.TrimPrefix(v.Value, "$."), "[]")
	if err := checkPath(v, path); err != nil {
		return err
	}
	n, err := c.rule(at, "records", false)
	if err != nil {
		return err
	}
	c.m.rules[n].paths = []string{v.Value}
	c.m.records, c.m.whole = shapeOf(), c.whole
	c.m.records.at(path).read = mapRecords(n, &c.m.row)
	return nil
}

// place adds a reader at a path, whatever else is read there.
func (c *mapFile) place(path string, read flatReader) {
	root := c.rows
	if rest, ok := strings.CutPrefix(path, "$."); ok {
		if path = rest; c.m.records != nil {
			root = c.whole
		}
	}
	n := root.at(path)
	if n.read == nil {
		n.read = read
		return
	}
	first := n.read
	n.read = func(d *Decoder, r *Record) error {
		from := d.scan.at
		if err := first(d, r); err != nil || d.scan.err != nil {
			return err
		}
		d.scan.at = from
		return read(d, r)
	}
}

// conditions reads where.
func (c *mapFile) conditions(v *yaml.Node) error {
	return eachMember(v, "where", func(path string, at, v *yaml.Node) error {
		if err := checkPath(at, strings.TrimPrefix(path, "$.")); err != nil {
			return err
		}
		n, err := c.rule(at, "where", false)
		if err != nil {
			return err
		}
		list, err := scalars(v)
		if err != nil {
			return err
		}
		wanted := map[string]bool{}
		for _, w := range list {
			wanted[w] = true
		}
		c.m.rules[n].paths = []string{path}
		c.m.where = append(c.m.where, n)
		c.place(path, mapCondition(n, wanted))
		return nil
	})
}
