package tracefmt

import (
	"encoding/json"
	"strings"
	"testing"
)

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b[1 : len(b)-1])
}

// TestLastUser: the end of the last user message, in the JSON that instrumentations write, plain and inside a JSON string.
func TestLastUser(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`[{"role":"system","parts":[{"type":"text","content":"s"}]},{"role":"user","parts":[{"type":"text","content":"find \"it\""}]}]`, `find \"it\"`},
		{`[{"role":"user","content":"first"},{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":"two"}]},{"role":"tool","content":"r"}]`, `two`},
		{`{"model":"m","messages":[{"role": "user", "content": "refund \"role\":\"user\" {]"}],"tools":[{"content":"no"}]}`, `refund \"role\":\"user\" {]`},
		{`[{"role":"assistant","content":"a"}]`, ``},
		{`Weather in Oslo?`, `Weather in Oslo?`},
		{`[{"role":"user","content":null}]`, ``},
		{`[{"role":"user","content":"C:\\"},{"role":"assistant","content":"b"}]`, `C:\\`},
	} {
		if got := string(lastUser([]byte(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
		if got, want := string(lastUser([]byte(quoted(c.in)))), quoted(c.want); got != want {
			t.Errorf("quoted %s: %q, want %q", c.in, got, want)
		}
	}
}

func TestTailHash(t *testing.T) {
	long := strings.Repeat("x y ", 100)
	same := [][2]string{{"a  b\n", `a \n b`}, {long + "end", "other " + long + "end"}, {`say \"hi\"`, `say \\\"hi\\\"`}, {"é", "é "}}
	for _, c := range same {
		if a, b := tailHash([]byte(c[0])), tailHash([]byte(c[1])); a != b || a == 0 {
			t.Errorf("%q and %q: %x %x", c[0], c[1], a, b)
		}
	}
	if tailHash([]byte("a b")) == tailHash([]byte("a c")) || tailHash(nil) != 0 || tailHash([]byte(" \n")) != 0 {
		t.Error("different texts are the same, or nothing is something")
	}
}

func TestTextHashIsStable(t *testing.T) {
	seen := map[uint64]string{}
	for _, s := range []string{"a", "b", "ab", "0123456789abcdef", "0123456789abcdef0", "0123456789abcde\x00", "0123456789abcde"} {
		h := textHash([]byte(s))
		if other, ok := seen[h]; ok || h == 0 {
			t.Errorf("%q and %q: %x", s, other, h)
		}
		seen[h] = s
	}
	if got := textHash([]byte("costscope")); got != stableHash {
		t.Errorf("stores keep fingerprints, and this one was %x: now %x", uint64(stableHash), got)
	}
}

// fingerprintsOf decodes one span.
func fingerprintsOf(t *testing.T, attrs string) [4]uint64 {
	t.Helper()
	recs, _, err := decodeOne(t, NewNames(), flat(attrs))
	if err != nil || len(recs) != 1 {
		t.Fatalf("%d records, error %v", len(recs), err)
	}
	return recs[0].Fingerprints
}

func TestFingerprints(t *testing.T) {
	model := func(m string, system, user string) [4]uint64 {
		in := `{"model":"` + m + `","messages":[{"role":"system","content":"` + system + `"},{"role":"user","content":"` + user + `"}]}`
		return fingerprintsOf(t, `"openinference.span.kind":"LLM","input.value":"`+quoted(in)+`","output.value":"x"`)
	}
	a, fallback, next := model("big", "s", "refund 1"), model("small", "s", "refund 1"), model("big", "s", "refund 2")
	if a[0] == fallback[0] || a[1] != fallback[1] || a[1] == next[1] || a[0] == 0 || a[2]|a[3] != 0 {
		t.Errorf("%x %x %x", a, fallback, next)
	}
	if b := model("big", "s", "refund 1"); b != a {
		t.Errorf("%x, again %x", a, b)
	}
	adjusted := model("big", "be exact", "refund 1")
	if adjusted[0] == a[0] || adjusted[1] != a[1] {
		t.Errorf("adjusted %x, before %x", adjusted, a)
	}
	tool := fingerprintsOf(t, `"gen_ai.operation.name":"execute_tool","gen_ai.tool.call.arguments":"{}","gen_ai.tool.call.result":"ok"`)
	if tool[0]|tool[1] != 0 || tool[2] == 0 || tool[3] == 0 {
		t.Errorf("tool %x", tool)
	}
	one := fingerprintsOf(t, `"llm.request.type":"chat","gen_ai.prompt.0.role":"system","gen_ai.prompt.0.content":"s","gen_ai.prompt.1.content":"go","gen_ai.prompt.1.role":"user"`)
	two := fingerprintsOf(t, `"llm.request.type":"chat","gen_ai.prompt.0.role":"user","gen_ai.prompt.0.content":"go"`)
	if one[0] == two[0] || one[1] != two[1] || one[1] == 0 {
		t.Errorf("%x %x", one, two)
	}
}

// TestWrappedTextIsTheSame: the two ways of reading an attribute see the same text.
func TestWrappedTextIsTheSame(t *testing.T) {
	want := fingerprintsOf(t, `"gen_ai.operation.name":"chat","input.value":"say \"hi\""`)
	for _, attr := range []string{`{"key":"input.value","value":{"stringValue":"say \"hi\""}}`, `{ "key":"input.value", "value": {"stringValue":"say \"hi\""} }`, `{"value":{"stringValue":"say \"hi\""},"key":"input.value"}`} {
		v := `{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"work","attributes":[` + attr + `,{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}}]}`
		recs, _, err := decodeOne(t, NewNames(), v)
		if err != nil || recs[0].Fingerprints != want {
			t.Errorf("%s: %x, want %x, error %v", attr, recs[0].Fingerprints, want, err)
		}
	}
}

// stableHash is textHash of "costscope".
const stableHash = 0x7de0c8495efe6d1e

// TestSharedFingerprints: the three attempts of the Vercel SDK's own retry ask the same.
func TestSharedFingerprints(t *testing.T) {
	n := NewNames()
	attempts := map[string][][4]uint64{}
	for _, recs := range otlpRecords(t, n, jsonValues(t, sharedFile(t, "vercel-ai-sdk/weather-bot.collector.jsonl"))) {
		for _, r := range recs {
			if r.Kind == KindLLM {
				attempts[n.Name(r.Step)] = append(attempts[n.Name(r.Step)], r.Fingerprints)
			}
		}
	}
	same := attempts["flaky-answer"]
	if len(same) != 3 || same[0] != same[1] || same[1] != same[2] || same[0][0] == 0 || same[0][1] == 0 {
		t.Errorf("attempts %x", same)
	}
	steps := attempts["weather-answer"]
	if len(steps) != 2 || steps[0][0] == steps[1][0] || steps[0][1] != steps[1][1] {
		t.Errorf("steps %x", steps)
	}
}
