package tracefmt

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestExpectedLangfuse are the rows of the right values. The OTLP file of the same runs is read by the OTLP reader.
func TestExpectedLangfuse(t *testing.T) {
	checkExports(t, []exportRow{
		{[]string{"langfuse/agno.trace-download.json"},
			sums{traces: 1, spans: 6, calls: 2, input: 826, output: 245, cost: "0.000270899999", tools: 1, noRead: 2, noReasoning: 2}, "0.000982199999"},
		{[]string{"langfuse/openai-agents.trace-download.json"},
			sums{traces: 1, spans: 5, calls: 2, input: 140, output: 44, cost: "0.000632", tools: 1}, ""},
		{[]string{"langfuse/observations.batch-export.jsonl"},
			sums{traces: 7, spans: 52, calls: 14, input: 2916, output: 938, cost: "0.004301449997", tools: 9, noRead: 9, noReasoning: 9}, ""},
		{[]string{"langfuse/observations.api-page.json"},
			sums{traces: 1, spans: 9, calls: 2, input: 168, output: 66, cost: "0.000234", tools: 1}, ""},
		{[]string{"langfuse/support-refund.blob-observations.jsonl", "langfuse/support-refund.blob-traces.jsonl", "langfuse/support-refund.blob-scores.jsonl"},
			sums{traces: 2, spans: 40, calls: 20, failed: 5, input: 55956, read: 25266, output: 3628, reasoning: 1504, cost: "0.04069315", tools: 4, toolsFailed: 2, embeddings: 2, noUsage: 5, noRead: 7, noReasoning: 7}, "0.04069315"},
	})
}

// TestLangfuseSumsByTrace are the sums of the batch export by the name of the trace.
func TestLangfuseSumsByTrace(t *testing.T) {
	names, recs := readExports(t, 1, "langfuse/observations.batch-export.jsonl")
	type sum struct {
		in, out int64
		cost    string
	}
	got := map[string]sum{}
	for _, run := range assembleAll(names, recs) {
		var in, out int64
		var cost USD
		for _, c := range run.Calls {
			if c.Counted {
				in, out, cost = in+c.Usage.Input, out+c.Usage.Output, cost+c.Cost
			}
		}
		got[names.Name(run.Workflow)] = sum{in, out, cost.String()}
	}
	want := map[string]sum{"Agent.run": {826, 245, "0.000270899999"}, "crewai-index-trace": {190, 164, "0.0001269"}, "Agent workflow": {140, 44, "0.000632"},
		"joke-generator": {1315, 209, "0.000322649999"}, "agent": {215, 125, "0.0017875"}, "LangGraph": {168, 66, "0.000234"}, "ai.generateText": {62, 85, "0.000927499999"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestLangfuseRunFacts joins the three files of a blob storage export, in any order.
func TestLangfuseRunFacts(t *testing.T) {
	for _, files := range [][]string{{"observations", "traces", "scores"}, {"scores", "traces", "observations"}} {
		for i := range files {
			files[i] = "langfuse/support-refund.blob-" + files[i] + ".jsonl"
		}
		names, recs := readExports(t, 1, files...)
		runs := assembleAll(names, recs)
		for id, want := range map[string]struct {
			outcome Outcome
			cost    string
			score   float64
			user    string
		}{
			"21561d5f3e1b632eb1a4e15da102b65d": {OutcomeSuccess, "0.01866985", 0.92, "user-7"},
			"53758a6aa6b1862866c359264f549f1e": {OutcomeFailure, "0.0220233", 0.1, "user-8"},
		} {
			run := runs[id]
			var cost USD
			agents := map[string]int{}
			for _, c := range run.Calls {
				if c.State == CostRecorded {
					cost += c.Cost
				}
				if c.Kind == KindLLM {
					agents[names.Name(c.Agent)]++
				}
			}
			if run.Outcome != want.outcome || cost.String() != want.cost || names.Name(run.User) != want.user || names.Name(run.Workflow) != "support-refund" ||
				names.Name(run.Feature) != "refunds" || names.Name(run.Tags) != "feature=refunds\x1ftier=gold" || run.Facts == nil || run.Facts.Scores[0] != (Value{"answer_quality", want.score}) {
				t.Errorf("%s: outcome %v, cost %s, %+v, tags %q", id, run.Outcome, cost, run.Facts, names.Name(run.Tags))
			}
			if agents["planner"] != 1 || agents["researcher"] != 2 || agents["executor"] < 4 || agents["guardrail"] != 1 || agents["evaluator"] != 1 {
				t.Errorf("agents %v", agents)
			}
		}
	}
}

// TestLangfuseTableAndLinesAreTheSame: the table holds the first 22 rows.
func TestLangfuseTableAndLinesAreTheSame(t *testing.T) {
	names, recs := readExports(t, 1, "langfuse/observations.batch-export.jsonl", "langfuse/observations.batch-export.csv")
	if len(recs) != 52+22 {
		t.Fatalf("%d records", len(recs))
	}
	sameRecords(t, names, recs[52:], recs[:22])
}

// TestLangfuseCounts are hand-checked readings of one generation's counts: input, read, write, 1 h, output, reasoning ("?" = unknown).
func TestLangfuseCounts(t *testing.T) {
	for name, c := range map[string]struct{ members, want string }{
		"own SDK: parts are beside":       {`"usageDetails":{"input":100,"input_cached_tokens":40,"output":20,"output_reasoning_tokens":7,"total":167}`, "140 40 ? ? 27 7"},
		"keys of OpenAI: parts inside":    {`"usageDetails":{"input":100,"prompt_details.cache_read":40,"output":20,"completion_details.reasoning":7,"total":120}`, "100 40 ? ? 20 7"},
		"numbers as text":                 {`"usage_details":{"input":"100","input_cached_tokens":"40","output":"20","total":"160"}`, "140 40 ? ? 20 ?"},
		"details as JSON text":            {`"usageDetails":"{\"input\":100,\"output\":20}"`, "100 ? ? ? 20 ?"},
		"cache writes by lifetime":        {`"usageDetails":{"input":10,"input_cache_read":40,"input_cache_creation_5m":5,"input_cache_creation_1h":3,"output":20}`, "58 40 8 3 20 ?"},
		"LangChain's Anthropic":           {`"usageDetails":{"input":10,"input_cache_read":40,"input_cache_creation":0,"input_ephemeral_5m_input_tokens":5,"input_ephemeral_1h_input_tokens":3,"output":20,"total":78}`, "58 40 8 3 20 ?"},
		"raw Anthropic":                   {`"usageDetails":{"input":10,"cache_read_input_tokens":40,"cache_creation_input_tokens":8,"output":20}`, "58 40 8 ? 20 ?"},
		"audio is input, too":             {`"usageDetails":{"input":10,"input_audio":6,"output":20,"output_audio":4,"total":40}`, "16 ? ? ? 24 ?"},
		"a total without audio":           {`"usageDetails":{"input":10,"input_audio":6,"output":20,"output_audio":4,"total":30}`, "10 ? ? ? 20 ?"},
		"details before old usage":        {`"usage":{"input":1,"output":2,"total":3,"unit":"TOKENS"},"usageDetails":{"input":100,"output":20}`, "100 ? ? ? 20 ?"},
		"old usage alone":                 {`"usageDetails":{},"usage":{"input":11,"output":2,"total":13,"unit":"TOKENS"}`, "11 ? ? ? 2 ?"},
		"older yet":                       {`"promptTokens":11,"completionTokens":2,"totalTokens":13`, "11 ? ? ? 2 ?"},
		"characters are no tokens":        {`"usage":{"input":1100,"output":200,"total":1300,"unit":"CHARACTERS"}`, "? ? ? ? ? ?"},
		"zeros mean nothing was recorded": {`"usageDetails":{"input":0,"output":0,"total":0},"usage":{"input":0,"output":0,"unit":"TOKENS"},"promptTokens":0`, "? ? ? ? ? ?"},
		"no details":                      {`"usageDetails":null`, "? ? ? ? ? ?"},
	} {
		_, recs, _ := exportRecords(t, FormatLangfuse, `{"id":"o","traceId":"t","type":"GENERATION","parentObservationId":null,"startTime":"2026-01-02T03:04:05.000Z","endTime":"2026-01-02T03:04:06.000Z",`+c.members+`}`)
		if len(recs) != 1 || exportCounts(&recs[0]) != c.want {
			t.Errorf("%s: %d records, %s, want %s", name, len(recs), exportCounts(&recs[0]), c.want)
		}
	}
}

// TestLangfuseCosts: what is stated first counts, and 0 states nothing.
func TestLangfuseCosts(t *testing.T) {
	for members, want := range map[string]string{
		`"totalCost":0.000489,"costDetails":{"total":7}`:                                "0.000489",
		`"costDetails":{"total":7},"total_cost":"0.5"`:                                  "0.5",
		`"totalCost":0,"costDetails":{"input":0.1,"output":0.02,"total":0.12}`:          "0.12",
		`"cost_details":{"input":"0.1","output":"0.02"}`:                                "0.12",
		`"calculatedTotalCost":3,"costDetails":{"input":0.25}`:                          "0.25",
		`"calculatedTotalCost":6e-05`:                                                   "0.00006",
		`"inputCost":0.1,"outputCost":0.2`:                                              "0.3",
		`"totalCost":0,"costDetails":{"total":0},"calculatedTotalCost":0,"inputCost":0`: "?",
		`"totalCost":null,"costDetails":{}`:                                             "?",
		`"totalCost":0.000927499999`:                                                    "0.000927499999",
	} {
		_, recs, _ := exportRecords(t, FormatLangfuse, `{"id":"o","traceId":"t","type":"GENERATION","startTime":"2026-01-02T03:04:05.000Z",`+members+`}`)
		if got := exportCost(&recs[0]); got != want {
			t.Errorf("%s: %s, want %s", members, got, want)
		}
	}
}

func TestLangfuseKindsAndStatus(t *testing.T) {
	for members, want := range map[string]string{
		`"type":"GENERATION","model":"gpt-5"`:                                                          "llm gpt-5 unset ",
		`"type":"GENERATION","model":"text-embedding-3-small"`:                                         "embedding text-embedding-3-small unset ",
		`"type":"EMBEDDING","model":"m"`:                                                               "embedding m unset ",
		`"type":"GENERATION","model":"projects/p/locations/l/publishers/google/models/gemini-2.5-pro"`: "llm gemini-2.5-pro unset ",
		`"type":"GENERATION","model":"anthropic/claude-sonnet-4-5"`:                                    "llm anthropic/claude-sonnet-4-5 unset ",
		`"type":"TOOL","level":"ERROR","statusMessage":"timeout after 5s"`:                             "tool  error timeout after 5s",
		`"type":"SPAN","level":"WARNING","statusMessage":"slow"`:                                       "unknown  unset ",
		`"type":"SPAN","level":"DEBUG"`:                                                                "unknown  unset ",
		`"type":"RETRIEVER"`:                                                                           "retriever  unset ",
		`"type":"GUARDRAIL"`:                                                                           "guardrail  unset ",
		`"type":"SPAN","metadata":{"attributes":{"tool.name":"search"}}`:                               "tool  unset ",
		`"type":"SPAN","metadata":"{\"attributes\":{\"gen_ai.operation.name\":\"execute_tool\"}}"`:     "tool  unset ",
		`"type":"SPAN","metadata":{"attributes":{"openinference.span.kind":"AGENT"}}`:                  "agent  unset ",
		`"type":"SPAN","metadata":{"color":"green","inputs":{"q":"x"}}`:                                "tool  unset ",
	} {
		names, recs, _ := exportRecords(t, FormatLangfuse, `{"id":"o","traceId":"t","name":"x","startTime":"2026-01-02T03:04:05.000Z","endTime":"2026-01-02T03:04:06.000Z",`+members+`}`)
		r := &recs[0]
		if got := r.Kind.String() + " " + names.Name(r.Model) + " " + r.Status.String() + " " + names.Name(r.Error); got != want {
			t.Errorf("%s: %q, want %q", members, got, want)
		}
	}
}

// TestLangfuseTimes: a time without a zone is UTC; an event has no end and is no call in flight; a null end is.
func TestLangfuseTimes(t *testing.T) {
	_, recs, warned := exportRecords(t, FormatLangfuse,
		`{"id":"a","trace_id":"t","parent_observation_id":null,"type":"SPAN","start_time":"2026-11-24 23:19:41.642","end_time":null}`,
		`{"id":"b","trace_id":"t","parent_observation_id":"a","type":"EVENT","start_time":"2026-11-24T23:19:41.642Z","end_time":null}`)
	if len(warned) != 0 || recs[0].Start != at("2026-11-24T23:19:41.642Z") || recs[0].Has&HasEnd != 0 || recs[1].End != recs[0].Start || !recs[1].State(HasStart|HasEnd) {
		t.Errorf("warned %q, %+v", warned, recs)
	}
}

// TestLangfuseDownload: the trace repeats its observations and sums up their cost; neither counts twice. Its scores decide the outcome.
func TestLangfuseDownload(t *testing.T) {
	obs := `[{"id":"root","traceId":"t","type":"AGENT","name":"helper","parentObservationId":null,"startTime":"2026-01-02T03:04:05Z","endTime":"2026-01-02T03:04:09Z","totalCost":0,"usageDetails":{"input":110,"output":22}},
		{"id":"g1","traceId":"t","type":"GENERATION","name":"chat gpt-5","model":"gpt-5","parentObservationId":"root","startTime":"2026-01-02T03:04:06Z","endTime":"2026-01-02T03:04:07Z","totalCost":0.25,"usageDetails":{"input":100,"output":20}},
		{"id":"g2","type":"GENERATION","name":"chat gpt-5","model":"gpt-5","parentObservationId":"root","startTime":"2026-01-02T03:04:07Z","endTime":"2026-01-02T03:04:08Z","totalCost":0.5,"usageDetails":{"input":10,"output":2}}]`
	trace := `"id":"t","name":"help desk","timestamp":"2026-01-02T03:04:05Z","userId":"u","sessionId":"s","tags":["feature:chat","beta"],"release":"r7","version":null,"environment":"prod","bookmarked":false,"metadata":"{\"plan\":\"gold\"}","totalCost":0.75,"htmlPath":"/x",
		"scores":[{"id":"s1","traceId":"t","name":"correct","value":1,"dataType":"BOOLEAN","stringValue":"True","observationId":null,"source":"API"},{"id":"s2","traceId":"t","name":"tone","value":0.4,"dataType":"NUMERIC","observationId":"g1","source":"EVAL"},{"id":"s3","traceId":"t","name":"topic","value":0,"stringValue":"refund","dataType":"CATEGORICAL","observationId":null,"source":"EVAL"}]`
	for shape, v := range map[string]string{
		"download": `{"trace":{` + trace + `,"observations":` + obs + `},"observations":` + obs + `}`,
		"API":      `{` + trace + `,"observations":` + obs + `}`,
		"list":     `{"data":[{` + trace + `,"observations":["root","g1","g2"]},` + obs[1:len(obs)-1] + `],"meta":{"page":1,"totalItems":4}}`,
	} {
		if shape == "list" {
			v = strings.Replace(v, `{"id":"g2",`, `{"id":"g2","traceId":"t",`, 1)
		}
		names, recs, warned := exportRecords(t, FormatLangfuse, v)
		run := exportRun(t, names, recs)
		var in, out int64
		var cost USD
		for _, c := range run.Calls {
			if c.Counted {
				in, out, cost = in+c.Usage.Input, out+c.Usage.Output, cost+c.Cost
			}
		}
		if len(run.Calls) != 3 || in != 110 || out != 22 || cost.String() != "0.75" || len(warned) != 0 {
			t.Errorf("%s: %d calls, %d/%d, %s, warned %q", shape, len(run.Calls), in, out, cost, warned)
		}
		if len(recs) > 7 {
			t.Errorf("%s: %d records: the observations were read twice", shape, len(recs))
		}
		facts := names.Name(run.Workflow) + "|" + names.Name(run.User) + "|" + names.Name(run.Session) + "|" + names.Name(run.Version) + "|" + names.Name(run.Feature) + "|" + strings.ReplaceAll(names.Name(run.Tags), "\x1f", ",")
		if facts != "help desk|u|s|r7|chat|beta=,environment=prod,feature=chat,plan=gold" || names.Name(run.Calls[1].Agent) != "helper" {
			t.Errorf("%s: %s, agent %s", shape, facts, names.Name(run.Calls[1].Agent))
		}
		if run.Outcome != OutcomeSuccess || run.Facts == nil || !reflect.DeepEqual(run.Facts.Scores, []Value{{"correct", 1}, {"tone", 0.4}}) {
			t.Errorf("%s: outcome %v, %+v", shape, run.Outcome, run.Facts)
		}
	}
}

// TestLangfuseScoresDecide: words and booleans of scores named like a verdict, but not numbers that merely stand for a word.
func TestLangfuseScoresDecide(t *testing.T) {
	for members, want := range map[string]Outcome{
		`"name":"resolved","value":0,"data_type":"BOOLEAN","string_value":"False"`:      OutcomeFailure,
		`"name":"outcome","value":0,"data_type":"CATEGORICAL","string_value":"success"`: OutcomeSuccess,
		`"name":"outcome","value":0,"data_type":"CATEGORICAL","string_value":"unclear"`: OutcomeUnknown,
		`"name":"success","value":1,"data_type":"NUMERIC","string_value":null`:          OutcomeSuccess,
		`"name":"success","value":0.7,"data_type":"NUMERIC","string_value":null`:        OutcomeUnknown,
		`"name":"toxicity","value":1,"data_type":"BOOLEAN","string_value":"True"`:       OutcomeUnknown,
	} {
		names, recs, _ := exportRecords(t, FormatLangfuse,
			`{"id":"o","trace_id":"t","type":"SPAN","parent_observation_id":null,"start_time":"2026-11-24 23:19:41.642","end_time":"2026-11-24 23:19:42"}`,
			`{"id":"s","trace_id":"t","observation_id":null,"source":"API",`+members+`}`)
		if run := exportRun(t, names, recs); run.Outcome != want {
			t.Errorf("%s: %v, want %v", members, run.Outcome, want)
		}
	}
	d := NewDecoder(NewNames(), nil)
	d.Format = FormatLangfuse
	if err := d.Decode([]byte(`{"id":"s","trace_id":null,"session_id":"x","observation_id":null,"name":"nps","value":3,"source":"API","data_type":"NUMERIC"}`), SourceRef{}); err == nil || len(d.Out) != 0 {
		t.Errorf("a session's score: %v, %d records", err, len(d.Out))
	}
}

// TestLangfuseScoreColumns: a batch export has a column for each score.
func TestLangfuseScoreColumns(t *testing.T) {
	names, recs, _ := exportRecords(t, FormatLangfuse, `{"id":"o","traceId":"t","type":"SPAN","parentObservationId":null,"startTime":"2026-01-02T03:04:05Z","endTime":"2026-01-02T03:04:06Z","toolCalls":[1],"comments":[],"helpful":[0.25],"resolved":["True"]}`)
	run := exportRun(t, names, recs)
	if run.Outcome != OutcomeSuccess || !reflect.DeepEqual(run.Facts.Scores, []Value{{"helpful", 0.25}, {"resolved", 1}}) {
		t.Errorf("outcome %v, %+v", run.Outcome, run.Facts)
	}
}

// TestLangfuseBeeAI: three generations are the events of one call; usage stands at the start.
func TestLangfuseBeeAI(t *testing.T) {
	var lines []string
	for i, event := range []string{"start", "success", "finish"} {
		usage := ""
		if i == 0 {
			usage = `,"model":"gpt-5","usageDetails":{"input":33}`
		}
		lines = append(lines, `{"id":"`+event+`","traceId":"t","type":"GENERATION","parentObservationId":"p","name":"backend.openai.chat.`+event+`-16","startTime":"2026-01-02T03:04:0`+itoa(int64(i))+`Z","endTime":"2026-01-02T03:04:0`+itoa(int64(i))+`Z"`+usage+`}`)
	}
	names, recs, _ := exportRecords(t, FormatLangfuse, lines...)
	for range 2 {
		run := exportRun(t, names, recs)
		if len(run.Calls) != 1 || exportCounts(run.Calls[0].Record) != "33 ? ? ? ? ?" || run.Calls[0].Start != at("2026-01-02T03:04:00Z") || names.Name(run.Calls[0].Name) != "backend.openai.chat" {
			t.Errorf("%d calls: %+v", len(run.Calls), run.Calls[0].Record)
		}
		slices.Reverse(recs)
	}
}

// TestLangfuseOverlap loads all files of one project together: what two of them hold counts once.
func TestLangfuseOverlap(t *testing.T) {
	names, recs := readExports(t, 1, "langfuse/observations.batch-export.jsonl", "langfuse/agno.trace-download.json", "langfuse/observations.api-page.json", "langfuse/observations.batch-export.csv",
		"langfuse/openai-agents.trace-download.json")
	got := sumUp(names, byRun(recs))
	if got.traces != 7 || got.calls != 14 || got.input != 2916 || got.output != 938 || got.cost != "0.004301449997" {
		t.Errorf("%+v", got)
	}
}

// TestLangfuseFiles: an array, a table and lines of the same rows read alike, and are known by sight.
func TestLangfuseFiles(t *testing.T) {
	rows := []string{
		`{"id":"a","traceId":"t","type":"SPAN","parentObservationId":null,"name":"root","level":"DEFAULT","startTime":"2026-01-02T03:04:05.000Z","endTime":"2026-01-02T03:04:09.000Z","model":null,"usageDetails":{},"totalCost":0,"traceTags":["x","feature:f"],"input":{"q":["a b",1]},"metadata":{"plan":"gold"}}`,
		`{"id":"b","traceId":"t","type":"GENERATION","parentObservationId":"a","name":"chat","level":"ERROR","startTime":"2026-01-02T03:04:06.000Z","endTime":"2026-01-02T03:04:07.000Z","model":"gpt-5","usageDetails":{"input":10,"output":2},"totalCost":0.125,"traceTags":["x","feature:f"],"input":"say \"hi\"\nnow","metadata":null}`,
	}
	table := "\"id\",\"traceId\",\"type\",\"parentObservationId\",\"name\",\"level\",\"startTime\",\"endTime\",\"model\",\"usageDetails\",\"totalCost\",\"traceTags\",\"input\",\"metadata\"\n" +
		`"a","t","SPAN","","root","DEFAULT","2026-01-02T03:04:05.000Z","2026-01-02T03:04:09.000Z","","{}","0","[""x"", ""feature:f""]","{""q"": [""a b"", 1]}","{""plan"": ""gold""}"` + "\n" +
		`"b","t","GENERATION","a","chat","ERROR","2026-01-02T03:04:06.000Z","2026-01-02T03:04:07.000Z","gpt-5","{""input"": 10, ""output"": 2}","0.125","[""x"", ""feature:f""]","say ""hi""` + "\n" + `now",""` + "\n"
	lines, names, r := readAll(t, write(t, "o.jsonl", rows[0]+"\n"+rows[1]+"\n"), ReadOptions{})
	if r.Format() != FormatLangfuse || len(lines.Records) != 2 || exportCounts(&lines.Records[1]) != "10 ? ? ? 2 ?" || lines.Records[1].Fingerprints[0] == 0 {
		t.Fatalf("format %d, %+v", r.Format(), lines.Records)
	}
	for name, text := range map[string]string{"o.json": "[\n" + rows[0] + ",\n" + rows[1] + "\n]", "o.csv": table} {
		other, _, r := readAll(t, write(t, name, text), ReadOptions{})
		if r.Format() != FormatLangfuse {
			t.Errorf("%s: format %d", name, r.Format())
		}
		sameRecords(t, names, other.Records, lines.Records)
	}
}
