package tracefmt

// Formats whose readers are being written.
var (
	langfuseFormat  = Format{Name: "langfuse", sniff: never}
	langSmithFormat = Format{Name: "langsmith", sniff: never}
)
