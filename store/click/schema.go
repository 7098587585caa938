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

// runColumns say which runs were pushed: on which days their rows stand, how many there are, and a fingerprint of what they hold.
var runColumns = []column{{"day", "Date"}, {"last_day", "Date"}, {"run", "String"}, {"rows", "UInt32"}, {"print", "UInt64"}}

var sourceColumns = []column{{"path", "String"}, {"facts", "String"}}

// DDL is what makes the tables of the canonical schema on each server, and the account that costscope reads with. costscope prints it and
// runs none of it. cluster "" is for a single server.
func DDL(database, cluster string) string {
	var b strings.Builder
	table := func(name string, cols []column, order string) {
		local, name := name, named(database, name)
		if cluster != "" {
			local += localSuffix
		}
		whole := named(database, local)
		b.WriteString("CREATE TABLE IF NOT EXISTS " + whole + " (\n")
		for i, c := range cols {
			b.WriteString("  " + c.name + " " + c.kind)
			if i+1 < len(cols) {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
		}
		b.WriteString(") ENGINE = MergeTree")
		if cols[0].name == "day" {
			b.WriteString(" PARTITION BY toYYYYMM(day)")
		}
		b.WriteString(" ORDER BY " + order + ";\n")
		if cluster != "" {
			key := "sipHash64(run)"
			if cols[0].name != "day" {
				key = "sipHash64(path)"
			}
			b.WriteString("CREATE TABLE IF NOT EXISTS " + name + " AS " + whole + " ENGINE = Distributed(" + cluster + ", " + identifier(database) + ", " + local + ", " + key + ");\n")
		}
	}
	table(callsTable, callColumns, "(workflow, day, run, seq)")
	table(runsTable, runColumns, "(run)")
	table(sourcesTable, sourceColumns, "(path)")
	return b.String()
}

// named is a table of a database in SQL.
func named(database, table string) string { return identifier(database) + "." + identifier(table) }

// table is one of the tables that the client's address points at.
func (c *Client) table(name string) string { return named(c.at.Database, name) }
