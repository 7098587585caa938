package tracefmt

// Formats whose readers are being written.
var (
	claudeStreamFormat = Format{Name: "claude-stream", sniff: never}
	piFormat           = Format{Name: "pi", sniff: never}
	geminiCLIFormat    = Format{Name: "gemini-cli", sniff: never}
	qwenFormat         = Format{Name: "qwen-code", sniff: never}
	geminiFormat       = Format{Name: "gemini", sniff: never}
)
