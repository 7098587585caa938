package store

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"go.etcd.io/bbolt"

	"costscope/tracefmt"
)

// A store keeps the mapping that it was last loaded with, so that its sources can be read on without it. Each source remembers which
// mapping it was looked at with: another one may read it otherwise.

var keyMap = []byte("map")

// storedMap is a mapping as the store keeps it.
type storedMap struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// restoreMap takes the stored mapping where none is given.
func (s *Bolt) restoreMap(tx *bbolt.Tx) error {
	v := tx.Bucket(bucketMeta).Get(keyMap)
	if v == nil || s.opt.Map != nil {
		return nil
	}
	var of storedMap
	if err := unsealJSON(v, &of); err != nil {
		return corrupt(s.opt.Path, err)
	}
	m, err := tracefmt.ReadMap([]byte(of.Text), of.Name)
	if err != nil {
		return fmt.Errorf("the mapping that %s was loaded with is not read any more: %w; give it with --map", s.opt.Path, err)
	}
	s.opt.Map = m
	return nil
}

// keepMap stores the mapping that is given, if it is another one.
func (s *Bolt) keepMap() error {
	m := s.opt.Map
	if m == nil {
		return nil
	}
	b, err := json.Marshal(storedMap{m.Name, string(m.Text())})
	if err != nil {
		return err
	}
	same := false
	err = s.view(func(tx *bbolt.Tx) error {
		var was storedMap
		same = unsealJSON(tx.Bucket(bucketMeta).Get(keyMap), &was) == nil && was.Name == m.Name && was.Text == string(m.Text())
		return nil
	})
	if err != nil || same {
		return err
	}
	return s.update(func(tx *bbolt.Tx) error { return putSealed(tx.Bucket(bucketMeta), keyMap, b) })
}

// mapHash names the mapping at hand; "" for none.
func (o *Options) mapHash() string {
	if o.Map == nil {
		return ""
	}
	return o.Map.Hash()
}

// remapped tells whether a source that was read with another mapping, or without one, is to be read anew with the one at hand.
func (s *Bolt) remapped(src *sourceState) bool {
	forced := s.opt.formatFor(src.Path)
	if src.Map == s.opt.mapHash() || src.Path == "-" || forced != tracefmt.FormatNone {
		return src.Map != s.opt.mapHash() && forced == tracefmt.FormatMapped
	}
	if _, err := os.Stat(src.Path); err != nil {
		return false
	}
	mapped := tracefmt.Formats[tracefmt.FormatMapped].Name
	now, err := tracefmt.DetectMapped(src.Path, s.opt.Map)
	if err != nil || src.Format != mapped && now != tracefmt.FormatMapped {
		return src.Format == mapped && src.Offset > 0
	}
	return true
}

const missing = "mapping: nothing found at "

// mapWarnings says which paths of the mapping led to nothing in the whole source.
func (s *sourceState) mapWarnings(m *tracefmt.Map) {
	for text := range s.Warnings {
		if strings.HasPrefix(text, missing) {
			delete(s.Warnings, text)
		}
	}
	if m == nil || s.Format != tracefmt.Formats[tracefmt.FormatMapped].Name {
		return
	}
	for _, text := range m.Missing(s.Found) {
		s.tally(text, 1)
	}
}
