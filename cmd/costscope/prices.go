package main

import (
	"errors"

	"github.com/spf13/cobra"
)

const pricesLong = `Without MODEL, list the price book. With MODEL, show which row answers for that name, as a trace writes it, and why.`

func pricesCommand(a *app, c *cobra.Command) func([]string) error {
	return func([]string) error { return errors.New("prices are not merged") }
}
