package tracefmt

// AppendCall appends c as one line of costscope JSONL. source is "file:line", "" when unknown. What decodes to the same record is
// written and, beside it, what the analysis found out: format, computed cost, price row or "unpriced".
func AppendCall(b []byte, n *Names, c *Call, run string, source string) []byte { return b }

// AppendRun appends the run's own facts as one line of costscope JSONL; nothing when it has none.
func AppendRun(b []byte, n *Names, r *Run) []byte { return b }
