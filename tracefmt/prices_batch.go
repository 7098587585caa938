package tracefmt

// Calls of a batch, which may take a day, cost half. Price lists do not state it for each model; the providers state it for all.

// batchHalves are the sellers in the book whose batches cost half of the list price.
var batchHalves = map[string]bool{"openai": true, "anthropic": true, "azure": true, "aws": true, "google": true, "groq": true, "mistral": true,
	"together": true, "fireworks": true, "x-ai": true}

// CallCost is Cost for a call with these flags: one that is billed at the batch rate costs half where the seller's batches do.
func (r *PriceRow) CallCost(u Usage, at int64, f Flags) (USD, bool) {
	usd, ok := r.Cost(u, at)
	if ok && r.halved(f) {
		usd = half(usd)
	}
	return usd, ok
}

// CallCharges is Charges for a call with these flags; the costs sum to CallCost.
func (r *PriceRow) CallCharges(u Usage, at int64, f Flags) []Charge {
	bill := r.Charges(u, at)
	if len(bill) == 0 || !r.halved(f) {
		return bill
	}
	total := USD(0)
	lost := make([]uint64, len(bill))
	left := USD(0)
	for i := range bill {
		c := &bill[i]
		total += c.Cost
		lost[i] = uint64(c.Cost & 1)
		c.Cost /= 2
		left -= c.Cost
		c.Rate, c.PerMillion = half(c.Rate), half(c.PerMillion)
		if c.Note != "" {
			c.Note += ", "
		}
		c.Note += "batch: half price"
	}
	giveRest(bill, lost, half(total)+left)
	return bill
}

func (r *PriceRow) halved(f Flags) bool { return f&FlagBatch != 0 && r.Batches() }

// Batches says that the row's seller takes less for calls of a batch.
func (r *PriceRow) Batches() bool { return r != nil && batchHalves[r.Provider] }

// half rounds up what cannot be halved.
func half(v USD) USD { return v/2 + v&1 }
