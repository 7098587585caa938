package tracefmt

// Formats whose readers are being written.
var (
	claudeStreamFormat = Format{Name: "claude-stream", sniff: never}
)
