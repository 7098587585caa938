package tracefmt

// Formats whose readers are being written.
var (
	halFormat = Format{Name: "hal", sniff: never}
)
