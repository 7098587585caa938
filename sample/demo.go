package sample

import _ "embed"

//go:generate go test -run TestDemoIsCurrent -update .

//go:embed demo.jsonl.gz
var demo []byte

// Demo is the shipped trace, compressed with gzip: what Generate writes for DemoName and DemoSeed.
func Demo() []byte { return demo }
