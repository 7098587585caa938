package tracefmt

// Formats whose readers are being written.
var (
	weaveFormat = Format{Name: "weave", sniff: never}
)
