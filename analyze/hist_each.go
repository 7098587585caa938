package analyze

// BucketLow is the smallest value of a bucket. Edges that are such values cut no bucket in two.
func BucketLow(b uint16) int64 { return bucketLow(b) }

// Each visits the buckets that hold something, in ascending order: the n values of [low, high) and their sum.
func (h *Hist) Each(do func(low, high, n, sum int64)) {
	for _, b := range h.bins {
		do(bucketLow(b.bucket()), bucketLow(b.bucket()+1), b.count(), b.sum)
	}
}
