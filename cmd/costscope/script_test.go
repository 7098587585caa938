package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"costscope/store/click"

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
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": exitCode, "engine": engineTables},
		Condition: func(name string) (bool, error) {
			if name != "engine" {
				return false, fmt.Errorf("there is no condition %s", name)
			}
			return os.Getenv(testEngine) != "", nil
		},
	})
}

// testEngine names the address of an engine to test with, and testEngine + "_2" that of another server of its cluster cs.
const testEngine = "COSTSCOPE_TEST_CLICKHOUSE"

// engineTables runs "engine DATABASE": it makes the database with empty tables, and sets ENGINE to its address.
func engineTables(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: engine DATABASE")
	}
	cluster, servers := "", []string{os.Getenv(testEngine)}
	if second := os.Getenv(testEngine + "_2"); second != "" {
		cluster, servers = "cs", append(servers, second)
	}
	for _, at := range servers {
		u, err := url.Parse(at)
		ts.Check(err)
		for _, sql := range append([]string{"DROP DATABASE IF EXISTS " + args[0], "CREATE DATABASE " + args[0]}, strings.Split(click.DDL(args[0], cluster), ";\n")...) {
			if strings.TrimSpace(sql) == "" {
				continue
			}
			resp, err := http.Post("http://"+u.Host+"/", "text/plain", strings.NewReader(sql))
			ts.Check(err)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				ts.Fatalf("%s: %s", sql, resp.Status)
			}
		}
		if at == servers[0] {
			ts.Setenv("ENGINE", "clickhouse://"+u.Host+"/"+args[0])
		}
	}
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
