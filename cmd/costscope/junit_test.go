package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// junitRules are what the JUnit schema allows: the attributes that an element must and may have, and the elements in it.
var junitRules = map[string]struct{ must, may, in []string }{
	"testsuites": {[]string{}, []string{"name", "tests", "failures", "errors", "time", "disabled"}, []string{"testsuite"}},
	"testsuite":  {[]string{"name", "tests"}, []string{"failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "disabled"}, []string{"properties", "testcase", "system-out", "system-err"}},
	"testcase":   {[]string{"name", "classname"}, []string{"time", "assertions", "status"}, []string{"skipped", "error", "failure", "system-out", "system-err"}},
	"failure":    {nil, []string{"message", "type"}, nil},
	"error":      {nil, []string{"message", "type"}, nil},
	"skipped":    {nil, []string{"message", "type"}, nil},
	"system-out": {nil, nil, nil},
}

// checkJUnit fails where a file breaks the rules, and returns how often each element stands in it and the counts that it states.
func checkJUnit(t *testing.T, text string) (seen map[string]int, stated []map[string]string) {
	t.Helper()
	seen = map[string]int{}
	var stack []string
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			rule, known := junitRules[name]
			if !known || len(stack) == 0 && name != "testsuites" || len(stack) > 0 && !slices.Contains(junitRules[stack[len(stack)-1]].in, name) {
				t.Errorf("%s must not stand in %v", name, stack)
			}
			has := map[string]string{}
			for _, a := range x.Attr {
				has[a.Name.Local] = a.Value
				if !slices.Contains(rule.must, a.Name.Local) && !slices.Contains(rule.may, a.Name.Local) {
					t.Errorf("%s has an attribute %s", name, a.Name.Local)
				}
			}
			for _, must := range rule.must {
				if has[must] == "" {
					t.Errorf("%s without %s", name, must)
				}
			}
			if has["tests"] != "" {
				stated = append(stated, has)
			}
			seen[name]++
			stack = append(stack, name)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}
	return seen, stated
}

// TestJUnitIsValid: one limit of each kind of result, and the counts are those of the elements.
func TestJUnitIsValid(t *testing.T) {
	ownCache(t)
	dir := t.TempDir()
	trace, budget, out := (world{runs: 12, tokens: 1000, price: 2e-6, seed: 1}).write(t), filepath.Join(dir, "b.yaml"), filepath.Join(dir, "o.xml")
	text := "limits:\n  - {metric: total, max: 0.000001}\n  - {metric: total, max: 1000, agent: planner}\n  - {metric: p95_cost_per_run, max: 5}\n" +
		"  - {metric: cost_per_success, max: 5, optional: true}\n  - {metric: total, max: 5, workflow: \"<&\\\"]]>\"}\n"
	if err := os.WriteFile(budget, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if x := cli(t, "check", trace, "--budget", budget, "--junit", out, "--quiet"); x.code != exitFails {
		t.Fatalf("check ends with %d: %s", x.code, x.errors)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	seen, stated := checkJUnit(t, string(got))
	want := map[string]int{"testsuites": 1, "testsuite": 1, "testcase": 5, "failure": 1, "error": 2, "skipped": 1, "system-out": 1}
	for name, n := range want {
		if seen[name] != n {
			t.Errorf("%d elements %s, wanted %d:\n%s", seen[name], name, n, got)
		}
	}
	for _, s := range stated {
		for attr, name := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
			if v, ok := s[attr]; ok && v != strconv.Itoa(want[name]) {
				t.Errorf("%s=%s, there are %d", attr, v, want[name])
			}
		}
	}
}
