package tracefmt

import (
	"fmt"
	"strings"
)

// AutoCodeRover's cost.json: the sums of one run, which the folder names. Its prices per token are not those that it used.

var autoCodeRoverFormat = Format{Name: "autocoderover", Title: "AutoCodeRover costs",
	Can: TellsUsage | TellsCost, Note: "sums of a run, no calls; whether the task was solved is told elsewhere",
	sniff: sniffAutoCodeRover, decode: decodeAutoCodeRover}

func sniffAutoCodeRover(v *peek) bool {
	return v.has("total_cost", "total_input_tokens", "total_output_tokens") && (v.has("start_epoch") || v.has("input_cost_per_token"))
}

func decodeAutoCodeRover(d *Decoder, value []byte) error {
	s := &d.scan
	s.reset(value)
	r := d.add()
	commit := ""
	for s.object(); s.next(); {
		switch string(s.key()) {
		case "model":
			r.Model = d.sym(s.str())
		case "total_input_tokens":
			d.docCount(r, &r.Usage.Input, HasInput)
		case "total_output_tokens":
			d.docCount(r, &r.Usage.Output, HasOutput)
		case "total_cost":
			d.docCost(r)
		case "start_epoch":
			d.rawTime(r, &r.Start, HasStart)
		case "end_epoch":
			d.rawTime(r, &r.End, HasEnd)
		case "commit":
			commit = string(s.str())
		default:
			s.skip()
		}
	}
	if s.err != nil {
		return s.err
	}
	_, folder, above := pathNames(d.Path)
	var id docID
	id.add(fmt.Appendf(nil, "%d/%d/%d/%d", r.Start, r.End, r.Usage.Input, r.Usage.Output))
	task := taskOfRover(folder)
	run := id.runOf(task)
	if r.Recorded == 0 {
		r.Has &^= HasCost
	}
	r.Run, r.ID, r.Kind, r.Flags, r.Status, r.Agent = run, "total", KindChain, FlagTotal, StatusOK, d.sym([]byte("AutoCodeRover"))
	own := d.docRun(run, task)
	own.Workflow = d.sym([]byte("autocoderover"))
	if !strings.Contains(above, "patch") { // the folder above tells how far the run came, where it is one of these
		above = ""
	}
	d.docTags(own, "patch", above, "commit", commit)
	return nil
}

// taskOfRover cuts the time off the name of a run's folder: django__django-11999_2024-04-06_12-00-00.
func taskOfRover(folder string) string {
	parts := strings.Split(folder, "_")
	if n := len(parts); n > 2 && len(parts[n-2]) == 10 && strings.Count(parts[n-2], "-") == 2 && strings.Count(parts[n-1], "-") == 2 {
		return strings.Join(parts[:n-2], "_")
	}
	return folder
}
