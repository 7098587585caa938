package click

import (
	"os"
	"strings"
	"testing"
)

// The engines that tests run on, and the variables that say where they are: one server or two shards of the cluster cs. See .ci/engines.
var (
	shards  = []string{"COSTSCOPE_TEST_CLICKHOUSE", "COSTSCOPE_TEST_CLICKHOUSE_2"}
	engines = []struct {
		name      string
		variables []string
	}{{"shards", shards}, {"modern", []string{"COSTSCOPE_TEST_CLICKHOUSE_MODERN"}}}
)

// onEngines runs a test on each engine there is, with the canonical tables, empty, in a database of its own.
func onEngines(t *testing.T, db string, test func(t *testing.T, c *Client)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, fresh(t, db, e.variables)) })
	}
}

// needEngine skips a test whose preparation is not worth it where there is no engine.
func needEngine(t *testing.T) {
	for _, e := range engines {
		if os.Getenv(e.variables[0]) != "" {
			return
		}
	}
	t.Skip("SKIP: no engine: none of the variables COSTSCOPE_TEST_CLICKHOUSE* is set")
}

// canonical is a client of the shards, or of the one server there is, with the canonical tables, empty.
func canonical(t *testing.T, db string) *Client { return fresh(t, db, shards) }

// fresh makes the database db with the canonical tables on each server that the variables name.
func fresh(t *testing.T, db string, variables []string) *Client {
	var servers []*Client
	for _, v := range variables {
		if at := os.Getenv(v); at != "" {
			servers = append(servers, dial(t, at))
		}
	}
	if len(servers) == 0 {
		t.Skip("SKIP: no engine: " + variables[0] + " is not set")
	}
	cluster := map[bool]string{true: "cs"}[len(servers) > 1]
	for _, c := range servers {
		do(t, c, "DROP DATABASE IF EXISTS "+db)
		do(t, c, "CREATE DATABASE "+db)
		c.at.Database = db
		for _, text := range strings.Split(DDL(db, cluster), ";\n") {
			if text = strings.TrimSpace(text); text != "" {
				do(t, c, text)
			}
		}
	}
	return servers[0]
}

// do is what people do by hand.
func do(t *testing.T, c *Client, sql string) {
	t.Helper()
	if _, err := c.send(t.Context(), c.settings(true), strings.NewReader(sql)); err != nil {
		t.Fatalf("%.300s: %v", sql, err)
	}
}
