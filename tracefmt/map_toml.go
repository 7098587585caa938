package tracefmt

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// tomlNodes parses a mapping in TOML into what the same mapping in YAML is.
func tomlNodes(text []byte) (*yaml.Node, error) {
	var tree map[string]any
	md, err := toml.Decode(string(text), &tree)
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return nil, &mapError{bad.Position.Line, errors.New(bad.Message)}
	}
	if err != nil {
		return nil, err
	}
	if len(tree) == 0 {
		return nil, errors.New("an empty mapping: " + mapHint)
	}
	t := tomlTree{keys: md.Keys(), lines: strings.Split(string(text), "\n")}
	return t.node(tree, nil, 1)
}

// A tomlTree gives the keys of a TOML file in their order, with their lines: the library keeps the one, not the other.
type tomlTree struct {
	keys  []toml.Key
	lines []string
}

// node makes a node of the value v of the key at.
func (t *tomlTree) node(v any, at toml.Key, line int) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: line}
	switch v := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		return n, t.members(n, v, at, line)
	case []map[string]any:
		return nil, &mapError{line, errors.New("[[...]] is no part of a mapping")}
	case []any:
		n.Kind = yaml.SequenceNode
		for _, e := range v {
			c, err := t.node(e, at, line)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, c)
		}
	default:
		n.Value = fmt.Sprint(v)
	}
	return n, nil
}

// members adds the members of a table in the order of the file; a table in an array has none of its own there.
func (t *tomlTree) members(n *yaml.Node, v map[string]any, at toml.Key, line int) error {
	seen := map[string]bool{}
	add := func(key string, line int) error {
		c, err := t.node(v[key], append(at[:len(at):len(at)], key), line)
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: line}, c)
		seen[key] = true
		return err
	}
	for i, k := range t.keys {
		if len(k) > len(at) && prefixOf(at, k) && !seen[k[len(at)]] {
			if _, ok := v[k[len(at)]]; ok {
				if err := add(k[len(at)], t.line(i)); err != nil {
					return err
				}
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if !seen[key] {
			if err := add(key, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func prefixOf(p, k toml.Key) bool {
	for i := range p {
		if p[i] != k[i] {
			return false
		}
	}
	return true
}

// line finds the line of key n: the keys stand in the order of the file.
func (t *tomlTree) line(n int) int {
	at := 0
	for _, k := range t.keys[:n+1] {
		name := k[len(k)-1]
		for i := at; i < len(t.lines); i++ {
			if strings.Contains(t.lines[i], name) && !strings.HasPrefix(strings.TrimSpace(t.lines[i]), "#") {
				at = i
				break
			}
		}
	}
	return at + 1
}
