package tracefmt

// Formats whose readers are being written.
var (
	openHandsFormat      = Format{Name: "openhands", sniff: never}
	openHandsLogFormat   = Format{Name: "openhands-log", sniff: never}
	openHandsIndexFormat = Format{Name: "openhands-index", sniff: never}
	sweAgentFormat       = Format{Name: "swe-agent", sniff: never}
	miniSWEFormat        = Format{Name: "mini-swe-agent", sniff: never}
	moatlessFormat       = Format{Name: "moatless", sniff: never}
	autoCodeRoverFormat  = Format{Name: "autocoderover", sniff: never}
)
