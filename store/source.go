package store

// SourcePath is the path of the source with number n, as given to Load; "" for numbers never given.
func (s *Bolt) SourcePath(n uint32) string { return s.path(n) }
