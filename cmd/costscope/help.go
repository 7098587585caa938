package main

const rootLong = `costscope opens traces of agent runs and shows where the money goes: which paths, which retries,
which contexts, which runs.

A TRACE is a file, a directory (searched for traces), a glob, - for standard input, or a store
written by load. gzip and zstd are recognised. Several TRACEs make one view. With a trace first,
the command may be left out: costscope traces.jsonl

Exit codes: 0 done · 1 a gate does not hold · 2 it lacks the data to tell · 3 nothing could be read, or
the result not be written · 4 wrong usage · 130 interrupted (what was loaded is kept).`
