package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const top = "../.." // the project's root, seen from here

// A rule says which packages of ours a package may import, and what of the standard library it may not.
type rule struct {
	ours      []string
	tests     []string // more that its tests may import
	forbidden []string
}

// outside is what a pure package keeps away from: files, processes, networks and terminals.
var outside = []string{"os", "io/fs", "path/filepath", "net", "syscall", "log", "golang.org/x/term", "github.com/charmbracelet/bubbletea", "github.com/charmbracelet/lipgloss", "go.etcd.io/bbolt"}

// arrows are the packages and whom they may know. cmd wires everything, and is the only one that may.
var arrows = map[string]rule{
	"tracefmt": {forbidden: []string{"github.com/charmbracelet/bubbletea", "go.etcd.io/bbolt", "github.com/spf13/cobra"}},
	"analyze":  {ours: []string{"tracefmt"}, tests: []string{"sample"}, forbidden: outside},
	"store":    {ours: []string{"tracefmt", "analyze"}, tests: []string{"sample"}},
	"sample":   {ours: []string{"tracefmt"}},
	"tui":      {ours: []string{"tracefmt", "analyze"}, tests: []string{"sample"}, forbidden: []string{"go.etcd.io/bbolt"}},
	"cmd":      {ours: []string{"tracefmt", "analyze", "store", "sample", "tui"}},
}

// A listed is what `go list -json` says about a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportArrows(t *testing.T) {
	for _, p := range list(t) {
		owner, ok := ours(p.ImportPath)
		if !ok {
			t.Errorf("%s lies outside the project's packages", p.ImportPath)
			continue
		}
		r, ok := arrows[owner]
		if !ok {
			t.Errorf("%s: no arrow is drawn for %s", p.ImportPath, owner)
			continue
		}
		for _, bad := range r.wrong(owner, p.Imports, r.ours) {
			t.Errorf("%s imports %s", p.ImportPath, bad)
		}
		r.forbidden = nil // tests may read files
		for _, bad := range r.wrong(owner, slices.Concat(p.TestImports, p.XTestImports), slices.Concat(r.ours, r.tests)) {
			t.Errorf("%s: a test imports %s", p.ImportPath, bad)
		}
	}
}

// wrong returns the imports that a package of owner may not have.
func (r rule) wrong(owner string, imports, allowed []string) (bad []string) {
	for _, imp := range imports {
		to, mine := ours(imp)
		if slices.Contains(r.forbidden, imp) || mine && to != owner && !slices.Contains(allowed, to) {
			bad = append(bad, imp)
		}
	}
	return bad
}

func TestImportArrowsCatchWrongImports(t *testing.T) {
	for owner, imports := range map[string][]string{
		"tui":      {"costscope/store", "go.etcd.io/bbolt"},
		"analyze":  {"costscope/store", "os"},
		"tracefmt": {"costscope/analyze"},
		"sample":   {"costscope/analyze"},
		"store":    {"costscope/tui"},
	} {
		r := arrows[owner]
		fine := []string{"fmt", "costscope/" + owner}
		if got := r.wrong(owner, append(fine, imports...), r.ours); !slices.Equal(got, imports) {
			t.Errorf("%s: found %v, want %v", owner, got, imports)
		}
	}
}

// ours tells whether a package is the project's own, and to which top-level folder it belongs.
func ours(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "costscope/")
	if !ok {
		return "", false
	}
	owner, _, _ := strings.Cut(rest, "/")
	return owner, true
}

func list(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	d := json.NewDecoder(strings.NewReader(string(out)))
	for d.More() {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 2 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

func TestTopLevel(t *testing.T) {
	want := []string{"Makefile", "README.md", "analyze", "cmd", "go.mod", "go.sum", "sample", "store", "tracefmt", "tui"}
	var got []string
	for _, name := range tracked(t) {
		first, _, _ := strings.Cut(name, "/")
		if !strings.HasPrefix(first, ".") && !slices.Contains(got, first) {
			got = append(got, first)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("top level:\n got %v\nwant %v", got, want)
	}
}

// tracked is every file that git keeps.
func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Skip("no git checkout: the top level is not looked at")
	}
	return strings.Fields(string(out))
}
