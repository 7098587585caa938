package store

import (
	"go.etcd.io/bbolt"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A store keeps the price book that its sums were made with. With another book they are worked out anew from the stored calls: the sources
// need not be there any more. Until then, Verify can name the calls whose price differs.

var keyBook = []byte("price book")

// A pricedWith is what the stored sums were made with.
type pricedWith struct {
	Book   string            `json:"book,omitempty"` // hash
	AsOf   string            `json:"as_of,omitempty"`
	Source string            `json:"source,omitempty"`
	Mode   tracefmt.CostMode `json:"mode,omitempty"`
	Cost   tracefmt.USD      `json:"cost,omitempty"` // of all
}

func (s *Bolt) pricedNow() pricedWith {
	b := s.opt.Prices
	return pricedWith{b.Hash(), b.AsOf(), b.Source(), s.opt.Mode, s.spent()}
}

// otherBook says that the stored sums were made with another price book, and otherwise with the settings at hand.
func (s *Bolt) otherBook() bool {
	return s.before.Book != "" && s.before.Book != s.opt.Prices.Hash() && s.before.Mode == s.opt.Mode
}

// PricedOtherwise says that the stored numbers are those of another price book, until Load works them out anew.
func (s *Bolt) PricedOtherwise() bool { return s.stale && s.otherBook() }

// keepBook stores the book that the sums are made with, if it is another one.
func (s *Bolt) keepBook(m *bbolt.Bucket, of *pricedWith) error {
	if of.Book == s.before.Book && m.Get(keyBook) != nil {
		return nil
	}
	b, err := s.opt.Prices.Pack()
	if err != nil {
		return err
	}
	return putSealed(m, keyBook, b)
}

// spent is what all runs cost, as far as it is known.
func (s *Bolt) spent() tracefmt.USD { return tracefmt.USD(s.sums.cells.RunCosts.Sum()) }

// bookBefore is the book that the stored sums were made with; nil where it is the one at hand, or was not kept.
func (s *Bolt) bookBefore() (book *tracefmt.PriceBook, err error) {
	if !s.PricedOtherwise() {
		return nil, nil
	}
	err = s.view(func(tx *bbolt.Tx) error {
		b, err := getSealed(tx.Bucket(bucketMeta), keyBook)
		if err != nil || b == nil {
			return err
		}
		book, err = tracefmt.UnpackPrices(b)
		return err
	})
	return book, err
}

// repriced notes what another book made of the sums: they were of the same calls.
func (s *Bolt) repriced(commit uint64) {
	if s.otherBook() && commit == s.meta.Commit {
		s.repricing = &analyze.Repricing{AsOf: s.before.AsOf, Source: s.before.Source, Was: s.before.Cost, Now: s.spent()}
	}
}
