package main

import (
	"context"
	"errors"

	"costscope/analyze"
	"costscope/tracefmt"
)

// A traceStore keeps the calls of traces and answers questions about them.
type traceStore interface {
	Load(ctx context.Context, files []string, progress func(analyze.Status)) error
	Status() analyze.Status
	Changed() <-chan struct{}
	Rollup(ctx context.Context, q analyze.Query) (*analyze.Table, error)
	RunCosts(ctx context.Context, q analyze.Query) ([]analyze.RunCost, error)
	Each(ctx context.Context, q analyze.Query, each func(*tracefmt.Run) error) error
	Close() error
}

// An openedStore is the store of a job.
type openedStore struct {
	traceStore
	path      string // for people
	temporary bool   // it goes when the program ends
}

var errNotBuilt = errors.New("the store is not built yet")

// openStore opens the store of a job.
func (a *app) openStore(j *job) (*openedStore, error) {
	return nil, errNotBuilt
}

func (s *openedStore) appendRun(b []byte, r *tracefmt.Run) []byte { return b }

// explore runs the explorer over a store until the person leaves it.
func (a *app) explore(j *job, s traceStore) error { return errNotBuilt }
