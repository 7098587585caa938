//go:build unix

package click

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"costscope/analyze"
	"costscope/tracefmt"
)

// hostile are names that a trace may hold.
var hostile = []string{
	`'; DROP TABLE costscope_calls; --`, `\`, `\'`, `\\'`, `"double" and 'single'`, "a\x00b", "new\nline", "tab\ttab", "carriage\rreturn", `\N`, `\n`, `\t`, "\b\f\v\a",
	"/* comment */ x", "-- x", "# x", "`", "``", "日本語 🙈", "Ünïcödé", "\u212aelvin \u0130stanbul ſ ß \u1e9e Σ ς", "\x1b[31mred", `%s{x:String}`, "{name:Identifier}", "' OR 1=1 --", `\' UNION ALL SELECT 2 --`, " lead and trail ",
	"x\x1fenv=prod", "x=y", ",", "\u202eright to left", "\xff\xfe", "NULL", "nan", "-1", "$(reboot)", "<b>x</b>", "Code: 60, e.displayText() = DB::Exception: x, e.what() = DB::Exception",
	strings.Repeat("long ", 60_000), // 300 KB: more than an engine takes for a question unasked
}

// hostileTrace is one run for each hostile name, which it has in every place.
func hostileTrace(names []string) string {
	var b strings.Builder
	for i, name := range names {
		text, _ := json.Marshal(name)
		if name == "\xff\xfe" {
			text = []byte("\"\xff\xfe\"")
		}
		for span := range 2 {
			fmt.Fprintf(&b, `{"v":1,"type":"call","trace_id":%[1]s,"span_id":"%[2]d","workflow":%[1]s,"feature":%[1]s,"version":%[1]s,"agent":%[1]s,"agent_instance":%[1]s,"step":%[1]s,"operation":"chat",`+
				`"model":%[1]s,"provider":%[1]s,"user_id":%[1]s,"session_id":%[1]s,"tags":{"env":%[1]s},"start":"2026-08-24T02:%02[3]d:%02[2]dZ","duration_ms":100,"input_tokens":%[4]d,"output_tokens":7,"cost_usd":0.0%[3]d1}`+"\n",
				text, span, i, 100+i)
		}
	}
	return b.String()
}

func TestHostileNames(t *testing.T) {
	p := twoShards(t)
	for user, names := range map[string][]string{"viewer": hostile, "bound": hostile[:len(hostile)-1]} {
		t.Run(user, func(t *testing.T) {
			p.create(t, nil)
			src := loaded(t, hostileTrace(names))
			p.push(t, src)
			if again, err := p.as(t, "").Push(t.Context(), src, analyze.Config{}, nil); err != nil || !again.Agree() || again.Runs != 0 {
				t.Errorf("what is there already is not found again: %+v %v", again, err)
			}
			s := p.open(t, user)
			if a, b := reportOf(t, src, src.Names()), reportOf(t, s, s.Names()); a != b {
				t.Error("the reports differ")
			}
			if user == "viewer" {
				sameAnswers(t, src, s, names)
			}
		})
	}
}

// The same on the engine that tests are given: another version may read literals and expressions in another way.
func TestHostileNamesOnTheEngine(t *testing.T) {
	c := canonical(t, "cs_test_hostile")
	names := hostile[:len(hostile)-1] // the libraries that tests ask take no longer questions
	src := loaded(t, hostileTrace(names))
	if p, err := c.Push(t.Context(), src, analyze.Config{}, nil); err != nil || !p.Agree() {
		t.Fatalf("%+v %v", p, err)
	}
	s, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	if a, b := reportOf(t, src, src.Names()), reportOf(t, s, s.Names()); a != b {
		t.Error("the reports differ")
	}
	sameAnswers(t, src, s, names)
	if err := c.insert(t.Context(), callsTable, []column{{name: "run"}, {name: "seq"}}, []byte("stranger\t0\n")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	says(t, err, "1 rows belong to runs that nobody pushed")
}

func TestQuestionsThatAreTooLong(t *testing.T) {
	p := twoShards(t)
	p.create(t, nil)
	p.push(t, loaded(t, hostileTrace(hostile[len(hostile)-2:])))
	_, err := p.open(t, "bound").Run(t.Context(), analyze.Query{}, analyze.RunRef{ID: hostile[len(hostile)-1]})
	says(t, err, p[0].host(), "the account bound allows 262144", "max_query_size")
	if len(err.Error()) > 300 {
		t.Error("the message holds the question")
	}
}

var nameDims = [...]analyze.Dim{analyze.DimWorkflow, analyze.DimFeature, analyze.DimVersion, analyze.DimAgent, analyze.DimStep, analyze.DimModel, analyze.DimProvider,
	analyze.DimRun, analyze.DimUser, analyze.DimSession, analyze.DimTag}

func dimension(d analyze.Dim) analyze.Dimension {
	if d == analyze.DimTag {
		return analyze.Dimension{Dim: d, Tag: "env"}
	}
	return analyze.Dimension{Dim: d}
}

// sameAnswers compares everything that names appear in.
func sameAnswers(t *testing.T, src pushed, s *Store, names []string) {
	for _, d := range nameDims {
		sameRollup(t, src, s, analyze.Query{By: []analyze.Dimension{dimension(d)}})
	}
	for i, name := range names {
		is := analyze.Pred{Dimension: dimension(nameDims[i%len(nameDims)]), Op: analyze.OpEqual, Text: name}
		sameCalls(t, src, s, is)
		sameRollup(t, src, s, analyze.Query{Where: []analyze.Pred{is, {Dimension: dimension(analyze.DimAgent), Op: analyze.OpMatch, Text: name, Not: i%2 == 0}}})
	}
	for _, part := range [...]string{"KELVIN", "istanbul", "s", "ſ", "ß", "\u1e9e", "Σ", "ς", "ÜNÏ", "日", "\x00B", "\n", `\`, "'", ".", "[", "\xff", "(none)"} {
		sameRollup(t, src, s, analyze.Query{By: []analyze.Dimension{dimension(analyze.DimTag)}, Where: []analyze.Pred{{Dimension: dimension(analyze.DimAgent), Op: analyze.OpMatch, Text: part}}})
	}
}

func sameRollup(t *testing.T, src pushed, s *Store, q analyze.Query) {
	t.Helper()
	want, err := src.Rollup(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Rollup(t.Context(), q)
	if err != nil {
		t.Errorf("%.200q: %v", fmt.Sprint(q), err)
		return
	}
	if a, b := show(want), show(got); a != b {
		t.Errorf("%.200q:\n%.900s\nnot\n%.900s", fmt.Sprint(q), b, a)
	}
}

// sameCalls compares the list of calls and the runs that they lead to.
func sameCalls(t *testing.T, src pushed, s *Store, where analyze.Pred) {
	t.Helper()
	q := analyze.Query{Where: []analyze.Pred{where}}
	want, err := src.Calls(t.Context(), q, analyze.ByCost, true, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Calls(t.Context(), q, analyze.ByCost, true, 0, 10)
	if err != nil || len(got.Rows) != len(want.Rows) {
		t.Errorf("%.100q: %d calls, not %d: %v", where.Text, len(got.Rows), len(want.Rows), err)
		return
	}
	for i, w := range want.Rows {
		g := got.Rows[i]
		if g.Run != w.Run || g.Workflow != w.Workflow || g.Agent != w.Agent || g.User != w.User || g.Tags != w.Tags || g.Model != w.Model || g.Cost != w.Cost {
			t.Errorf("%.300q is not %.300q", fmt.Sprint(g), fmt.Sprint(w))
		}
	}
	if len(want.Rows) == 0 {
		return // the name is trimmed in that place
	}
	ref := analyze.RunRef{ID: want.Rows[0].Run}
	a, err := src.Run(t.Context(), q, ref)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := s.Run(t.Context(), q, ref); err != nil || b.ID != a.ID || b.Row.Cost != a.Row.Cost || b.Row.Calls != a.Row.Calls {
		t.Errorf("run %.100q: %v %+v", ref.ID, err, b)
	}
}

// What an engine is asked to find is what strings.ToLower would find, for every letter there is.
func TestLettersInLowerCase(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		low := unicode.ToLower(r)
		if low == r && unicode.SimpleFold(r) == r {
			continue // it has one form
		}
		re, err := regexp.Compile("^(?:" + lowersTo(low) + ")$")
		if err != nil {
			t.Fatalf("%U: %v", r, err)
		}
		if !re.MatchString(string(r)) {
			t.Errorf("%U is not found by %U", r, low)
		}
		if low < utf8.RuneSelf && r >= utf8.RuneSelf && r != kelvin && r != dottedI {
			t.Errorf("%U is lowered to %U", r, low)
		}
		if other := unicode.ToUpper(r); unicode.ToLower(other) != low && re.MatchString(string(other)) {
			t.Errorf("%U is found by %U", other, low)
		}
	}
}
