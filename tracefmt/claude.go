package tracefmt

func decodeClaude(d *Decoder, value []byte) error { return nil }
