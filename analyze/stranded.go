package analyze

// A Message is a part of a prompt: what it says, as a hash, and its size.
type Message struct {
	Fingerprint uint64
	Tokens      int64
}

// Stranded divides the tokens of a prompt (analysis-spec D, "Stranded context"); the three add up to it.
type Stranded struct {
	Cacheable int64 // the prefix that an earlier call of the run sent, too, in whole messages
	Stranded  int64 // behind it, messages that an earlier call sent: no prefix cache serves them
	New       int64
}

// StrandedContext looks at the prompts of a run's calls in order.
func StrandedContext(calls [][]Message) []Stranded {
	type step struct {
		from int // a prefix
		then uint64
	}
	out := make([]Stranded, len(calls))
	prefixes, seen := map[step]int{}, map[uint64]bool{}
	for i, list := range calls {
		at, common := 0, true
		for _, m := range list {
			next, known := prefixes[step{at, m.Fingerprint}]
			common = common && known
			switch {
			case common:
				out[i].Cacheable += m.Tokens
			case seen[m.Fingerprint]:
				out[i].Stranded += m.Tokens
			default:
				out[i].New += m.Tokens
			}
			if !known {
				next = len(prefixes) + 1
				prefixes[step{at, m.Fingerprint}] = next
			}
			at = next
		}
		for _, m := range list {
			seen[m.Fingerprint] = true
		}
	}
	return out
}

// Share is the stranded part; NaN for an empty prompt. From 20 % on the stable parts should come first.
func (s *Stranded) Share() float64 { return ratio(s.Stranded, s.Cacheable+s.Stranded+s.New) }
