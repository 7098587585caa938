package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Claude makes lines of Claude Code logs: answers logged several times while they stream, tools with their results, subagents, and sessions
// that resume an earlier one: they begin with a copy of it under a session id of their own, smaller or larger than the first.
func Claude(r *rand.Rand, sessions int) Trace {
	var t Trace
	for n := range sessions {
		id := fmt.Sprintf("%08x-%d", r.Uint32(), n)
		lines := session(r, fmt.Sprintf("%x-%d", r.Uint32(), n), time.Unix(1_770_000_000+r.Int64N(5*86_400), 0).UTC())
		begin := 0
		for range 1 + r.IntN(3) {
			upTo := begin + r.IntN(len(lines)-begin+1)
			for _, l := range lines[:upTo] {
				l["sessionId"] = id
				t.add(l)
			}
			begin, id = upTo, fmt.Sprintf("%08x-%d", r.Uint32(), n)
		}
		for _, l := range lines {
			l["sessionId"] = id
			t.add(l)
		}
	}
	return t
}

// session is the lines of a session, without its id.
func session(r *rand.Rand, key string, at time.Time) (lines []map[string]any) {
	stamp := func() string {
		at = at.Add(time.Duration(1+r.IntN(9000)) * time.Millisecond)
		return at.Format("2006-01-02T15:04:05.000Z")
	}
	add := func(l map[string]any) {
		l["uuid"], l["version"], l["cwd"] = fmt.Sprintf("u-%s-%d", key, len(lines)), "2.1.83", "/w/"+key
		l["timestamp"] = stamp()
		if r.IntN(5) == 0 {
			l["isSidechain"] = true
		}
		lines = append(lines, l)
	}
	for i := range 1 + r.IntN(10) {
		output, tool, name := 0, fmt.Sprintf("toolu_%s_%d", key, i), pick(r, []string{"Bash", "Read"})
		for range 1 + r.IntN(3) {
			output += r.IntN(300)
			content := []map[string]any{{"type": "text", "text": "hm"}}
			if i%2 == 0 {
				content = append(content, map[string]any{"type": "tool_use", "id": tool, "name": name, "input": map[string]any{}})
			}
			usage := map[string]any{"input_tokens": 7 * i, "cache_read_input_tokens": 1000 * i, "cache_creation_input_tokens": 100, "output_tokens": output,
				"cache_creation": map[string]any{"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 40}}
			add(map[string]any{"type": "assistant", "requestId": "req_" + key, "message": map[string]any{"id": fmt.Sprintf("msg_%s_%d", key, i), "type": "message", "role": "assistant",
				"model": models[i%3], "content": content, "usage": usage}})
		}
		if i%2 == 0 {
			add(map[string]any{"type": "user", "message": map[string]any{"role": "user", "content": []map[string]any{{"type": "tool_result", "tool_use_id": tool, "content": "x", "is_error": r.IntN(4) == 0}}}})
		}
	}
	return lines
}

// OTLP makes export requests of a few spans each, in which agents repeat the sum of their calls, and of which some are sent twice.
func OTLP(r *rand.Rand, traces int) Trace {
	var t Trace
	for range traces {
		id, start := fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()), 1_770_000_000_000_000_000+r.Int64N(5*86_400_000_000_000)
		root := fmt.Sprintf("%016x", r.Uint64())
		var spans []map[string]any
		input := 0
		for i := range 1 + r.IntN(8) {
			tokens := r.IntN(5000)
			input += tokens
			s := span(id, fmt.Sprintf("%016x", r.Uint64()), root, start+int64(i)*1_000_000_000, attr("gen_ai.operation.name", "chat"), attr("gen_ai.request.model", pick(r, models)),
				attr("gen_ai.usage.input_tokens", tokens), attr("gen_ai.usage.output_tokens", r.IntN(500)))
			if r.IntN(6) == 0 {
				s["status"] = map[string]any{"code": 2}
			}
			spans = append(spans, s)
		}
		if r.IntN(3) > 0 {
			spans = append(spans, span(id, root, "", start, attr("gen_ai.operation.name", "invoke_agent"), attr("gen_ai.agent.name", pick(r, agents)), attr("gen_ai.usage.input_tokens", input)))
		}
		for len(spans) > 0 {
			n := 1 + r.IntN(len(spans))
			request := map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": spans[:n]}}}}}
			t.add(request)
			if r.IntN(5) == 0 {
				t.add(request)
			}
			spans = spans[n:]
		}
	}
	return t
}

func span(trace, id, parent string, start int64, attributes ...map[string]any) map[string]any {
	s := map[string]any{"traceId": trace, "spanId": id, "name": "work", "kind": 3, "startTimeUnixNano": fmt.Sprint(start), "endTimeUnixNano": fmt.Sprint(start + 500_000_000), "attributes": attributes}
	if parent != "" {
		s["parentSpanId"] = parent
	}
	return s
}

func attr(key string, value any) map[string]any {
	if n, ok := value.(int); ok {
		return map[string]any{"key": key, "value": map[string]any{"intValue": fmt.Sprint(n)}}
	}
	return map[string]any{"key": key, "value": map[string]any{"stringValue": value}}
}
