package main

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected outputs and the generated parts of the README")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"costscope": main})
}

// TestScripts runs command lines and compares whole outputs.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			for _, v := range [][2]string{{"HOME", e.WorkDir}, {"XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache")}, {"TZ", "UTC"}, {"TMPDIR", filepath.Join(e.WorkDir, "tmp")}, {"NO_COLOR", ""}} {
				e.Setenv(v[0], v[1])
			}
			return os.MkdirAll(filepath.Join(e.WorkDir, "tmp"), 0o777)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": exitCode},
	})
}

// exitCode runs "code N command args...": the command must end with exit code N.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if x, ok := err.(interface{ ExitCode() int }); ok {
		got = strconv.Itoa(x.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
