package tracefmt

// Formats whose readers are being written.
var (
	flatFormat   = Format{Name: "flat", sniff: never}
	mappedFormat = Format{Name: "mapped", sniff: never}
)
