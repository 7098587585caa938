package click

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func env(pairs ...string) func(string) string {
	return func(k string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == k {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// engine is the address of the engine to test with: COSTSCOPE_TEST_CLICKHOUSE=clickhouse://127.0.0.1:PORT/default.
func engine(t *testing.T) *Client {
	at := os.Getenv("COSTSCOPE_TEST_CLICKHOUSE")
	if at == "" {
		t.Skip("SKIP: no engine: COSTSCOPE_TEST_CLICKHOUSE is not set")
	}
	return dial(t, at)
}

func dial(t *testing.T, at string) *Client {
	a, err := ParseAddress(at, false, env())
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestParseAddress(t *testing.T) {
	for _, x := range [...]struct {
		in, host string
		tls      bool
		bad      string
	}{
		{"clickhouse://127.0.0.1:9000/db", "127.0.0.1:9000", false, ""},
		{"clickhouse://localhost", "localhost:8123", false, ""},
		{"clickhouse://localhost?secure=1", "localhost:8443", true, ""},
		{"clickhouse://[::1]/db", "[::1]:8123", false, ""},
		{"clickhouse://ch.example.com/db?table=calls&profile=otel", "ch.example.com:8443", true, ""},
		{"clickhouse://ch.example.com/db?secure=0", "", false, "--plain-http"},
		{"clickhouse://me:secret@ch.example.com/db", "", false, EnvPassword},
		{"clickhouse://h/db?password=secret", "", false, "none of table"},
		{"clickhouse:///db", "", false, "no host"},
	} {
		a, err := ParseAddress(x.in, false, env())
		switch {
		case x.bad == "" && (err != nil || a.Host != x.host || a.TLS != x.tls):
			t.Errorf("%s: %+v %v", x.in, a, err)
		case x.bad != "" && (err == nil || !strings.Contains(err.Error(), x.bad) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v", x.in, err)
		}
	}
	if a, err := ParseAddress("clickhouse://ch.example.com/db", true, env()); err != nil || a.TLS {
		t.Error("plain HTTP was allowed", a, err)
	}
}

func TestPasswordWithoutUser(t *testing.T) {
	a, err := ParseAddress("clickhouse://localhost", false, env(EnvPassword, "s3 cret", EnvCredentials, "none"))
	if err != nil || a.user != "default" || a.password() != "s3 cret" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestCredentialsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "who")
	if err := os.WriteFile(file, []byte("viewer\ns3 cret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseAddress("clickhouse://localhost", false, env(EnvCredentials, file)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error("a file that others can read was taken:", err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := ParseAddress("clickhouse://localhost", false, env(EnvCredentials, file))
	if err != nil || a.user != "viewer" || a.password() != "s3 cret" {
		t.Errorf("%+v %v", a, err)
	}
}

func TestRows(t *testing.T) {
	r, err := newRows([]byte("a\tb\nString\tInt64\nx\\ty\\n\\\\z\t-5\n\t7\n"))
	if err != nil || !r.Next() || r.Text(0) != "x\ty\n\\z" || r.Int(1) != -5 || !r.Next() || r.Text(0) != "" || r.Int(1) != 7 || r.Next() || r.Err() != nil {
		t.Errorf("%+v %v", r, err)
	}
	if r, _ := newRows([]byte("a\nInt64\n1\t2\n")); r.Next() || r.Err() == nil {
		t.Error("a row of another width was taken")
	}
}

func TestFailureAfterTheFirstRows(t *testing.T) {
	ok := &http.Response{StatusCode: http.StatusOK}
	for _, late := range [...]string{
		"a\nInt64\n1\n2\nCode: 32, e.displayText() = DB::Exception: Attempt to read after eof, e.what() = DB::Exception\n",
		"a\nString\nhalf a roCode: 32, e.displayText() = DB::Exception: Attempt to read after eof, e.what() = DB::Exception\n",
		"a\nInt64\n1\nCode: 32. DB::Exception: Attempt to read after eof. (ATTEMPT_TO_READ_AFTER_EOF) (version 24.8.1.1 (official build))\n",
		"a\nInt64\n1\n\r\n__exception__\r\nabcdefgh\r\nCode: 32. DB::Exception: Attempt to read after eof. (version 26.7.2.1)\n99 abcdefgh\r\n__exception__\r\n",
	} {
		if f := failure(ok, []byte(late)); f == nil || f.Code != 32 {
			t.Errorf("%q: %+v", late, f)
		}
	}
	for _, row := range [...]string{
		"a\nInt64\n1\n",
		"line\tn\nString\tInt64\n{\"error\":\"Code: 60, e.displayText() = DB::Exception: no table, e.what() = DB::Exception\"}\t7\n",
		"line\nString\n{\"error\":\"Code: 60. DB::Exception: no table (version 24.8.1.1)\"}\n",
	} {
		if f := failure(ok, []byte(row)); f != nil {
			t.Errorf("%q: %+v", row, f)
		}
	}
}

// A question that is left is stopped in the engine, too, and one without an answer ends by the client's own clock.
func TestLeavingStopsTheQuery(t *testing.T) {
	killed := make(chan string, 4)
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, 200)
		n, _ := r.Body.Read(b)
		if sql := string(b[:n]); strings.HasPrefix(sql, "KILL") {
			killed <- sql
			return
		}
		<-hang
	}))
	defer s.Close()
	defer close(hang)
	c := newClient(&Address{Host: strings.TrimPrefix(s.URL, "http://")}, http.DefaultTransport)
	c.prefix = "q-"
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, stop)
	if _, err := c.Query(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if sql := <-killed; !strings.Contains(sql, "'q-1'") {
		t.Error(sql)
	}
	c.budget = -overtime + 10*time.Millisecond
	if _, err := c.Query(t.Context(), "SELECT 1"); err == nil || !strings.Contains(err.Error(), "has not answered") {
		t.Error(err)
	}
	<-killed
}

func TestHostileLiterals(t *testing.T) {
	c := engine(t)
	for _, s := range []string{`'; DROP TABLE x; --`, `\`, `\'`, "a\x00b", "new\nline\ttab", "\x1b[31m", "日本語 🙈", `%s{x:String}`, "' OR 1=1 --", "\\\\' UNION ALL SELECT 2", "\xff\xfe"} {
		r, err := c.Query(t.Context(), "SELECT "+quote(s)+" AS q_s")
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if !r.Next() || r.Text(0) != s || r.Next() {
			t.Errorf("%q came back as %q", s, r.fields)
		}
	}
}
