package tracefmt

// joinClaude settles what spans several lines of a Claude Code session.
func joinClaude(recs []Record, names *Names) []Record { return recs }
