package analyze

// Hist is a mergeable histogram (analysis-spec F.2).
type Hist struct{}
