package main

import (
	"io"

	"costscope/tracefmt"
)

const convertLong = `Write every call as one line of costscope JSONL, run by run, with the computed cost and the price row that gave it. Reading the output
gives the same report. --where, --since and --until choose calls.`

// fitsConvert refuses what convert cannot do.
func fitsConvert(j *job) error {
	if j.markdown {
		return wrongUsage("", "convert writes costscope JSONL, not --markdown")
	}
	return nil
}

// convertTraces writes costscope JSONL.
func (a *app) convertTraces(j *job) error {
	if err := j.inputs.refuseOutput(j.out); err != nil {
		return err
	}
	s, err := a.read(j)
	if err != nil {
		return err
	}
	defer s.Close()
	return a.write(j.out, func(w io.Writer) error {
		var line []byte
		return s.Each(a.ctx, j.query, func(r *tracefmt.Run) error {
			line = s.appendRun(line[:0], r)
			_, err := w.Write(line)
			return err
		})
	})
}

// refuseOutput keeps a result from replacing a trace that it is made from.
func (in *inputs) refuseOutput(path string) error {
	if path == "" {
		return nil
	}
	for _, f := range in.files {
		if sameFile(f, path) {
			return wrongUsage("", "-o %s would replace a trace that is being read", path)
		}
	}
	return nil
}
