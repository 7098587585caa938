package click

import (
	"strings"

	"costscope/analyze"
)

// A column of the table of calls.
type column struct {
	name, kind string
}

// Tables of the canonical schema; those with the suffix hold a shard's part.
const (
	callsTable   = "costscope_calls"
	runsTable    = "costscope_runs"
	sourcesTable = "costscope_sources"
	localSuffix  = "_local"
)

// workflowSep stands between the workflows of a run.
const workflowSep = "\x1f"

// callColumns are the columns of the table of calls. Every record of a run is a row, with its line of costscope JSONL, which the analyses
// that no sum can give read again; a row that counts says what its call adds to each sum (analyze.SumNames), so that an engine which can
// add and compare whole numbers gives every table. Money is in pico-dollars, time in UTC nanoseconds.
var callColumns = append([]column{
	{"day", "Date"}, // of start, UTC; 1970-01-01 where no start is known: it prunes, and is no answer
	{"run", "String"}, {"seq", "UInt32"}, {"call", "String"}, {"counts", "UInt8"}, {"has_start", "UInt8"}, {"start", "Int64"}, {"has_end", "UInt8"}, {"finish", "Int64"},
	{"workflow", "String"}, {"feature", "String"}, {"version", "String"}, {"agent", "String"}, {"instance", "String"}, {"role", "String"},
	{"step", "String"}, {"kind", "String"}, {"model", "String"}, {"provider", "String"}, {"tool", "String"}, {"status", "String"},
	{"outcome", "String"}, {"user", "String"}, {"session", "String"}, {"source", "String"}, {"tags", "String"},
	{"is_call", "UInt8"}, {"listed", "UInt8"}, {"known", "UInt8"}, {"missing", "UInt8"}, {"bucket", "UInt16"}, {"attempt", "Int32"},
	{"has_in", "UInt8"}, {"in_tok", "Int64"}, {"has_out", "UInt8"}, {"out_tok", "Int64"}, {"has_cached", "UInt8"}, {"cached_tok", "Int64"}, {"line", "String"},
}, sumColumns()...)

func sumColumns() (list []column) {
	for _, n := range analyze.SumNames {
		list = append(list, column{"s_" + n, "Int64"})
	}
	return list
}

// runColumns say which runs were pushed: on which days and under which workflows (with \x1f between) their rows stand, how many there are,
// and a fingerprint of what they hold.
var runColumns = []column{{"day", "Date"}, {"last_day", "Date"}, {"run", "String"}, {"workflows", "String"}, {"rows", "UInt32"}, {"print", "UInt64"}}

var sourceColumns = []column{{"path", "String"}, {"facts", "String"}}

// A tableWriter writes the statements that make tables.
type tableWriter struct {
	strings.Builder
	database, cluster string
}

// DDL is what makes the tables of the canonical schema on each server, and the account that costscope reads with. costscope prints it and
// runs none of it. cluster "" is for a single server.
func DDL(database, cluster string) string {
	w := tableWriter{database: database, cluster: cluster}
	w.account()
	w.table(callsTable, callColumns, "MergeTree PARTITION BY toYYYYMM(day)", "workflow, day, run, seq", "sipHash64(run)")
	w.table(runsTable, runColumns, "MergeTree PARTITION BY toYYYYMM(day)", "run", "sipHash64(run)")
	w.table(sourcesTable, sourceColumns, "MergeTree", "path", "sipHash64(path)")
	for _, a := range aggregates() {
		w.table(a.name, a.columns(), "SummingMergeTree PARTITION BY toYYYYMM(day)", strings.Join(a.key(), ", "), "")
		w.statement("CREATE MATERIALIZED VIEW IF NOT EXISTS " + named(database, a.name+feedSuffix) + " TO " + w.local(a.name) + " AS\n" + a.feed(w.local(callsTable)))
	}
	return w.String()
}

func (w *tableWriter) statement(sql string) { w.WriteString(sql + ";\n") }

// local is the table that holds this server's part.
func (w *tableWriter) local(name string) string {
	if w.cluster != "" {
		name += localSuffix
	}
	return named(w.database, name)
}

// table makes a table, and where servers share it the one over all of them. shard says where a row goes; "" where none is written there.
func (w *tableWriter) table(name string, cols []column, engine, order, shard string) {
	lines := make([]string, len(cols))
	for i, c := range cols {
		lines[i] = "  " + c.name + " " + c.kind
	}
	w.statement("CREATE TABLE IF NOT EXISTS " + w.local(name) + " (\n" + strings.Join(lines, ",\n") + "\n) ENGINE = " + engine + " ORDER BY (" + order + ")")
	if w.cluster == "" {
		return
	}
	args := []string{identifier(w.cluster), identifier(w.database), identifier(name + localSuffix)}
	if shard != "" {
		args = append(args, shard)
	}
	w.statement("CREATE TABLE IF NOT EXISTS " + named(w.database, name) + " AS " + w.local(name) + " ENGINE = Distributed(" + strings.Join(args, ", ") + ")")
}

// account says in comments how to make an account that can do no more than read: its password is nobody's business but theirs who choose it.
func (w *tableWriter) account() {
	w.WriteString(`-- Run this on each server, before the first push: the tables costscope_day* hold what is written after they are made.
--
-- An account that can only read, for those who open costscope (` + EnvUser + ` and ` + EnvPassword + ` name it). Where SQL makes accounts:
--   CREATE USER costscope IDENTIFIED WITH sha256_password BY '...' SETTINGS readonly = 2, max_execution_time = 60
--   GRANT SELECT ON ` + identifier(w.database) + `.* TO costscope
-- Else in users.xml, on each server:
--   <profiles><costscope><readonly>2</readonly><max_execution_time>60</max_execution_time></costscope></profiles>
--   <users><costscope><password_sha256_hex>...</password_sha256_hex><networks><ip>::/0</ip></networks><profile>costscope</profile>
--     <quota>default</quota><allow_databases><database>` + w.database + `</database></allow_databases></costscope></users>
-- A server asks the others as the user that <remote_servers> names, whoever asks; push writes as that one too.

`)
}

// named is a table of a database in SQL.
func named(database, table string) string { return identifier(database) + "." + identifier(table) }

// table is one of the tables that the client's address points at.
func (c *Client) table(name string) string { return named(c.at.Database, name) }
