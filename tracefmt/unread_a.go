package tracefmt

// Formats whose readers are being written.
var (
	copilotFormat = Format{Name: "copilot-cli", sniff: never}
)
