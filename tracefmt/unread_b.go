package tracefmt

// Formats whose readers are being written.
var (
	claudeStreamFormat = Format{Name: "claude-stream", sniff: never}
	piFormat           = Format{Name: "pi", sniff: never}
)
