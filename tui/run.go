package tui

import (
	"context"
	"errors"

	_ "costscope/tui/background" // answers for the terminal before bubbletea asks it

	tea "github.com/charmbracelet/bubbletea"
)

// framesPerSecond is how often the screen may change: a key is on screen in less than 9 ms.
const framesPerSecond = 120

// Run explores src until the person quits or ctx ends. The terminal is restored in any case, also after a panic. Signals are the
// caller's business: they end ctx.
func Run(ctx context.Context, src Source, o Options) error {
	opts := []tea.ProgramOption{tea.WithAltScreen(), tea.WithFPS(framesPerSecond), tea.WithContext(ctx), tea.WithoutSignalHandler()}
	if o.In != nil {
		opts = append(opts, tea.WithInput(o.In))
	}
	if o.Out != nil {
		opts = append(opts, tea.WithOutput(o.Out))
	}
	if o.Mouse {
		opts = append(opts, tea.WithMouseCellMotion())
	}
	_, err := tea.NewProgram(New(src, o), opts...).Run()
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return err
}
