package tracefmt

// Formats whose readers are being written.
var (
	terminalBenchFormat = Format{Name: "terminal-bench", sniff: never}
	halFormat           = Format{Name: "hal", sniff: never}
)
