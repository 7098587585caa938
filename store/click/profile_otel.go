package click

import (
	"encoding/json"
	"strings"

	"costscope/tracefmt"
)

// otelMap is the table of the OpenTelemetry Collector's exporter, which OpenLIT uses, too.
var otelMap = profile{
	name: "otel", title: "OpenTelemetry Collector", tables: []string{"otel_traces"}, format: tracefmt.FormatOTLP, lacks: []string{"attempts", "outcomes"},
	by:    []string{"Timestamp", "TraceId", "SpanId", "ParentSpanId", "SpanName", "SpanAttributes", "Duration", "StatusCode"},
	types: map[string]string{"SpanAttributes": "Map("},
	spans: func(r *detected) spans {
		return otelSpans(r, attributeSource{
			text: func(key string) string { return "SpanAttributes[" + quote(key) + "]" },
			any:  func(keys []string) string { return "hasAny(mapKeys(SpanAttributes), " + quoted(keys) + ")" },
			res:  func(key string) string { return "ResourceAttributes[" + quote(key) + "]" },
			all:  "SpanAttributes", resource: namedService(r), events: exporterEvents(r, "Map(String, String)"),
		})
	},
}

// namedService are the attributes of a resource, with the name of the service, which has a column of its own.
func namedService(r *detected) string {
	if !r.has("ServiceName") {
		return "ResourceAttributes"
	}
	return "mapUpdate(map('service.name', toString(ServiceName)), CAST(ResourceAttributes, 'Map(String, String)'))"
}

// exporterEvents are the events of a span in the exporter's table.
func exporterEvents(r *detected, attributes string) string {
	if !r.has("Events.Name") {
		return ""
	}
	return eventTuples("n", "x", attributes, "n, x", "`Events.Name`, `Events.Attributes`")
}

func eventTuples(name, values, attributes, of, lists string) string {
	return "arrayMap((" + of + ") -> CAST((" + name + ", " + values + "), 'Tuple(name String, attributes " + attributes + ")'), " + lists + ")"
}

// otelJSON is the same with attributes in JSON columns.
var otelJSON = profile{
	name: "otel-json", title: "OpenTelemetry Collector (JSON columns)", tables: []string{"otel_traces"}, format: tracefmt.FormatOTLP,
	lacks: []string{"attempts", "outcomes"}, by: otelMap.by, types: map[string]string{"SpanAttributes": "JSON"}, plain: plainSpan,
	spans: func(r *detected) spans {
		path := func(column string) func(string) string {
			return func(key string) string {
				for _, part := range strings.Split(key, ".") {
					column += "." + identifier(part)
				}
				return "ifNull(toString(" + column + "), '')"
			}
		}
		text := func(key string) string { return path("SpanAttributes")(key) }
		return otelSpans(r, attributeSource{
			text: text, res: func(key string) string { return path("ResourceAttributes")(key) },
			any: func(keys []string) string {
				if r.has("SpanAttributesKeys") {
					return "hasAny(SpanAttributesKeys, " + quoted(keys) + ")"
				}
				var some []string
				for _, k := range keys {
					some = append(some, text(k)+" != ''")
				}
				return "(" + strings.Join(some, " OR ") + ")"
			},
			all: "SpanAttributes", resource: "ResourceAttributes", events: exporterEvents(r, "JSON"),
		})
	},
}

// plainSpan gives the attributes of a span their own names again: JSON columns hold "a.b" as "b" within "a".
func plainSpan(line string) (string, error) {
	var span map[string]any
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&span); err != nil {
		return "", err
	}
	holders := []any{span}
	if events, ok := span["events"].([]any); ok {
		holders = append(holders, events...)
	}
	for _, h := range holders {
		holder, _ := h.(map[string]any)
		for _, at := range [...]string{"attributes", "resource_attributes"} {
			if nested, ok := holder[at].(map[string]any); ok {
				flat := map[string]any{}
				flatten(flat, "", nested)
				holder[at] = flat
			}
		}
	}
	text, err := json.Marshal(span)
	return string(text), err
}

func flatten(to map[string]any, above string, nested map[string]any) {
	for k, v := range nested {
		if deeper, ok := v.(map[string]any); ok {
			flatten(to, above+k+".", deeper)
		} else {
			to[above+k] = v
		}
	}
}

// signoz is the table of spans of SigNoz, whose attributes are divided by type.
var signoz = profile{
	name: "signoz", title: "SigNoz", tables: []string{"distributed_signoz_index_v3", "signoz_index_v3"}, format: tracefmt.FormatOTLP,
	lacks: []string{"attempts", "outcomes"},
	by:    []string{"ts_bucket_start", "timestamp", "trace_id", "span_id", "parent_span_id", "name", "duration_nano", "attributes_string", "attributes_number"},
	spans: func(r *detected) spans {
		s := otelSpans(r, attributeSource{
			text: func(key string) string {
				k := quote(key)
				return "multiIf(attributes_string[" + k + "] != '', attributes_string[" + k + "], mapContains(attributes_number, " + k + "), toString(attributes_number[" + k + "]), '')"
			},
			any: func(keys []string) string {
				return "(hasAny(mapKeys(attributes_string), " + quoted(keys) + ") OR hasAny(mapKeys(attributes_number), " + quoted(keys) + "))"
			},
			res:      func(key string) string { return "resources_string[" + quote(key) + "]" },
			all:      "mapConcat(CAST(attributes_string, 'Map(String, String)'), mapApply((k, v) -> (toString(k), toString(v)), attributes_number))",
			resource: "resources_string",
			events:   signozEvents(r),
			names: map[string]string{"Timestamp": "timestamp", "TraceId": "toString(trace_id)", "SpanId": "span_id", "ParentSpanId": "parent_span_id", "SpanName": "name",
				"Duration": "duration_nano", "StatusCode": "if(has_error, 'Error', status_code_string)", "StatusMessage": "status_message",
			},
		})
		// The table is ordered by half hours, in seconds.
		s.bound += " AND ts_bucket_start >= intDiv(%[1]d, 1000000000) - 1800 AND ts_bucket_start <= intDiv(%[2]d, 1000000000)"
		return s
	},
}

// signozEvents are the events of a span, which SigNoz keeps as JSON.
func signozEvents(r *detected) string {
	if !r.has("events") {
		return ""
	}
	return eventTuples("JSONExtractString(e, 'name')", "JSONExtract(e, 'attributeMap', 'Map(String, String)')", "Map(String, String)", "e", "events")
}

// An attributeSource is how a table of spans keeps attributes.
type attributeSource struct {
	text, res     func(key string) string // an attribute of the span or of its resource as text, '' where there is none
	any           func(keys []string) string
	all, resource string            // all of them, for a line
	names         map[string]string // other names of the exporter's columns
	events        string            // names and attributes of what happened in a span, as arrays of tuples; "" where none are kept
	lets          []let
}

// column is a column of the exporter's table, as this one has it.
func (a *attributeSource) column(name string) string {
	if other, ok := a.names[name]; ok {
		return other
	}
	return name
}

// A let is an expression with a name, on a level above all names that it uses.
type let struct {
	name, expression string
	level            int
}

// let gives an expression a name, once.
func (a *attributeSource) let(name, expression string) string {
	x := let{name: "a_" + name, expression: expression}
	for _, l := range a.lets {
		if l.name == x.name {
			return x.name
		}
		if strings.Contains(expression, l.name) {
			x.level = max(x.level, l.level+1)
		}
	}
	a.lets = append(a.lets, x)
	return x.name
}

// levels are the expressions with names, by level.
func (a *attributeSource) levels() (list []string) {
	for level := 0; ; level++ {
		var at []string
		for _, l := range a.lets {
			if l.level == level {
				at = append(at, l.expression+" AS "+l.name)
			}
		}
		if len(at) == 0 {
			return list
		}
		list = append(list, strings.Join(at, ", "))
	}
}

func (a *attributeSource) texts(fact string) (list []string) {
	for _, name := range tracefmt.SpanAttributes(fact) {
		list = append(list, a.text(name))
	}
	return list
}

// first is the first text that states a fact.
func (a *attributeSource) first(fact string) string { return a.let(fact, firstText(a.texts(fact)...)) }

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quote(s))
	}
	return array(out)
}

// otelSpans reads spans of OpenTelemetry as tracefmt does.
func otelSpans(r *detected, a attributeSource) spans {
	time := "toUnixTimestamp64Nano(" + a.column("Timestamp") + ")"
	f := map[string]string{"call": a.column("SpanId"), "parent": a.column("ParentSpanId"), "finish": time + " + toInt64(" + a.column("Duration") + ")", "has_finish": "1"}
	a.named(r, f)
	a.counted(f)
	a.paid(f)
	a.ended(f)
	return spans{from: r.at(r.table), run: a.column("TraceId"), time: time, is: a.any(genAI()), lets: a.levels(), fields: f, id: a.column("SpanId"),
		bound: time + " >= %[1]d AND " + time + " <= %[2]d", lines: []string{a.line(r, time)}}
}

// genAI are the attributes that spans of agents have, and others do not.
func genAI() (list []string) {
	for _, k := range tracefmt.KindAttributes() {
		list = append(list, k.Name)
	}
	for _, fact := range []string{"model", "request_model", "input", "output", "total"} {
		list = append(list, tracefmt.SpanAttributes(fact)...)
	}
	return append(list, vercelOperation)
}

// named are the names of a span, and what kind it is.
func (a *attributeSource) named(r *detected, f map[string]string) {
	for _, fact := range []string{"instance", "role", "feature", "provider"} {
		f[fact] = a.first(fact)
	}
	for _, fact := range []string{"version", "user", "session"} {
		list := a.texts(fact)
		for _, name := range tracefmt.SpanAttributes(fact) {
			list = append(list, a.res(name))
		}
		f[fact] = firstText(list...)
	}
	f["service"] = a.res("service.name")
	if r.has("ServiceName") {
		f["service"] = "ServiceName"
	}
	asked, answered := a.first("request_model"), a.first("model")
	f["model"] = firstText(answered, asked)
	name := a.let("name", a.column("SpanName"))
	f["name"] = a.let("called", spanName(name, a.let("any_model", firstText(asked, answered))))
	kind := a.let("kind", a.kind(name))
	f["kind"] = kind
	agent, entity := a.first("agent"), a.first("entity")
	f["agent"] = "multiIf(" + agent + " != '', " + agent + ", " + kind + " = 'agent', " + firstText(entity, a.first("graph_node")) + ", " + kind + " IN ('guardrail', 'evaluator'), " + kind + ", '')"
	f["tool"] = "if(" + kind + " = 'tool', " + firstText(a.first("tool"), entity, f["name"]) + ", '')"
	isWorkflow := a.text("traceloop.span.kind") + " = 'workflow'"
	f["step"] = "if(" + a.first("step") + " != '' OR " + kind + " IN ('agent', 'tool') OR " + isWorkflow + ", " + a.first("step") + ", " + entity + ")"
	f["workflow"] = firstText(a.first("workflow"), "if("+isWorkflow+" AND "+kind+" NOT IN ('agent', 'tool'), "+entity+", '')", "if("+agent+" = '' AND "+kind+" != 'agent', "+a.first("workflow_hint")+", '')")
}

// vercelOperation says what a span of the Vercel AI SDK does.
const vercelOperation = "ai.operationId"

// kind is what a span's attributes say, else its name.
func (a *attributeSource) kind(name string) string {
	op := a.let("operation", a.text(vercelOperation))
	vercel := "multiIf(" + op + " = '', '', " + op + " = 'ai.toolCall', 'tool', match(" + op + ", '[.]do(Generate|Stream)$'), 'llm', endsWith(" + op + ", '.doEmbed'), 'embedding', endsWith(" + op + ", '.doRerank'), 'reranker', 'chain')"
	var list []string
	for i, k := range tracefmt.KindAttributes() {
		if i == 2 { // OpenInference and Langfuse are believed before it
			list = append(list, vercel)
		}
		list = append(list, kindSQL(a.text(k.Name), k.Words))
	}
	byName := "multiIf(" + a.first("tool") + " != '' AND " + a.first("request_model") + " = '', 'tool', startsWith(" + name + ", 'invoke_agent ') OR endsWith(" + name + ", ' run') AND " + a.first("agent") +
		" != '', 'agent', startsWith(" + name + ", 'execute_tool '), 'tool', " + name + " = 'call_llm', 'llm', startsWith(" + name + ", 'agent_run ['), 'agent', '')"
	return firstText(append(list, byName)...)
}

// spanName is a span's name without ids, without words for its kind, and without the model.
func spanName(name, model string) string {
	tail := "substring(" + name + ", position(" + name + ", ' ') + 1)"
	cut := "if(position(" + name + ", ' ') > 1 AND length(" + tail + ") > 2 AND startsWith(" + model + ", " + tail + "), substring(" + name + ", 1, position(" + name + ", ' ') - 1), " + name + ")"
	bare := cleanedName("trimBoth(" + cut + ")")
	return "replaceRegexpOne(replaceRegexpOne(" + bare + ", '^(?:invoke_agent |invoke_workflow |create_agent |execute_tool |ai[.]toolCall |agent[.]|agent )(.)', '\\\\1'), '(.)(?:[.]agent|[.]workflow|[.]task|[.]tool| agent)$', '\\\\1')"
}

// cleanedName is a name without ids: those would make a group of every call.
func cleanedName(name string) string {
	const id = `[ ._:/#@(\\[{-]*(?:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|\\b[0-9a-fA-F]*(?:[0-9][a-fA-F]|[a-fA-F][0-9])[0-9a-fA-F]{6,}\\b|\\b[0-9]{12,}\\b)[)\\]}]?`
	return "if(match(" + name + ", '[0-9a-fA-F]{8}'), replaceRegexpAll(" + name + ", '" + id + "', ''), " + name + ")"
}

// maxTokens is the largest count that is taken for one.
const maxTokens = "1000000000000000"

// counted are the token counts of a span: of several spellings a positive one goes before 0. One that is no whole number makes them all
// unknown.
func (a *attributeSource) counted(f map[string]string) {
	var bad []string
	for _, fact := range []string{"input", "output", "cache_read", "cache_write", "reasoning", "total"} {
		texts := a.let(fact+"_texts", "arrayFilter(x -> match(x, '^[-+]?[0-9]'), "+array(a.texts(fact))+")")
		counts := a.let(fact+"_counts", "arrayMap(x -> ifNull(toInt64OrNull(x), -1), "+texts+")")
		f[fact] = "arrayFirst(x -> x > 0, " + counts + ")"
		f["has_"+fact] = "notEmpty(" + counts + ")"
		bad = append(bad, counts)
	}
	f["bad"] = "arrayExists(x -> x < 0 OR x > " + maxTokens + ", arrayConcat(" + strings.Join(bad, ", ") + "))"
	delete(f, "has_reasoning")
}

// paid is the cost that a span states: a total, else that of input and output together.
func (a *attributeSource) paid(f map[string]string) {
	amount := func(fact string) string { return a.let(fact+"_amount", firstAmount(a.texts(fact))) }
	total, in, out := amount("cost"), amount("input_cost"), amount("output_cost")
	f["has_cost"] = total + " >= 0 OR " + in + " >= 0 OR " + out + " >= 0"
	f["cost"] = "if(" + total + " >= 0, " + total + ", greatest(" + in + ", 0) + greatest(" + out + ", 0))"
}

// firstAmount is the first amount of money among texts in pico-dollars, -1 where there is none.
func firstAmount(texts []string) string {
	return "arrayPushBack(arrayFilter(x -> x >= 0, arrayMap(x -> " + pico("toDecimal128OrNull(x, 18)") + ", arrayFilter(x -> x != '', " + array(texts) + "))), -1)[1]"
}

// pico is a decimal number of dollars in pico-dollars, halves rounded up as tracefmt does; -1 for what is no such amount.
func pico(decimal string) string {
	const most = 9_000_000 // dollars: beyond, a call's cost leaves the range
	return "ifNull(if(" + decimal + " >= 0 AND " + decimal + " < " + number(most) + ", toInt64(floor(" + decimal + " * 1000000000000 + toDecimal128('0.5', 1))), -1), -1)"
}

// ended is how a span ended. A stated ok is believed before anything else.
func (a *attributeSource) ended(f map[string]string) {
	code, level := a.column("StatusCode"), a.text("langfuse.observation.level")
	bad := []string{code + " IN ('Error', 'STATUS_CODE_ERROR', 'ERROR')", a.text("error.type") + " != ''", "toInt64OrZero(" + a.first("http") + ") >= 400", "toInt64OrZero(" + a.first("level") + ") >= 17",
		level + " = 'ERROR'"}
	if a.events != "" {
		bad = append(bad, "arrayExists(o -> o.1 = 'exception', "+a.events+")")
	}
	f["status"] = "multiIf(" + code + " IN ('Ok', 'STATUS_CODE_OK', 'OK') AND " + level + " != 'ERROR', 'ok', " + strings.Join(bad, " OR ") + ", 'error', 'unset')"
	f["asked"] = a.any(tracefmt.SpanAttributes("text"))
}

// line is the question for the spans of runs as lines of OTLP/JSON.
func (a *attributeSource) line(r *detected, start string) string {
	members := []string{a.column("TraceId") + " AS traceId", a.column("SpanId") + " AS spanId", a.column("ParentSpanId") + " AS parentSpanId", a.column("SpanName") + " AS name",
		start + " AS startTimeUnixNano", start + " + toInt64(" + a.column("Duration") + ") AS endTimeUnixNano",
		a.all + " AS attributes", "map('code', toString(" + a.column("StatusCode") + "), 'message', toString(" + a.column("StatusMessage") + ")) AS status"}
	if a.resource != "" {
		members = append(members, a.resource+" AS resource_attributes")
	}
	if a.events != "" {
		members = append(members, a.events+" AS events")
	}
	return "SELECT toString(" + a.column("TraceId") + ") AS q_run, " + start + " AS q_at, " + a.column("SpanId") + " AS q_id, formatRow('JSONEachRow', " + strings.Join(members, ", ") +
		") AS q_line FROM " + r.at(r.table) + " WHERE " + a.column("TraceId") + " IN ({runs}) AND {bound}"
}
