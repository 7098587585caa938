package click

import "encoding/json"

// plain is a span that says nothing but what is in its attributes.
func plain(name string, attributes object) told {
	return told{name: name, service: "desk", more: attributes}
}

// dialects are runs as instrumentations of other names report them.
func dialects() map[string][]told {
	run := func(spans ...told) []told {
		s := story{run: "dialect", now: t0}
		for _, t := range spans {
			s.add(t)
		}
		return s.list
	}
	const n = json.Number("0.0125")
	return map[string][]told{
		"older names": run(
			plain("openai.chat", object{"gen_ai.system": "openai", "gen_ai.request.model": "gpt-5", "gen_ai.usage.prompt_tokens": int64(900), "gen_ai.usage.completion_tokens": int64(90), "llm.request.type": "chat"}),
			plain("chat", object{"gen_ai.system": "az.ai.openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.prompt_tokens": int64(1000), "gen_ai.usage.completion_tokens": int64(100),
				"gen_ai.usage.input_tokens": int64(1100), "gen_ai.usage.output_tokens": int64(110)})),
		"OpenInference": run(
			plain("ChatCompletion", object{"openinference.span.kind": "LLM", "llm.model_name": "gpt-5-mini", "llm.provider": "openai", "llm.token_count.prompt": int64(2000), "llm.token_count.completion": int64(150),
				"llm.token_count.total": int64(2150), "llm.token_count.prompt_details.cache_read": int64(1024), "session.id": "s-9", "user.id": "u-9", "agent.name": "researcher"}),
			plain("search", object{"openinference.span.kind": "TOOL", "tool.name": "search"}),
			plain("priced", object{"openinference.span.kind": "LLM", "llm.model_name": "gpt-5-mini", "llm.token_count.prompt": int64(20), "llm.token_count.completion": int64(15), "llm.cost.total": n})),
		"OpenLLMetry": run(
			plain("anthropic.chat", object{"gen_ai.system": "Anthropic", "llm.request.type": "chat", "gen_ai.request.model": "claude-haiku-4-5", "gen_ai.response.model": "claude-haiku-4-5-20251001",
				"gen_ai.usage.input_tokens": int64(5000), "gen_ai.usage.output_tokens": int64(200), "llm.usage.total_tokens": int64(5200), "gen_ai.usage.cache_read_input_tokens": int64(4000),
				"traceloop.workflow.name": "support", "traceloop.association.properties.user_id": "u-7"}),
			plain("find.tool", object{"traceloop.span.kind": "tool", "traceloop.entity.name": "find"})),
		"counts beside": run(
			chat("claude-sonnet-4-5", 500, 50).from("anthropic").cached(9000, 0), chat("claude-sonnet-4-5", 10, 50).from("anthropic").cached(0, 4000),
			plain("no input", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.cache_read.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5)}),
			plain("more reasoning than output", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5),
				"gen_ai.usage.reasoning.output_tokens": int64(50)}),
			plain("a total", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5),
				"gen_ai.usage.total_tokens": int64(155), "gen_ai.usage.reasoning.output_tokens": int64(50)})),
		"Vercel": run(
			told{id: "outer", start: t0, end: t0 + 9e9, name: "ai.generateText", more: object{"ai.operationId": "ai.generateText", "ai.model.id": "gpt-5", "ai.usage.promptTokens": int64(700), "ai.usage.completionTokens": int64(70)}},
			plain("ai.generateText.doGenerate", object{"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-5", "ai.model.provider": "openai.responses", "gen_ai.request.model": "gpt-5",
				"gen_ai.usage.input_tokens": int64(700), "gen_ai.usage.output_tokens": int64(70)}).below("outer").at(t0+1e9)),
		"prices of the day": run(chat("gpt-5.6-sol", 1000, 100).from("openai").at(1787270399e9), chat("gpt-5.6-sol", 1000, 100).from("openai").at(1787270400e9), chat("gpt-5.6-sol", 272_000, 100).from("openai"),
			chat("deepseek-chat", 100_000, 1000).from("deepseek").at(1740744000e9), chat("deepseek-chat", 100_000, 1000).from("deepseek").at(1740765600e9)),
		"exceptions": run(chat("gpt-5", 100, 10), chat("gpt-5", 100, 10).raising("TimeoutError"),
			plain("http", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "http.response.status_code": int64(503)}),
			plain("execute_tool find", object{"gen_ai.tool.name": "find"}), plain("find run", object{"gen_ai.agent.name": "finder"})),
		"bad counts": run(
			plain("text", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": "1200", "gen_ai.usage.output_tokens": "a few"}),
			plain("negative", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(-5), "gen_ai.usage.output_tokens": int64(7)}),
			plain("huge", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": json.Number("1e30"), "gen_ai.usage.output_tokens": int64(7)}),
			plain("text that is a number", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": "1200", "gen_ai.usage.output_tokens": "12"}),
			plain("a negative cost", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5), "gen_ai.usage.cost": json.Number("-3")}),
			plain("a cost in words", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5), "gen_ai.usage.cost": "NaN"}),
			plain("input and output cost", object{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5", "gen_ai.usage.input_tokens": int64(100), "gen_ai.usage.output_tokens": int64(5),
				"gen_ai.usage.input_cost": json.Number("0.0001"), "gen_ai.usage.output_cost": json.Number("0.00000005")})),
	}
}

func (t told) at(start int64) told           { t.start = start; return t }
func (t told) raising(exception string) told { t.exception = exception; return t }
