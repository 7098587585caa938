package click

import (
	"os"
	"strings"
	"testing"

	"costscope/analyze"
	"costscope/tracefmt"
)

func TestZZ(t *testing.T) {
	c := dial(t, os.Getenv("COSTSCOPE_TEST_CLICKHOUSE_MODERN"))
	c.at.Database = os.Getenv("ZZDB")
	c.at.Project = os.Getenv("ZZPROJECT")
	s, err := Open(t.Context(), c, analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	from, err := s.from(t.Context(), window{})
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/prof_base.sql", []byte(s.reading.spans.baseSpans(window{}, s.reading.once)), 0o600)
	os.WriteFile("/tmp/prof_from.sql", []byte(from), 0o600)
	os.WriteFile("/tmp/prof_tree.sql", []byte(treeOf("("+s.reading.spans.baseSpans(window{}, s.reading.once)+")")), 0o600)
	os.WriteFile("/tmp/prof_settled.sql", []byte(settledSpans(s.reading.spans.baseSpans(window{}, s.reading.once))), 0o600)
}

func dump(x string, a, b []string) {
	os.WriteFile("/tmp/zz_"+x+"_a", []byte(strings.Join(a, "\n")), 0o600)
	os.WriteFile("/tmp/zz_"+x+"_b", []byte(strings.Join(b, "\n")), 0o600)
}
