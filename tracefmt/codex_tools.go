package tracefmt

import "bytes"

// codexHosted are tools that have no name in their line.
var codexHosted = map[string]string{
	"local_shell_call": "local_shell", "web_search_call": "web_search", "tool_search_call": "tool_search", "image_generation_call": "image_generation",
}

// codexItem emits the start or the end of a tool call.
func (d *Decoder) codexItem(l *codexLine) {
	switch string(l.sub) {
	case "function_call", "custom_tool_call", "mcp_call", "local_shell_call", "tool_search_call", "web_search_call", "image_generation_call":
		d.codexToolCall(l)
	case "function_call_output", "custom_tool_call_output", "mcp_call_output", "mcp_tool_call_output", "tool_search_output", "local_shell_call_output":
		d.codexToolEnd(l)
	}
}

// codexToolCall emits the start of a tool call. Tools that the provider runs are over when they are written; they may have no id.
func (d *Decoder) codexToolCall(l *codexLine) {
	r := d.codexRecord(l, KindTool)
	r.Has &^= HasEnd
	r.End = 0
	r.Fingerprints[2] = textHash(l.args)
	r.Tool = d.codexTool(l)
	switch id := firstBytes(l.call, l.id); {
	case len(id) > 0:
		r.ID = d.text(id)
	default:
		r.ID = d.codexID(l, string(l.sub), itoa64(int64(r.Fingerprints[2]>>1)))
	}
	if len(l.call) > 0 && string(l.sub) != "web_search_call" {
		return
	}
	if r.Has&HasStart != 0 {
		r.End, r.Has = r.Start, r.Has|HasEnd
	}
	switch string(l.status) {
	case "completed":
		r.Status = StatusOK
	case "failed", "incomplete":
		r.Status, r.Error = StatusError, d.sym(l.status)
	}
}

func (d *Decoder) codexTool(l *codexLine) Sym {
	if hosted := codexHosted[string(l.sub)]; hosted != "" {
		return d.sym([]byte(hosted))
	}
	if len(l.namespace) == 0 || bytes.HasPrefix(l.name, l.namespace) {
		return d.claudeSym(l.name)
	}
	b := append(append(append(d.codex.buf[:0], l.namespace...), '.'), l.name...)
	d.codex.buf = b
	return d.claudeSym(b)
}

func firstBytes(b ...[]byte) []byte {
	for _, v := range b {
		if len(v) > 0 {
			return v
		}
	}
	return nil
}

// codexToolEnd emits the end of a tool call; without the line that began it, it is none.
func (d *Decoder) codexToolEnd(l *codexLine) {
	if len(l.call) == 0 {
		return
	}
	r := d.codexRecord(l, KindTool)
	r.ID = d.text(l.call)
	r.Flags |= FlagPlaceholder
	r.Has &^= HasStart
	r.Start = 0
	text := codexText(l.output)
	r.Status, r.Error = d.codexResult(text)
	if ok, stated := codexSuccess(l.output); stated {
		r.Status, r.Error = StatusOK, 0
		if !ok {
			r.Status, r.Error = StatusError, d.sym([]byte("failed"))
		}
	}
	r.Fingerprints[3] = textHash(codexBody(text))
}

// codexVerdict emits what an event says of a tool call that failed. Only these are of use: success is known from its output.
func (d *Decoder) codexVerdict(l *codexLine) {
	why := ""
	switch {
	case l.hasSuccess && !l.success, bytes.HasPrefix(l.outcome, []byte(`{"Err"`)), mcpFailed(l.outcome):
		why = "failed"
	case l.hasExit && l.exit != 0:
		why = "exit code " + itoa64(l.exit)
	}
	if why == "" || len(l.call) == 0 {
		return
	}
	r := d.codexRecord(l, KindTool)
	r.ID = d.text(l.call)
	r.Flags |= FlagPlaceholder
	r.Has &^= HasStart
	r.Start = 0
	r.Status, r.Error = StatusError, d.sym([]byte(why))
}

// mcpFailed looks for isError in the result of an MCP tool: {"Ok":{…,"isError":true}}.
func mcpFailed(v []byte) (failed bool) {
	if len(v) == 0 || v[0] != '{' {
		return false
	}
	var s scanner
	s.reset(v)
	for s.object(); s.next(); {
		switch {
		case string(s.key()) == "Err":
			failed = true
			s.skip()
		case s.kind() == '{':
			for s.object(); s.next(); {
				if k := string(s.key()); k == "isError" || k == "is_error" {
					failed, _ = s.boolean()
				} else {
					s.skip()
				}
			}
		default:
			s.skip()
		}
	}
	return failed
}

// codexText is the text of an output, escapes unresolved: a text, an object with content, or the first text of a list of parts.
func codexText(v []byte) []byte {
	if len(v) < 2 {
		return nil
	}
	var s scanner
	s.reset(v)
	switch v[0] {
	case '"':
		return v[1 : len(v)-1]
	case '{':
		return memberText(&s, "content")
	case '[':
		for s.array(); s.next(); {
			if s.kind() != '{' {
				s.skip()
				continue
			}
			if t := memberText(&s, "text"); t != nil {
				return t
			}
		}
	}
	return nil
}

// memberText reads an object for the text of one member.
func memberText(s *scanner, key string) (t []byte) {
	for s.object(); s.next(); {
		if string(s.key()) == key {
			t = s.rawText()
		} else {
			s.skip()
		}
	}
	return t
}

// codexSuccess reads success of an output that is an object.
func codexSuccess(v []byte) (ok, stated bool) {
	if len(v) == 0 || v[0] != '{' {
		return false, false
	}
	var s scanner
	s.reset(v)
	for s.object(); s.next(); {
		if string(s.key()) == "success" {
			ok, stated = s.boolean()
		} else {
			s.skip()
		}
	}
	return ok, stated
}

// codexHeading bounds the lines that stand before what a command wrote.
const codexHeading = 400

// codexBody is what a command wrote, without the lines before it, which differ from time to time.
func codexBody(t []byte) []byte {
	head := t[:min(len(t), codexHeading)]
	if k := bytes.Index(head, codexOutput); k >= 0 {
		return t[k+len(codexOutput):]
	}
	return t
}

var (
	codexOutput = []byte(`\nOutput:\n`)
	// codexExits are the words before an exit code, in the order of versions; what stands in a command's own output is escaped once more,
	// or comes later.
	codexExits = [...][]byte{[]byte("Process exited with code "), []byte("Exit code: ")}
	codexOlder = []byte(`\"exit_code\":`)
)

// codexFailures are how outputs begin that tell of a failure in words.
var codexFailures = [...]struct{ begin, why string }{
	{"aborted by user", "aborted"}, {"aborted", "aborted"}, {"unsupported call", "unsupported call"}, {"unsupported custom tool call", "unsupported call"},
	{"failed to parse function arguments", "bad arguments"}, {"exec_command failed", "failed"}, {"write_stdin failed", "failed"}, {"failed in sandbox", "sandbox"},
	{"execution error", "failed"}, {"apply_patch verification failed", "bad patch"}, {"tool call error", "failed"}, {"tool call failed", "failed"},
	{"command rejected", "rejected"}, {"exec command rejected", "rejected"}, {"patch rejected", "rejected"}, {"user rejected", "rejected"},
	{"user cancelled MCP tool call", "rejected"}, {"command timed out", "timed out"}, {"err: ", "failed"}, {"unable to locate image", "failed"},
}

// codexResult tells from an output's text how the tool ended; unset where it does not say.
func (d *Decoder) codexResult(t []byte) (Status, Sym) {
	if code, ok := codexExit(t); ok {
		switch {
		case code == 0:
			return StatusOK, 0
		case bytes.Contains(t[:min(len(t), codexHeading)], []byte("command timed out")):
			return StatusError, d.sym([]byte("timed out"))
		}
		return StatusError, d.sym([]byte("exit code " + itoa64(code)))
	}
	for _, f := range &codexFailures {
		if bytes.HasPrefix(t, []byte(f.begin)) {
			return StatusError, d.sym([]byte(f.why))
		}
	}
	return StatusUnset, 0
}

// codexExit finds the exit code of an output.
func codexExit(t []byte) (int64, bool) {
	head := t[:min(len(t), codexHeading)]
	if k := bytes.Index(head, codexOutput); k >= 0 {
		head = head[:k]
	}
	for _, words := range &codexExits {
		if k := bytes.Index(head, words); k == 0 || k > 1 && head[k-1] == 'n' && head[k-2] == '\\' {
			return leadingInt(head[k+len(words):])
		}
	}
	if len(t) == 0 || t[0] != '{' {
		return 0, false
	}
	k := bytes.LastIndex(t, codexOlder)
	if k < 0 {
		return 0, false
	}
	return leadingInt(bytes.TrimLeft(t[k+len(codexOlder):], " "))
}

// leadingInt reads the whole number that b begins with.
func leadingInt(b []byte) (int64, bool) {
	n := 0
	for n < len(b) && n < 11 && (isDigit(b[n]) || n == 0 && b[n] == '-') {
		n++
	}
	if n == 0 || b[n-1] == '-' {
		return 0, false
	}
	return parseInt(b[:n])
}
