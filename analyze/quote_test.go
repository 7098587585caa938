package analyze

import (
	"slices"
	"testing"
	"testing/quick"
)

func TestConditionsWithBlanksAreQuoted(t *testing.T) {
	for _, c := range []struct{ in, text, again string }{
		{`agent="my agent"`, "my agent", `agent="my agent"`},
		{`agent=my agent`, "my agent", `agent="my agent"`},
		{`agent = planner`, "planner", `agent=planner`},
		{`!model~"a \"b\" \\c"`, `a "b" \c`, `!model~"a \"b\" \\c"`},
		{`step=a=b`, "a=b", `step=a=b`},
		{`step=5" pipe`, `5" pipe`, `step="5\" pipe"`},
		{`agent=""`, "", `agent=`},
		{`"tag:my tag"="my value"`, "my value", `"tag:my tag"="my value"`},
		{`agent!=x`, "x", `!agent=x`},
	} {
		p, err := ParsePred(c.in)
		if err != nil || p.Text != c.text || p.String() != c.again {
			t.Errorf("%s is %q, written %s (%v)", c.in, p.Text, p, err)
		}
	}
	for in, want := range map[string]string{
		`agent="my`:          `"agent=\"my": a closing " is missing`,
		`agent="my" agent`:   `"agent=\"my\" agent": nothing may stand behind the closing "; inside of a name it is written \"`,
		`agent="my agent"|b`: `"agent=\"my agent\"|b": several names stand within one pair of quotes: "my agent|planner"`,
		`waste>0`:            `"waste>0": waste is one of none, superseded, loop, redundant: compare it with =`,
		`"agent`:             `"\"agent": a closing " is missing`,
	} {
		if _, err := ParsePred(in); err == nil || err.Error() != want {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// Whatever a name is: written and read it is the same.
func TestConditionsAreReadAsTheyAreWritten(t *testing.T) {
	same := func(name, tag string, not bool) bool {
		p := Pred{Dimension: Dimension{DimTag, "t" + tag}, Op: OpEqual, Text: name, Not: not}
		again, err := ParsePred(p.String())
		preds, err2 := ParsePreds("agent=x " + p.String() + " cost>1")
		return err == nil && again == p && err2 == nil && len(preds) == 3 && preds[1] == p
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{" ", `"`, `\`, `\"`, "a\nb", "=", "!x", "日本 語", `"a" "b"`} {
		if !same(name, " "+name, true) {
			t.Errorf("%q is not read as it is written", name)
		}
	}
}

func TestLineOfConditions(t *testing.T) {
	for in, want := range map[string][]string{
		`model~sonnet cost>0.1`:          {"model~sonnet", "cost>0.1"},
		`agent="my agent" !step=a`:       {`agent="my agent"`, "!step=a"},
		`agent=my agent  cost > 0.1`:     {"agent=my agent", "cost> 0.1"},
		`agent=x cost >0.1 tool!= "a b"`: {"agent=x", "cost>0.1", `tool!= "a b"`},
		`step=5" pipe cost>1`:            {`step=5" pipe`, "cost>1"},
		`step="a \" cost>1" model=x`:     {`step="a \" cost>1"`, "model=x"},
		`agent`:                          {"agent"},
		``:                               nil,
	} {
		if got := SplitPreds(in); !slices.Equal(got, want) {
			t.Errorf("%s is cut into %q", in, got)
		}
	}
}

func TestConditionBeingTyped(t *testing.T) {
	for line, want := range map[string]Typing{
		``:                       {},
		`mod`:                    {Field: "mod"},
		`!mod`:                   {Not: true, Field: "mod"},
		`model=`:                 {Field: "model", HasOp: true, Op: OpEqual},
		`model!=son`:             {Not: true, Field: "model", HasOp: true, Op: OpEqual, Value: "son"},
		`model=x `:               {Head: "model=x "},
		`model=x cos`:            {Head: "model=x ", Field: "cos"},
		`agent=my zeb`:           {Field: "agent", HasOp: true, Op: OpEqual, Value: "my zeb"},
		`agent="my `:             {Field: "agent", HasOp: true, Op: OpEqual, Value: "my "},
		`agent="my \"a`:          {Field: "agent", HasOp: true, Op: OpEqual, Value: `my "a`},
		`agent="a b"  cost > `:   {Head: `agent="a b" `, Field: "cost", HasOp: true, Op: OpMore},
		`agent="a b"  cost >=12`: {Head: `agent="a b" `, Field: "cost", HasOp: true, Op: OpMoreEq, Value: "12"},
	} {
		if got := Typed(line); got != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
