package main

import (
	"errors"

	"github.com/spf13/cobra"
)

const sampleLong = `Write costscope JSONL made by a generator: the same scenario, seed and size give the same bytes on every machine.`

func sampleCommand(a *app, c *cobra.Command) func([]string) error {
	return func([]string) error { return errors.New("sample is not merged") }
}
