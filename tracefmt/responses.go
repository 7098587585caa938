package tracefmt

func decodeAnthropic(d *Decoder, value []byte) error { return nil }
func decodeOpenAI(d *Decoder, value []byte) error    { return nil }
