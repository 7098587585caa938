package tracefmt

// Formats whose readers are being written.
var (
	langSmithFormat = Format{Name: "langsmith", sniff: never}
)
