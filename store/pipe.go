package store

import (
	"context"
	"errors"
	"io"
	"sync"

	"costscope/tracefmt"
)

// A pipe reads sources one after the other, decodes their chunks on all cores and hands the batches on in the order of the input, so that
// the result is the same for any number of workers. Chunks are buffers of fixed number: memory does not grow with the input.
type pipe struct {
	names   *tracefmt.Names
	workers int
	own     *tracefmt.Map // of the person; may be nil
	batches batchPool
}

// A feed is one source to read, from where it was left.
type feed struct {
	id     uint32
	path   string
	format uint8
	offset int64
	line   int64
	stdin  io.Reader
	seen   fileState // the file before reading
}

// A job is one step of the input: a chunk decoded to a batch, or the end of a source.
type job struct {
	feed  *feed
	chunk *tracefmt.Chunk
	batch *tracefmt.Batch
	ready chan struct{} // closed when batch is filled
	at    int64         // bytes of the file read so far, as stored
	next  chunkEnd      // where the chunk ends
	end   *feedEnd      // the source's end instead of a chunk
}

// chunkEnd is a place at which reading can go on.
type chunkEnd struct {
	offset, line int64
	whole        bool // false inside a document: reading cannot go on there
}

// feedEnd is how far a source was read, and what came of it.
type feedEnd struct {
	offset, line, pending int64
	format                uint8
	packed                string
	warnings              []string
	err                   error // why it could not be read on
}

func newPipe(names *tracefmt.Names, workers int, own *tracefmt.Map) *pipe {
	return &pipe{names: names, workers: workers, own: own}
}

// run reads the feeds and calls take for each job in order. It stops at the first error of take or when ctx ends.
func (p *pipe) run(ctx context.Context, feeds []*feed, take func(*job) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	depth := p.workers + 2
	free := make(chan *tracefmt.Chunk, depth)
	for range depth {
		free <- &tracefmt.Chunk{}
	}
	work := make(chan *job, depth)
	order := make(chan *job, depth)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for range p.workers {
		wg.Go(func() { p.decode(work, free) })
	}
	wg.Go(func() {
		defer close(order)
		defer close(work)
		for _, f := range feeds {
			if !p.read(ctx, f, free, work, order) {
				return
			}
		}
	})
	for j := range order {
		if j.ready != nil {
			<-j.ready
		}
		if err := take(j); err != nil {
			stop()
			for range order { // let the reader end
			}
			return err
		}
	}
	return ctx.Err()
}

// read cuts one source into jobs; false when ctx ended.
func (p *pipe) read(ctx context.Context, f *feed, free chan *tracefmt.Chunk, work, order chan *job) bool {
	send := func(to chan *job, j *job) bool {
		select {
		case to <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	r, err := tracefmt.OpenReader(f.path, tracefmt.ReadOptions{Offset: f.offset, Line: f.line, Format: f.format, Source: f.id, Stdin: f.stdin, Map: p.own})
	if err != nil {
		return send(order, &job{feed: f, end: &feedEnd{offset: f.offset, line: f.line, format: f.format, err: err}})
	}
	defer r.Close()
	for {
		var c *tracefmt.Chunk
		select {
		case c = <-free:
		case <-ctx.Done():
			return false
		}
		if err = r.Next(c); err != nil {
			free <- c
			break
		}
		j := &job{feed: f, chunk: c, ready: make(chan struct{}), at: r.Done()}
		if !send(order, j) {
			free <- c
			return false
		}
		work <- j // never blocks for long: workers do not wait for anyone
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	end := &feedEnd{format: r.Format(), packed: r.Compressed(), warnings: r.Warnings(), err: err}
	end.offset, end.line, end.pending = r.Rest()
	return send(order, &job{feed: f, at: r.Done(), end: end})
}

func (p *pipe) decode(work chan *job, free chan *tracefmt.Chunk) {
	d := tracefmt.NewDecoder(p.names, nil)
	d.Map = p.own
	for j := range work {
		j.batch = p.batches.get()
		d.Path = j.feed.path
		d.DecodeChunk(j.chunk, j.batch)
		j.next = chunkEnd{j.chunk.Offset + int64(len(j.chunk.Data)), j.chunk.Line + j.batch.Lines, j.chunk.Values == nil}
		free <- j.chunk
		j.chunk = nil
		close(j.ready)
	}
}

// batchPool keeps batches for reuse: what is touched first is the dearest memory.
type batchPool struct {
	mu   sync.Mutex
	idle []*tracefmt.Batch
	size int // records in the last batch: what the next one will need
}

func (p *batchPool) get() *tracefmt.Batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		b := p.idle[n-1]
		p.idle = p.idle[:n-1]
		b.Reset()
		return b
	}
	return &tracefmt.Batch{Records: make([]tracefmt.Record, 0, p.size)}
}

// expect says how many records a chunk of the input holds just now.
func (p *batchPool) expect(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = n + n/8
}

func (p *batchPool) put(b *tracefmt.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, b)
}
