package tracefmt

// Formats whose readers are being written.
var (
	codexFormat   = Format{Name: "codex", sniff: never}
	copilotFormat = Format{Name: "copilot-cli", sniff: never}
)
