package tracefmt

// Formats whose readers are being written.
var (
	mappedFormat = Format{Name: "mapped", sniff: never}
)
