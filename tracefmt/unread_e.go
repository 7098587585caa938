package tracefmt

// Formats whose readers are being written.
var (
	tau2Format          = Format{Name: "tau2-bench", sniff: never}
	terminalBenchFormat = Format{Name: "terminal-bench", sniff: never}
	halFormat           = Format{Name: "hal", sniff: never}
)
