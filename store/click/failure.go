package click

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Failure is what the engine says went wrong.
type Failure struct {
	Code int // of the engine; 0 where it is not stated
	Text string
	at   string
}

// hints say what to do about the failures that people meet.
var hints = map[int]string{
	32: "a shard went away in the middle; nothing of its answer is shown", 210: "a shard cannot be reached; nothing of the others' answers is shown",
	279: "a shard cannot be reached; nothing of the others' answers is shown", 47: "the table lacks a column: see 'costscope engine ddl', or name the profile",
	60: "there is no such table: ?table= in the address names it, 'costscope engine ddl' prints what to create", 81: "there is no such database",
	159: "it took longer than allowed: ask for less, t sets a time range", 160: "it would take longer than allowed: ask for less, t sets a time range",
	164: "the account may not do that", 192: "the user is unknown: set " + EnvUser + " and " + EnvPassword,
	193: "the password is wrong: set " + EnvUser + " and " + EnvPassword, 194: "the password is missing: set " + EnvPassword,
	516: "user or password is wrong: set " + EnvUser + " and " + EnvPassword, 241: "it took more memory than allowed: ask for less, t sets a time range",
	394: "the query was stopped", 396: "the answer has too many rows: ask for less", 497: "the account may not read that table",
}

func (f *Failure) Error() string {
	text := f.at + ": "
	if h := hints[f.Code]; h != "" {
		text += h + " (code " + strconv.Itoa(f.Code) + ")"
		return text
	}
	return text + f.Text
}

var codeOf = regexp.MustCompile(`Code: (\d+)`)

// failure reads an answer that tells of an error: one with a status of its own, or one that broke off after its first rows.
func failure(status int, body []byte) *Failure {
	tail := body[max(0, len(body)-4096):]
	if status == 200 {
		at := bytes.LastIndex(tail, []byte("DB::Exception"))
		if at < 0 || !codeOf.Match(tail[:at+len("DB::Exception")]) {
			return nil
		}
		tail = tail[:min(len(tail), at+400)]
	}
	if status != 200 { // the text repeats the question, however long that is
		tail = body[:min(len(body), 4096)]
	}
	f := &Failure{Text: fmt.Sprintf("HTTP status %d", status)}
	if m := codeOf.FindSubmatch(tail); m != nil {
		f.Code, _ = strconv.Atoi(string(m[1]))
		f.Text = firstLine(string(tail))
	}
	return f
}

// firstLine is enough of an engine's text to tell what happened, without the stack of calls that follows.
func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
