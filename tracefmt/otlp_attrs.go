package tracefmt

import "bytes"

// A slot is a fact about a span that attributes can state. Several attributes may state the same fact: the one of the lowest rank wins.
type slot uint8

const (
	slotNone slot = iota

	// names
	slotProvider
	slotModel
	slotRequestModel
	slotWorkflow
	slotWorkflowHint // traceloop.workflow.name: nested agents overwrite it with their own name
	slotEntity       // traceloop.entity.name: workflow, agent, tool or step, as the span's kind says
	slotAgent
	slotInstance
	slotRole
	slotStep
	slotTool
	slotFeature
	slotVersion
	slotUser
	slotSession
	slotService
	slotTier
	slotError
	slotGraphNode
	slotEvalName
	slotEvalLabel
	slotEventName
	slotNames // the number of the slots above

	// counts
	slotInput
	slotOutput
	slotRead
	slotWrite
	slotWrite1h
	slotReasoning
	slotTotal
	slotRestInput  // input beside slotInput: audio and the like
	slotRestOutput // output beside slotOutput
	slotAnthropicInput
	slotAttempt
	slotHTTP
	slotLevel // logfire.level_num
	slotCounts

	// money
	slotCost
	slotCostIn
	slotCostOut
	slotMoney

	// what needs code of its own
	slotOperation
	slotObservation
	slotOpenInference
	slotTraceloop
	slotRequestType
	slotVercel
	slotAgentOps
	slotGenkitSubtype
	slotGenkitName
	slotMLflow
	slotMLflowModel
	slotMLflowRun
	slotMLflowForm
	slotMLflowCost
	slotPending
	slotOutcome
	slotLangfuseLevel
	slotEvalValue
	slotTags
	slotTag // one tag; the key says its name
	slotUsageJSON
	slotCostJSON
	slotProviderJSON
	slotADKJSON
	slotGenkitJSON
	slotMLflowJSON
	slotAnswerJSON // an answer as OpenAI gives it
	slotMetadataJSON

	// message text: from here on
	slotInputText
	slotOutputText
	slotMessage // one member of one input message
)

// An attrRule is what an attribute sets.
type attrRule struct {
	slot slot
	rank uint8
}

// attrTable is every attribute that the OTLP reader knows. Attributes that are sums of others (gen_ai.aggregated_usage.*) are left out
// on purpose.
var attrTable = []struct {
	name string
	slot slot
	rank uint8
}{
	// OpenTelemetry GenAI
	{"gen_ai.operation.name", slotOperation, 0},
	{"gen_ai.provider.name", slotProvider, 0},
	{"gen_ai.system", slotProvider, 1},
	{"gen_ai.response.model", slotModel, 0},
	{"gen_ai.request.model", slotRequestModel, 0},
	{"gen_ai.usage.input_tokens", slotInput, 0},
	{"gen_ai.usage.prompt_tokens", slotInput, 1},
	{"gen_ai.usage.output_tokens", slotOutput, 0},
	{"gen_ai.usage.completion_tokens", slotOutput, 1},
	{"gen_ai.usage.total_tokens", slotTotal, 0},
	{"gen_ai.usage.cache_read.input_tokens", slotRead, 0},
	{"gen_ai.usage.cache_read_input_tokens", slotRead, 1},
	{"gen_ai.usage.cache_read_tokens", slotRead, 2},
	{"gen_ai.usage.input_cached_tokens", slotRead, 3},
	{"gen_ai.usage.details.cache_read_tokens", slotRead, 4},
	{"gen_ai.usage.details.cache_read_input_tokens", slotRead, 5},
	{"gen_ai.usage.cache_creation.input_tokens", slotWrite, 0},
	{"gen_ai.usage.cache_creation_input_tokens", slotWrite, 1},
	{"gen_ai.usage.cache_write_tokens", slotWrite, 2},
	{"gen_ai.usage.input_cache_creation", slotWrite, 3},
	{"gen_ai.usage.details.cache_write_tokens", slotWrite, 4},
	{"gen_ai.usage.details.cache_creation_input_tokens", slotWrite, 5},
	{"gen_ai.usage.reasoning.output_tokens", slotReasoning, 0},
	{"gen_ai.usage.reasoning_tokens", slotReasoning, 1},
	{"gen_ai.usage.details.reasoning_tokens", slotReasoning, 2},
	{"gen_ai.usage.details.thoughts_tokens", slotReasoning, 7},
	{"gen_ai.usage.cost", slotCost, 0}, // OpenLIT
	{"operation.cost", slotCost, 1},    // Pydantic AI
	{"gen_ai.usage.input_cost", slotCostIn, 0},
	{"gen_ai.usage.output_cost", slotCostOut, 0},
	{"gen_ai.workflow.name", slotWorkflow, 0},
	{"workflow.name", slotWorkflow, 1},
	{"workflow.outcome", slotOutcome, 0},
	{"retry.attempt", slotAttempt, 0},
	{"gen_ai.agent.name", slotAgent, 0},
	{"gen_ai.agent.id", slotInstance, 0},
	{"gen_ai.agent.role", slotRole, 0},
	{"agent.role", slotRole, 1},
	{"gen_ai.agent.version", slotVersion, 2},
	{"gen_ai.tool.name", slotTool, 0},
	{"gen_ai.conversation.id", slotSession, 0},
	{"session.id", slotSession, 1},
	{"enduser.id", slotUser, 0},
	{"user.id", slotUser, 1},
	{"gen_ai.request.user", slotUser, 2},
	{"app.feature", slotFeature, 0},
	{"feature", slotFeature, 1},
	{"feature.name", slotFeature, 2},
	{"app.version", slotVersion, 0},
	{"workflow.version", slotVersion, 0},
	{"gen_ai.openai.response.service_tier", slotTier, 0},
	{"openai.response.service_tier", slotTier, 1},
	{"gen_ai.openai.request.service_tier", slotTier, 2},
	{"openai.request.service_tier", slotTier, 3},
	{"error.type", slotError, 0},
	{"exception.type", slotError, 1},
	{"exception.message", slotError, 2},
	{"http.response.status_code", slotHTTP, 0},
	{"http.status_code", slotHTTP, 1},
	{"gen_ai.evaluation.name", slotEvalName, 0},
	{"gen_ai.evaluation.score.value", slotEvalValue, 0},
	{"gen_ai.evaluation.score.label", slotEvalLabel, 0},
	{"event.name", slotEventName, 1},
	{"service.name", slotService, 0},
	{"service.version", slotVersion, 9},

	// what was asked and answered, for fingerprints
	{"gen_ai.tool.call.arguments", slotInputText, 0},
	{"gen_ai.input.messages", slotInputText, 1},
	{"ai.toolCall.args", slotInputText, 2},
	{"ai.prompt.messages", slotInputText, 3},
	{"langfuse.observation.input", slotInputText, 4},
	{"gen_ai.prompt", slotInputText, 5},
	{"traceloop.entity.input", slotInputText, 6},
	{"input.value", slotInputText, 7},
	{"gcp.vertex.agent.llm_request", slotInputText, 8},
	{"genkit:input", slotInputText, 9},
	{"gen_ai.tool.call.result", slotOutputText, 0},
	{"ai.toolCall.result", slotOutputText, 1},
	{"langfuse.observation.output", slotOutputText, 2},
	{"traceloop.entity.output", slotOutputText, 3},
	{"output.value", slotOutputText, 4},

	// OpenInference
	{"openinference.span.kind", slotOpenInference, 0},
	{"llm.response.model_name", slotModel, 1},
	{"llm.model_name", slotModel, 2},
	{"embedding.model_name", slotModel, 3},
	{"llm.request.model_name", slotRequestModel, 1},
	{"llm.provider", slotProvider, 2},
	{"llm.system", slotProvider, 3},
	{"llm.token_count.prompt", slotInput, 2},
	{"llm.token_count.completion", slotOutput, 2},
	{"llm.token_count.total", slotTotal, 2},
	{"llm.token_count.prompt_details.cache_read", slotRead, 6},
	{"llm.token_count.prompt_details.cache_write", slotWrite, 6},
	{"llm.token_count.completion_details.reasoning", slotReasoning, 3},
	{"llm.cost.total", slotCost, 2},
	{"llm.cost.prompt", slotCostIn, 1},
	{"llm.cost.completion", slotCostOut, 1},
	{"agent.name", slotAgent, 1},
	{"graph.node.id", slotGraphNode, 0},
	{"tool.name", slotTool, 1},
	{"tag.tags", slotTags, 0},
	{"metadata", slotMetadataJSON, 0},

	// OpenLLMetry
	{"traceloop.span.kind", slotTraceloop, 0},
	{"llm.request.type", slotRequestType, 0},
	{"traceloop.entity.name", slotEntity, 0},
	{"traceloop.workflow.name", slotWorkflowHint, 0},
	{"traceloop.entity.version", slotVersion, 5},
	{"llm.usage.total_tokens", slotTotal, 1},
	{"llm.usage.prompt_tokens", slotInput, 3},
	{"llm.usage.completion_tokens", slotOutput, 3},
	{"llm.usage.cache_read_input_tokens", slotRead, 7},
	{"llm.usage.cache_creation_input_tokens", slotWrite, 7},
	{"llm.usage.reasoning_tokens", slotReasoning, 4},

	// Vercel AI SDK
	{"ai.operationId", slotVercel, 0},
	{"ai.telemetry.functionId", slotStep, 1},
	{"ai.toolCall.name", slotTool, 2},
	{"ai.model.provider", slotProvider, 4},
	{"ai.model.id", slotRequestModel, 2},
	{"ai.response.model", slotModel, 4},
	{"ai.usage.inputTokens", slotInput, 4},
	{"ai.usage.promptTokens", slotInput, 5},
	{"ai.usage.tokens", slotInput, 6},
	{"ai.usage.outputTokens", slotOutput, 4},
	{"ai.usage.completionTokens", slotOutput, 5},
	{"ai.usage.totalTokens", slotTotal, 3},
	{"ai.usage.cachedInputTokens", slotRead, 8},
	{"ai.usage.inputTokenDetails.cacheReadTokens", slotRead, 9},
	{"ai.usage.inputTokenDetails.cacheWriteTokens", slotWrite, 8},
	{"ai.usage.reasoningTokens", slotReasoning, 5},
	{"ai.usage.outputTokenDetails.reasoningTokens", slotReasoning, 6},
	{"ai.response.providerMetadata", slotProviderJSON, 0},

	// Pydantic AI, Logfire
	{"agent_name", slotAgent, 2},
	{"logfire.span_type", slotPending, 0},
	{"logfire.level_num", slotLevel, 0},

	// Langfuse
	{"langfuse.observation.type", slotObservation, 0},
	{"langfuse.observation.model.name", slotModel, 5},
	{"langfuse.observation.usage_details", slotUsageJSON, 0},
	{"langfuse.observation.cost_details", slotCostJSON, 0},
	{"langfuse.observation.level", slotLangfuseLevel, 0},
	{"langfuse.observation.status_message", slotError, 3},
	{"langfuse.trace.name", slotWorkflow, 2},
	{"langfuse.trace.tags", slotTags, 0},
	{"langfuse.user.id", slotUser, 3},
	{"langfuse.session.id", slotSession, 3},
	{"langfuse.version", slotVersion, 1},
	{"langfuse.release", slotVersion, 3},

	// Google ADK, Genkit, AgentOps
	{"gcp.vertex.agent.llm_response", slotADKJSON, 0},
	{"genkit:output", slotGenkitJSON, 0},
	{"genkit:metadata:subtype", slotGenkitSubtype, 0},
	{"genkit:name", slotGenkitName, 0},
	{"agentops.span.kind", slotAgentOps, 0},
	{"langsmith.span.kind", slotAgentOps, 0},
	{"gcp.vertex.agent.session_id", slotSession, 8},
	{"gcp.vertex.agent.tool_call_args", slotInputText, 10},
	{"gcp.vertex.agent.tool_response", slotOutputText, 5},

	// any-agent, tables of OpenInference spans
	{"gen_ai.tool.args", slotInputText, 11},
	{"gen_ai.output", slotOutputText, 6},
	{"llm.input_messages", slotInputText, 12},

	// MLflow, whose values are JSON texts
	{"mlflow.spanType", slotMLflow, 0},
	{"mlflow.chat.tokenUsage", slotMLflowJSON, 0},
	{"mlflow.llm.cost", slotMLflowCost, 0},
	{"mlflow.llm.model", slotModel, 8},
	{"mlflow.llm.provider", slotProvider, 8},
	{"mlflow.message.format", slotMLflowForm, 0},
	{"mlflow.traceRequestId", slotMLflowRun, 0},
	{"mlflow.spanInputs", slotInputText, 13},
	{"mlflow.spanOutputs", slotOutputText, 7},
	{"model", slotMLflowModel, 0},
}

// metaKeys are the members of free metadata (a user's own keys) that have a meaning here; the others become tags.
var metaKeys = map[string]attrRule{
	"user": {slotUser, 5}, "user_id": {slotUser, 4}, "userId": {slotUser, 4},
	"session": {slotSession, 5}, "session_id": {slotSession, 4}, "sessionId": {slotSession, 4}, "conversation_id": {slotSession, 6}, "thread_id": {slotSession, 7},
	"feature": {slotFeature, 3}, "workflow": {slotWorkflow, 5}, "workflow_name": {slotWorkflow, 5}, "workflowName": {slotWorkflow, 5},
	"langgraph_node": {slotStep, 5}, "lc_agent_name": {slotAgent, 6}, "version": {slotVersion, 4}, "tags": {slotTags, 0},
}

// metaPrefixes stand before the keys of free metadata.
var metaPrefixes = [...]string{
	"traceloop.association.properties.",
	"ai.telemetry.metadata.",
	"langfuse.trace.metadata.",
	"langfuse.observation.metadata.",
}

// jsonKeys are members of JSON texts that state counts, by slot of the text and path.
var jsonKeys = map[slot]map[string]attrRule{
	slotProviderJSON: {
		"anthropic.usage.input_tokens":                {slotAnthropicInput, 0},
		"anthropic.usage.cache_read_input_tokens":     {slotRead, 20},
		"anthropic.usage.cache_creation_input_tokens": {slotWrite, 20},
		"anthropic.cacheReadInputTokens":              {slotRead, 21},
		"anthropic.cacheCreationInputTokens":          {slotWrite, 21},
		"openai.cachedPromptTokens":                   {slotRead, 22},
		"openai.reasoningTokens":                      {slotReasoning, 20},
		"bedrock.usage.cacheReadInputTokens":          {slotRead, 23},
		"bedrock.usage.cacheWriteInputTokens":         {slotWrite, 23},
	},
	slotADKJSON: {
		"usage_metadata.prompt_token_count":         {slotInput, 20},
		"usage_metadata.candidates_token_count":     {slotOutput, 20},
		"usage_metadata.thoughts_token_count":       {slotReasoning, 21},
		"usage_metadata.total_token_count":          {slotTotal, 20},
		"usage_metadata.cached_content_token_count": {slotRead, 24},
	},
	slotGenkitJSON: {
		"usage.inputTokens":         {slotInput, 21},
		"usage.outputTokens":        {slotOutput, 21},
		"usage.thoughtsTokens":      {slotReasoning, 22},
		"usage.totalTokens":         {slotTotal, 21},
		"usage.cachedContentTokens": {slotRead, 25},
	},
	slotMLflowJSON: {
		"input_tokens":                {slotInput, 22},
		"output_tokens":               {slotOutput, 22},
		"total_tokens":                {slotTotal, 22},
		"cache_read_input_tokens":     {slotRead, 26},
		"cache_creation_input_tokens": {slotWrite, 26},
		"reasoning_tokens":            {slotReasoning, 23},
	},
	slotAnswerJSON: {
		"model":                                            {slotModel, 9},
		"usage.prompt_tokens":                              {slotInput, 23},
		"usage.input_tokens":                               {slotInput, 24},
		"usage.completion_tokens":                          {slotOutput, 23},
		"usage.output_tokens":                              {slotOutput, 24},
		"usage.total_tokens":                               {slotTotal, 23},
		"usage.prompt_tokens_details.cached_tokens":        {slotRead, 27},
		"usage.input_tokens_details.cached_tokens":         {slotRead, 28},
		"usage.completion_tokens_details.reasoning_tokens": {slotReasoning, 24},
		"usage.output_tokens_details.reasoning_tokens":     {slotReasoning, 25},
		"usage.cache_read_input_tokens":                    {slotRead, 29},
		"usage.cache_creation_input_tokens":                {slotWrite, 29},
	},
}

// splitWrite is the rank of a part of the cache writes: it is added to the one-hour writes.
const splitWrite = 9

// langfuseUsage are the keys of Langfuse usage details. Other keys that begin with input_ or output_ (audio and the like) stand beside
// input and output.
var langfuseUsage = map[string]attrRule{
	"input":                        {slotInput, 0},
	"prompt_tokens":                {slotInput, 1},
	"input_tokens":                 {slotInput, 2},
	"output":                       {slotOutput, 0},
	"completion_tokens":            {slotOutput, 1},
	"output_tokens":                {slotOutput, 2},
	"total":                        {slotTotal, 0},
	"total_tokens":                 {slotTotal, 1},
	"input_cached_tokens":          {slotRead, 0},
	"input_cache_read":             {slotRead, 1},
	"cache_read_input_tokens":      {slotRead, 2},
	"input_cache_read_tokens":      {slotRead, 3},
	"prompt_details.cache_read":    {slotRead, 4},
	"input_cache_creation":         {slotWrite, 0},
	"input_cache_write":            {slotWrite, 1},
	"cache_creation_input_tokens":  {slotWrite, 2},
	"input_cache_creation_5m":      {slotWrite, splitWrite},
	"input_cache_creation_1h":      {slotWrite1h, 0},
	"prompt_details.cache_write":   {slotWrite, 3},
	"output_reasoning_tokens":      {slotReasoning, 0},
	"output_reasoning":             {slotReasoning, 1},
	"completion_details.reasoning": {slotReasoning, 2},
	"reasoning":                    {slotReasoning, 3},
	"reasoning_tokens":             {slotReasoning, 4},
}

// attrRules is attrTable by name.
var attrRules = func() map[string]attrRule {
	m := make(map[string]attrRule, len(attrTable))
	for _, a := range attrTable {
		m[a.name] = attrRule{a.slot, a.rank}
	}
	return m
}()

// kindWords are the words for kinds, by the attribute that says them.
var kindWords = map[slot]map[string]Kind{
	slotOperation: {
		"chat": KindLLM, "text_completion": KindLLM, "generate_content": KindLLM, "call_llm": KindLLM, "completion": KindLLM,
		"embeddings": KindEmbedding, "embedding": KindEmbedding, "execute_tool": KindTool, "retrieval": KindRetriever,
		"rerank": KindReranker, "invoke_agent": KindAgent, "create_agent": KindAgent, "plan": KindAgent, "invoke_workflow": KindChain,
	},
	slotOpenInference: {
		"llm": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "retriever": KindRetriever, "reranker": KindReranker, "agent": KindAgent,
		"chain": KindChain, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindChain,
	},
	slotObservation: {
		"generation": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "retriever": KindRetriever, "agent": KindAgent,
		"chain": KindChain, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "span": KindUnknown, "event": KindUnknown,
	},
	slotRequestType: {"chat": KindLLM, "completion": KindLLM, "embedding": KindEmbedding, "rerank": KindReranker, "agent": KindAgent, "tool": KindTool, "workflow": KindChain},
	slotTraceloop:   {"workflow": KindChain, "task": KindChain, "agent": KindAgent, "tool": KindTool},
	slotAgentOps: {
		"agent": KindAgent, "llm": KindLLM, "tool": KindTool, "operation": KindChain, "task": KindChain, "workflow": KindChain, "session": KindChain,
		"chain": KindChain, "retriever": KindRetriever, "embedding": KindEmbedding, "prompt": KindChain, "parser": KindChain,
	},
	slotMLflow: {
		"llm": KindLLM, "chat_model": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "retriever": KindRetriever, "reranker": KindReranker,
		"agent": KindAgent, "chain": KindChain, "workflow": KindChain, "task": KindChain, "memory": KindChain, "parser": KindChain,
		"evaluator": KindEvaluator, "guardrail": KindGuardrail,
	},
	slotGenkitSubtype: {"model": KindLLM, "embedder": KindEmbedding, "tool": KindTool, "retriever": KindRetriever, "reranker": KindReranker, "flow": KindChain},
}

// kindRank is which attribute is believed where several state a kind: lower first.
var kindRank = map[slot]uint8{
	slotOpenInference: 1, slotObservation: 2, slotVercel: 3, slotOperation: 4, slotRequestType: 5, slotTraceloop: 6, slotAgentOps: 7, slotGenkitSubtype: 8, slotMLflow: 9,
}

// vercelKind reads ai.operationId: the outer operations enclose what ends in .doX.
func vercelKind(op []byte) Kind {
	switch {
	case string(op) == "ai.toolCall":
		return KindTool
	case bytes.HasSuffix(op, []byte(".doGenerate")), bytes.HasSuffix(op, []byte(".doStream")):
		return KindLLM
	case bytes.HasSuffix(op, []byte(".doEmbed")):
		return KindEmbedding
	case bytes.HasSuffix(op, []byte(".doRerank")):
		return KindReranker
	}
	return KindChain
}

// metaKey cuts the prefix of free metadata from an attribute's name.
func metaKey(key []byte) ([]byte, bool) {
	if len(key) < 20 || key[0] != 't' && key[0] != 'a' && key[0] != 'l' {
		return nil, false
	}
	for _, p := range metaPrefixes {
		if len(key) > len(p) && string(key[:len(p)]) == p {
			return key[len(p):], true
		}
	}
	return nil, false
}
