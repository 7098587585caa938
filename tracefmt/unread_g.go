package tracefmt

// Formats whose readers are being written.
var (
	anyAgentFormat = Format{Name: "any-agent", sniff: never}
	mlflowFormat   = Format{Name: "mlflow", sniff: never}
	weaveFormat    = Format{Name: "weave", sniff: never}
)
