package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spansEngine is the address of a database with the tables of a foreign schema and some rows, on the engine of today.
func spansEngine(t *testing.T, db, schema string, rows map[string]string) string {
	at := os.Getenv("COSTSCOPE_TEST_CLICKHOUSE_MODERN")
	if at == "" {
		t.Skip("SKIP modern dialect: COSTSCOPE_TEST_CLICKHOUSE_MODERN names no engine")
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	tell := func(sql string) {
		r, err := http.Post("http://"+u.Host+"/", "text/plain", strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if text, _ := io.ReadAll(r.Body); r.StatusCode != http.StatusOK {
			t.Fatalf("%.100s: %s", sql, text)
		}
	}
	tables, err := os.ReadFile(filepath.Join("..", "..", "store", "click", "testdata", "schemas", schema+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	tell("DROP DATABASE IF EXISTS " + db)
	tell("CREATE DATABASE " + db)
	for _, s := range strings.Split(strings.TrimSpace(strings.ReplaceAll(string(tables), "{db}", db)), ";\n") {
		tell(strings.TrimSuffix(s, ";"))
	}
	for table, lines := range rows {
		tell(fmt.Sprintf("INSERT INTO %s.%s FORMAT JSONEachRow\n%s", db, table, lines))
	}
	return "clickhouse://" + u.Host + "/" + db
}

// Two calls of a run, the second without a cost, which costs 1,000 x $1.25 and 100 x $10 a million; and a request that is no call.
const threeSpans = `{"Timestamp":"2026-09-14 10:00:00.000000000","TraceId":"01","SpanId":"01","ServiceName":"desk","SpanName":"chat gpt-5","Duration":1500000000,"StatusCode":"Unset","SpanAttributes":{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-5","gen_ai.agent.name":"writer","gen_ai.usage.input_tokens":"10","gen_ai.usage.output_tokens":"20","gen_ai.usage.cost":"0.123456789012"}}
{"Timestamp":"2026-09-14 10:00:02.000000000","TraceId":"01","SpanId":"02","ServiceName":"desk","SpanName":"chat gpt-5","Duration":1500000000,"StatusCode":"Error","SpanAttributes":{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai","gen_ai.request.model":"gpt-5","gen_ai.agent.name":"writer","gen_ai.usage.input_tokens":"1000","gen_ai.usage.output_tokens":"100","error.type":"timeout"}}
{"Timestamp":"2026-09-14 10:00:03.000000000","TraceId":"09","SpanId":"03","ServiceName":"shop","SpanName":"GET /","Duration":1000000,"StatusCode":"Unset","SpanAttributes":{"http.request.method":"GET"}}
`

func TestReportOfATableOfSpans(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	at := spansEngine(t, "sch_cmd", "otel", map[string]string{"otel_traces": threeSpans})
	var out, log bytes.Buffer
	if code := run([]string{"report", "--json", "--by", "workflow,agent", at}, strings.NewReader(""), &out, &log); code != 0 {
		t.Fatalf("exit code %d: %s", code, &log)
	}
	var r struct {
		Totals map[string]json.RawMessage
		Rows   []struct {
			Path  []string
			Calls int64
		}
		Retries, Outcomes map[string]json.RawMessage
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{"cost_pico": `"125706789012"`, "calls": "2", "llm_calls": "2", "failed_calls": "1", "runs": "1", "workflows": "1", "agents": "1", "input_tokens": "1010",
		"output_tokens": "120", "unpriced_calls": "0"} {
		if got := string(r.Totals[k]); got != want {
			t.Errorf("totals.%s is %s, not %s", k, got, want)
		}
	}
	if len(r.Rows) != 2 || strings.Join(r.Rows[1].Path, "/") != "desk/writer" || r.Rows[1].Calls != 2 {
		t.Errorf("rows %+v", r.Rows)
	}
	if r.Retries != nil || r.Outcomes != nil {
		t.Errorf("retries %s and outcomes %s, although nothing records them", r.Retries, r.Outcomes)
	}
	out.Reset()
	if code := run([]string{"report", at}, strings.NewReader(""), &out, &log); code != 0 || !strings.Contains(out.String(), "not recorded") {
		t.Errorf("exit code %d, and the report does not say what is not recorded:\n%s", code, &out)
	}
}
