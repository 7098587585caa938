package analyze

import "costscope/tracefmt"

// NewCallRow resolves a call's names. path names sources.
func NewCallRow(run *tracefmt.Run, c *tracefmt.Call, names *tracefmt.Names, path func(uint32) string) CallRow {
	n := names.Name
	keep := func(s string) string { return string([]byte(s)) }
	row := CallRow{
		Ref: CallRef{Run: keep(run.ID), ID: keep(c.ID)}, Parent: keep(c.Parent), RetryOf: keep(c.RetryOf),
		Workflow: n(c.Workflow), Feature: n(c.Feature), Version: n(c.Version), Agent: n(c.Agent), Role: n(c.Role), Step: n(c.Step), Tool: n(c.Tool),
		Provider: n(c.Provider), Model: n(c.Model), RequestModel: n(c.RequestModel), User: n(c.User), Session: n(c.Session), Error: n(c.Error),
		Tags: n(c.Tags), Tier: n(c.Tier), Format: tracefmt.Formats[c.Format].Name, Kind: c.Kind, Status: c.Status, Outcome: run.Outcome,
		Has: c.Has, Flags: c.Flags, Start: c.Start, End: c.End, Usage: c.Usage, State: c.State, Cost: c.Cost, Recorded: c.Recorded,
		Computed: c.Computed, HasRecorded: c.Has&tracefmt.HasCost != 0, HasComputed: c.HasComputed, Mismatch: c.Mismatch,
		Attempt: c.Attempt, RetryKind: c.RetryKind, Price: c.Price, Source: path(c.Src.Source), Src: c.Src,
	}
	row.Run, row.ID = row.Ref.Run, row.Ref.ID
	return row
}
