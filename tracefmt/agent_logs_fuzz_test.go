package tracefmt

// agentLogSeeds are values of the formats of agents' own logs.
func agentLogSeeds() map[uint8][]string {
	seeds := map[uint8][]string{
		FormatOpenCode: {openCodeExport(), `{"type":"step_finish","sessionID":"s","part":{"messageID":"m","type":"step-finish","cost":1,"tokens":{"input":1,"output":2}}}`},
		FormatCline: {clineEntryText(1, "api_req_started", clineText(clineUsed)), clineEntryText(2, "error_retry", clineText(`{"attempt":3,"failed":true}`)),
			clineEntryText(3, "tool", clineText(`{"tool":"readFile"}`)), clineEntryText(4, "condense_context", `,"contextCondense":{"cost":0.25,"prevContextTokens":9}`),
			clineEntryText(5, "deleted_api_reqs", clineText(clineUsed)), `{"model_usage":[{"ts":1760000001000,"model_id":"m"}]}`,
			clineEntryText(6, "api_req_retry_delayed", clineText("Retry attempt 12"))},
		FormatAider: {`{"event":"launched","properties":{},"user_id":"u","time":1770000000}
{"event":"message_send_starting","properties":{},"user_id":"u","time":1770000001}
{"event":"message_send","properties":{"main_model":"m","prompt_tokens":7,"completion_tokens":1,"cost":0.5,"total_cost":9},"user_id":"u","time":1770000002}
{"event":"exit","properties":{"reason":"x"},"user_id":"u","time":1770000003}`},
		FormatAiderChat:  {aiderChatText},
		FormatAiderBench: {`{"instance_id":"a","model_patch":"p","all_results":[{"model":"x","cost":1,"test_outcome":false},{"model":"y","cost":2}],"resolved":true}`},
	}
	for _, f := range openCodeTree {
		seeds[FormatOpenCode] = append(seeds[FormatOpenCode], f.text)
	}
	seeds[FormatCline] = append(seeds[FormatCline], clineFile(seeds[FormatCline]...))
	return seeds
}
