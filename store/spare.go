package store

import (
	"sync"

	"costscope/tracefmt"
)

// A sparePool keeps the memory of long runs for the next long run: memory that the system has to hand out anew is the dearest there is.
type sparePool struct {
	mu   sync.Mutex
	idle [][]tracefmt.Record
}

const (
	spareSize = 2048 // records; shorter lists are not worth keeping
	spareMost = 4
)

// grow makes room for n more records behind recs.
func (p *sparePool) grow(recs []tracefmt.Record, n int) []tracefmt.Record {
	need := len(recs) + n
	if need <= cap(recs) {
		return recs
	}
	if need < spareSize {
		return append(make([]tracefmt.Record, 0, need+need/2), recs...)
	}
	more := append(p.take(need), recs...)
	p.put(recs)
	return more
}

func (p *sparePool) take(need int) []tracefmt.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, s := range p.idle {
		if cap(s) >= need {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return s
		}
	}
	return make([]tracefmt.Record, 0, need+need/2)
}

// put takes memory that nobody uses any more.
func (p *sparePool) put(recs []tracefmt.Record) {
	if cap(recs) < spareSize {
		return
	}
	clear(recs)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) < spareMost {
		p.idle = append(p.idle, recs[:0])
	}
}
