package tracefmt

// Formats whose readers are being written.
var (
	aiderFormat      = Format{Name: "aider", sniff: never}
	aiderChatFormat  = Format{Name: "aider-chat", sniff: never}
	aiderBenchFormat = Format{Name: "aider-bench", sniff: never}
)
