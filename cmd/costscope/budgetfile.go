package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"costscope/analyze"
	"costscope/tracefmt"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// maxBudgetFile bounds what is read as a budget file.
const maxBudgetFile = 1 << 20

// A budgetFile is what a trace is checked against.
type budgetFile struct {
	limits   []analyze.Limit
	budgets  []datedBudget
	baseline string // a trace; a path relative to the file's folder is made one relative to the working directory
}

// A datedBudget is a budget whose periods begin at a moment.
type datedBudget struct {
	analyze.Budget
	start    time.Time // zero: when the trace begins
	optional bool
}

// readBudgetFile reads YAML, TOML (by the name's end) or JSON. Errors name file and line.
func readBudgetFile(name string, zone *time.Location) (*budgetFile, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	root, err := budgetNodes(text, name)
	b := &budgetFile{}
	if err == nil {
		err = b.read(root, zone)
	}
	var at *lineError
	switch {
	case errors.As(err, &at) && at.line > 0:
		return nil, fmt.Errorf("%s:%d: %w", name, at.line, at.err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if b.baseline != "" && !filepath.IsAbs(b.baseline) {
		b.baseline = filepath.Join(filepath.Dir(name), b.baseline)
	}
	return b, nil
}

// A lineError is an error with its line.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func errorAt(n *yaml.Node, format string, args ...any) error {
	return &lineError{n.Line, fmt.Errorf(format, args...)}
}

// yamlPlace is how the YAML library begins its messages.
var yamlPlace = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func budgetNodes(text []byte, name string) (*yaml.Node, error) {
	if len(text) > maxBudgetFile {
		return nil, errors.New("larger than 1 MiB: that is no budget file")
	}
	if strings.HasSuffix(strings.ToLower(name), ".toml") {
		return tomlNodes(text)
	}
	var doc, more yaml.Node
	in := yaml.NewDecoder(bytes.NewReader(text))
	if err := in.Decode(&doc); err == io.EOF {
		return nil, errors.New("an empty budget file: it needs limits or budgets")
	} else if err != nil {
		place := yamlPlace.FindStringSubmatch(err.Error())
		line, _ := strconv.Atoi(append(place, "", "")[1])
		return nil, &lineError{line, errors.New(yamlPlace.ReplaceAllString(err.Error(), ""))}
	}
	if err := in.Decode(&more); err != io.EOF {
		return nil, errorAt(&more, "a second document: a budget file is one")
	}
	return doc.Content[0], nil
}

// eachMember calls do with the members of an object.
func eachMember(n *yaml.Node, what string, do func(key string, at, v *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return errorAt(n, "%s must hold names and values (name: value)", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || k.Value == "<<":
			return errorAt(k, "a name must be plain text")
		case v.Kind == yaml.AliasNode || v.Anchor != "":
			return errorAt(v, "anchors and aliases (& and *) are not read; quote a value that begins with one")
		case seen[k.Value]:
			return errorAt(k, "%s stands there twice", k.Value)
		}
		seen[k.Value] = true
		if err := do(k.Value, k, v); err != nil {
			return err
		}
	}
	return nil
}

// eachElement calls do with the elements of a list.
func eachElement(n *yaml.Node, what string, do func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return errorAt(n, "%s must be a list", what)
	}
	for _, e := range n.Content {
		if err := do(e); err != nil {
			return err
		}
	}
	return nil
}

// read reads the whole file.
func (b *budgetFile) read(root *yaml.Node, zone *time.Location) error {
	err := eachMember(root, "a budget file", func(key string, at, v *yaml.Node) error {
		switch key {
		case "limits":
			return eachElement(v, "limits", b.limit)
		case "budgets":
			return eachElement(v, "budgets", func(n *yaml.Node) error { return b.budget(n, zone) })
		case "baseline":
			return readText(v, "baseline", &b.baseline)
		}
		return errorAt(at, "there is no %q here: limits, budgets, baseline", key)
	})
	if err == nil && len(b.limits)+len(b.budgets) == 0 {
		err = errorAt(root, "neither limits nor budgets: nothing would be checked")
	}
	return err
}

// limit reads one limit.
func (b *budgetFile) limit(n *yaml.Node) error {
	l := analyze.Limit{Max: math.NaN(), Scope: analyze.Scope{}}
	var metric *analyze.Metric
	err := eachMember(n, "a limit", func(key string, at, v *yaml.Node) (err error) {
		switch key {
		case "metric":
			if err := readText(v, key, &l.Metric); err != nil {
				return err
			}
			if metric, err = analyze.FindMetric(l.Metric); err != nil {
				return errorAt(v, "%w", err)
			}
			return nil
		case "max":
			return readNumber(v, key, &l.Max)
		case "optional":
			return readBool(v, key, &l.Optional)
		case "high":
			return readBool(v, key, &l.High)
		case "runs":
			if v.Kind == yaml.ScalarNode {
				l.Runs, err = parseRuns(v.Value)
			}
			if err != nil || l.Runs == 0 {
				return errorAt(v, "runs must be a number of runs, as in 100000 or 100k")
			}
			return nil
		case "scope":
			return readScope(v, l.Scope)
		}
		return addScope(at, v, l.Scope, "a limit has metric, max, optional, runs, high, and dimensions")
	})
	switch {
	case err != nil:
		return err
	case metric == nil:
		return errorAt(n, "a limit without a metric")
	case math.IsNaN(l.Max):
		return errorAt(n, "a limit without max")
	case l.Metric == "projected_total" && l.Runs == 0:
		return errorAt(n, "projected_total needs runs: how many there are in production")
	case l.Metric != "projected_total" && l.Runs != 0:
		return errorAt(n, "runs is for projected_total")
	case l.High && !metric.High:
		return errorAt(n, "%s has no interval: high is for projected_total, cost_per_success and post_warning_share", l.Metric)
	}
	b.limits = append(b.limits, l)
	return nil
}

// budget reads one budget.
func (b *budgetFile) budget(n *yaml.Node, zone *time.Location) error {
	d := datedBudget{Budget: analyze.Budget{Scope: analyze.Scope{}}}
	err := eachMember(n, "a budget", func(key string, at, v *yaml.Node) (err error) {
		text := ""
		switch key {
		case "name":
			return readText(v, key, &d.Name)
		case "scope":
			return readScope(v, d.Scope)
		case "optional":
			return readBool(v, key, &d.optional)
		case "usd", "period", "start":
			if err := readText(v, key, &text); err != nil {
				return err
			}
			return d.set(key, text, v, zone)
		}
		return errorAt(at, "there is no %q here: a budget has name, scope, usd, period, start, optional", key)
	})
	switch {
	case err != nil:
		return err
	case d.Amount == 0:
		return errorAt(n, "a budget without usd")
	case d.Period == 0:
		return errorAt(n, "a budget without a period, as in 720h or 30d")
	}
	b.budgets = append(b.budgets, d)
	return nil
}

// set reads a value that is written as text.
func (d *datedBudget) set(key, text string, at *yaml.Node, zone *time.Location) (err error) {
	switch key {
	case "usd":
		if d.Amount, err = tracefmt.ParseUSD([]byte(strings.TrimPrefix(text, "$"))); err != nil || d.Amount <= 0 {
			return errorAt(at, "usd must be dollars above 0, as in 3000 or 99.50")
		}
	case "period":
		if d.Period, err = analyze.ParsePeriod(text); err != nil {
			return errorAt(at, "%w", err)
		}
	case "start":
		ns, err := analyze.ParseTime(text, time.Time{}, zone)
		if err != nil || ns < 0 {
			return errorAt(at, "start must be a date or a time, as in 2026-01-31")
		}
		d.start = time.Unix(0, ns)
	}
	return nil
}

func readScope(n *yaml.Node, to analyze.Scope) error {
	return eachMember(n, "scope", func(_ string, at, v *yaml.Node) error { return addScope(at, v, to, "a scope has dimensions") })
}

// addScope takes a dimension and its value.
func addScope(at, v *yaml.Node, to analyze.Scope, hint string) error {
	d, err := analyze.ParseDimension(at.Value)
	if err != nil {
		return errorAt(at, "there is no %q here: %s: %s", at.Value, hint, strings.Join(analyze.DimNames(), ", "))
	}
	value := ""
	if err := readText(v, at.Value, &value); err != nil {
		return err
	}
	if _, err := analyze.ParsePred(d.String() + "=" + value); err != nil {
		return errorAt(v, "%w", err)
	}
	to[d.String()] = value
	return nil
}

func readText(v *yaml.Node, key string, to *string) error {
	if v.Kind != yaml.ScalarNode || v.Tag == "!!null" || v.Value == "" {
		return errorAt(v, "%s must be a text or number", key)
	}
	*to = v.Value
	return nil
}

func readNumber(v *yaml.Node, key string, to *float64) error {
	f, err := strconv.ParseFloat(v.Value, 64)
	if v.Kind != yaml.ScalarNode || err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return errorAt(v, "%s must be a number: USD, or a ratio such as 0.2", key)
	}
	*to = f
	return nil
}

func readBool(v *yaml.Node, key string, to *bool) error {
	if v.Kind != yaml.ScalarNode || v.Value != "true" && v.Value != "false" {
		return errorAt(v, "%s must be true or false", key)
	}
	*to = v.Value == "true"
	return nil
}

// tomlNodes parses TOML into what the same content in YAML is.
func tomlNodes(text []byte) (*yaml.Node, error) {
	var tree map[string]any
	md, err := toml.Decode(string(text), &tree)
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return nil, &lineError{bad.Position.Line, errors.New(bad.Message)}
	}
	if err != nil {
		return nil, err
	}
	return tomlLines(text, md.Keys()).node(tree, "", 1), nil
}

// A tomlPlaces is the lines of each key of a TOML file, in the order of the file: the library knows the order, not the lines.
type tomlPlaces struct {
	lines map[string][]int
	order map[string]int // of keys by their first place
}

// tomlLines looks for each key from where the one before it stands.
func tomlLines(text []byte, keys []toml.Key) tomlPlaces {
	p := tomlPlaces{map[string][]int{}, map[string]int{}}
	lines, at := strings.Split(string(text), "\n"), 0
	for i, k := range keys {
		name := k[len(k)-1]
		word := regexp.MustCompile(`(^|[\s\[.{,"'])` + regexp.QuoteMeta(name) + `["']?\s*([=.\]]|$)`)
		for n := at; n < len(lines); n++ {
			if !strings.HasPrefix(strings.TrimSpace(lines[n]), "#") && word.MatchString(lines[n]) {
				at = n
				break
			}
		}
		path := k.String()
		p.lines[path] = append(p.lines[path], at+1)
		if _, ok := p.order[path]; !ok {
			p.order[path] = i
		}
		if n := at; !strings.ContainsAny(lines[n], "{.") && n+1 < len(lines) {
			at = n + 1 // one key a line
		}
	}
	return p
}

// line is that of the next key with that path.
func (p tomlPlaces) line(path string, before int) int {
	list := p.lines[path]
	if len(list) == 0 {
		return before
	}
	p.lines[path] = list[1:]
	return list[0]
}

// node makes a node of a value. The tables of an array are each a key of their own.
func (p tomlPlaces) node(v any, path string, line int) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: line}
	switch v := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		p.members(n, v, path)
	case []map[string]any:
		n.Kind = yaml.SequenceNode
		for i, e := range v {
			if i > 0 {
				line = p.line(path, line)
			}
			n.Content = append(n.Content, p.node(e, path, line))
		}
	case []any:
		n.Kind = yaml.SequenceNode
		for _, e := range v {
			n.Content = append(n.Content, p.node(e, path, line))
		}
	case time.Time:
		n.Value = v.Format(time.RFC3339Nano)
	default:
		n.Value = fmt.Sprint(v)
	}
	return n
}

// members adds the members of a table in the order of the file.
func (p tomlPlaces) members(n *yaml.Node, table map[string]any, path string) {
	for _, key := range p.sorted(table, path) {
		full := memberPath(path, key)
		line := p.line(full, n.Line)
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: line}, p.node(table[key], full, line))
	}
}

func (p tomlPlaces) sorted(table map[string]any, path string) []string {
	return slices.SortedFunc(maps.Keys(table), func(a, b string) int {
		return cmp.Or(cmp.Compare(p.order[memberPath(path, a)], p.order[memberPath(path, b)]), cmp.Compare(a, b))
	})
}

// memberPath is the path of a member as the library writes it.
func memberPath(path, key string) string {
	name := toml.Key{key}.String()
	if path == "" {
		return name
	}
	return path + "." + name
}
