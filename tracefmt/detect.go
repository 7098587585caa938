package tracefmt

// peek is what detection sees of a value: its top-level keys and, for scalar members, their text.
type peek struct {
	keys map[string]string // scalars: text; objects "{", arrays "["
	raw  []byte
}

func sniffCostscope(v *peek) bool { return false }
func sniffClaude(v *peek) bool    { return false }
func sniffAnthropic(v *peek) bool { return false }
func sniffOpenAI(v *peek) bool    { return false }
