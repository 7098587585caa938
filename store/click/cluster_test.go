//go:build unix

package click

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"costscope/analyze"
	"costscope/sample"
	"costscope/store"
	"costscope/tracefmt"
)

// A server is one ClickHouse of our own, which a test may break.
type server struct {
	http, tcp int
	tls       int // 0: none
	dir       string
	cmd       *exec.Cmd
}

const serverConfig = `<yandex>
 <logger><level>warning</level><log>%[1]s/server.log</log><errorlog>%[1]s/err.log</errorlog></logger>
 <http_port>%[2]d</http_port><tcp_port>%[3]d</tcp_port><interserver_http_port>%[4]d</interserver_http_port>%[6]s
 <listen_host>127.0.0.1</listen_host><timezone>UTC</timezone>
 <path>%[1]s/data/</path><tmp_path>%[1]s/tmp/</tmp_path><user_files_path>%[1]s/files/</user_files_path><format_schema_path>%[1]s/schemas/</format_schema_path>
 <mark_cache_size>67108864</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
 <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
 <remote_servers><cs>%[5]s</cs></remote_servers>
</yandex>`

// accounts are viewer, who may only read; bound, who may change no setting; hasty and boundhasty, whose profile leaves things out.
const accounts = `<yandex><profiles><default>%s</default><ro><readonly>2</readonly></ro><bound><readonly>1</readonly></bound>
 <hasty><readonly>2</readonly><skip_unavailable_shards>1</skip_unavailable_shards><extremes>1</extremes><join_use_nulls>1</join_use_nulls>
  <distributed_group_by_no_merge>1</distributed_group_by_no_merge><empty_result_for_aggregation_by_empty_set>1</empty_result_for_aggregation_by_empty_set></hasty>
 <brief><readonly>2</readonly><max_rows_to_read>10</max_rows_to_read><read_overflow_mode>break</read_overflow_mode></brief>
 <boundhasty><skip_unavailable_shards>1</skip_unavailable_shards><readonly>1</readonly></boundhasty></profiles><quotas><default/></quotas><users>%s</users></yandex>`

const account = `<%[1]s><password>%[2]s</password><networks><ip>127.0.0.1</ip></networks><profile>%[3]s</profile><quota>default</quota></%[1]s>`

const secret = "s3cret-of-the-viewer"

func (s *server) users(t *testing.T, defaultProfile string) {
	var list strings.Builder
	fmt.Fprintf(&list, account, "default", "", "default")
	for name, profile := range map[string]string{"viewer": "ro", "bound": "bound", "hasty": "hasty", "brief": "brief", "boundhasty": "boundhasty"} {
		fmt.Fprintf(&list, account, name, secret, profile)
	}
	write(t, filepath.Join(s.dir, "users.xml"), fmt.Sprintf(accounts, defaultProfile, list.String()))
}

// profile has the server start anew with settings for default: connections that the other one keeps would go on with those of before.
func (s *server) profile(t *testing.T, settings string) {
	s.kill(t)
	s.users(t, settings)
	s.start(t)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs the server until the test ends, and waits until it answers.
func (s *server) start(t *testing.T) {
	out, err := os.Create(filepath.Join(s.dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command("clickhouse-server", "--config-file="+filepath.Join(s.dir, "config.xml"))
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for the test
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := s.cmd
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "the server answers: see "+s.dir, func() bool {
		resp, err := http.Get("http://" + s.host() + "/ping")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
}

// kill ends the server at once.
func (s *server) kill(t *testing.T) {
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
}

func (s *server) host() string { return "127.0.0.1:" + strconv.Itoa(s.http) }

// run has the server do something, as its administrator.
func (s *server) run(t *testing.T, sql string) string {
	t.Helper()
	resp, err := http.Post("http://"+s.host()+"/?"+url.Values{"query": {sql}}.Encode(), "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", sql, text, err)
	}
	return strings.TrimSuffix(string(text), "\n")
}

// alive is how many queries of costscope run on the server, or on behalf of one.
func (s *server) alive(t *testing.T) string {
	return s.run(t, "SELECT count() FROM system.processes WHERE query NOT LIKE 'KILL%' AND (query_id LIKE 'costscope-%' OR initial_query_id LIKE 'costscope-%')")
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came to pass: " + what)
		}
	}
}

// A pair is a cluster cs of two servers.
type pair [2]*server

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// twoShards starts a cluster. change may alter a server before it starts.
func twoShards(t *testing.T, change ...func(s *server)) (p pair) {
	if testing.Short() {
		t.Skip("SKIP: -short: faults of an engine are not tested")
	}
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Skip("SKIP: clickhouse-server is not installed: faults of an engine are not tested")
	}
	var shards strings.Builder
	for i := range p {
		p[i] = &server{http: freePort(t), tcp: freePort(t), dir: t.TempDir()}
		fmt.Fprintf(&shards, "<shard><replica><host>127.0.0.1</host><port>%d</port></replica></shard>", p[i].tcp)
		for _, f := range change {
			f(p[i])
		}
	}
	for _, s := range p {
		tls := ""
		if s.tls != 0 {
			tls = fmt.Sprintf("<https_port>%d</https_port><openSSL><server><certificateFile>%[2]s/cert.pem</certificateFile><privateKeyFile>%[2]s/key.pem</privateKeyFile>"+
				"<verificationMode>none</verificationMode></server></openSSL>", s.tls, s.dir)
		}
		write(t, filepath.Join(s.dir, "config.xml"), fmt.Sprintf(serverConfig, s.dir, s.http, s.tcp, freePort(t), shards.String(), tls))
		s.users(t, "")
		s.start(t)
	}
	return p
}

// as is a client of the first server.
func (p pair) as(t *testing.T, user string) *Client {
	t.Helper()
	password := secret
	if user == "" {
		password = "" // the administrator has none
	}
	c, err := p.dial(t, user, password)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p pair) dial(t *testing.T, user, password string) (*Client, error) {
	at, err := ParseAddress(Scheme+p[0].host()+"/costscope", false, env(EnvUser, user, EnvPassword, password))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(t.Context(), at)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// each has both servers do something.
func (p pair) each(t *testing.T, sql string) {
	t.Helper()
	for _, s := range p {
		s.run(t, sql)
	}
}

// create makes the canonical tables. change may alter a statement.
func (p pair) create(t *testing.T, change func(sql string) string) {
	p.each(t, "DROP DATABASE IF EXISTS costscope")
	p.each(t, "CREATE DATABASE costscope")
	for sql := range strings.SplitSeq(strings.TrimSpace(DDL("costscope", "cs")), ";\n") {
		if change != nil {
			sql = change(sql)
		}
		p.each(t, strings.TrimSuffix(sql, ";"))
	}
}

// A trace is what was generated, in memory: the reference.
func trace(t *testing.T, seed uint64, runs int) pushed {
	var lines bytes.Buffer
	if _, err := sample.Generate(&lines, "production", seed, runs); err != nil {
		t.Fatal(err)
	}
	return loaded(t, lines.String())
}

func loaded(t *testing.T, lines string) pushed {
	file := filepath.Join(t.TempDir(), "trace.jsonl")
	write(t, file, lines)
	m := store.NewMem(store.Options{Prices: tracefmt.BuiltinPrices()})
	if err := m.Load(t.Context(), []string{file}, nil, nil); err != nil {
		t.Fatal(err)
	}
	return pushed{m, file}
}

// push writes a trace into the pair.
func (p pair) push(t *testing.T, src pushed) {
	t.Helper()
	if done, err := p.as(t, "").Push(t.Context(), src, analyze.Config{}, nil); err != nil || !done.Agree() {
		t.Fatalf("%+v %v", done, err)
	}
}

// open is the store of the pair.
func (p pair) open(t *testing.T, user string) *Store {
	t.Helper()
	s, err := Open(t.Context(), p.as(t, user), analyze.Config{}, tracefmt.BuiltinPrices())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// filled is a pair that holds a trace.
func filled(t *testing.T) (pair, pushed) {
	p, src := twoShards(t), trace(t, 5, 40)
	p.create(t, nil)
	p.push(t, src)
	return p, src
}

// slow has every question of a store take minutes, on both servers.
func (p pair) slow(t *testing.T, s *Store) {
	p.each(t, "CREATE VIEW IF NOT EXISTS costscope.slow_local AS SELECT * FROM (SELECT number AS q_number FROM system.numbers) CROSS JOIN (SELECT * FROM costscope.costscope_calls_local LIMIT 1)")
	p.each(t, "CREATE TABLE IF NOT EXISTS costscope.slow AS costscope.costscope_calls_local ENGINE = Distributed(cs, costscope, slow_local)")
	s.fromCalls = "costscope.slow"
}

var byWorkflow = analyze.Query{By: []analyze.Dimension{{Dim: analyze.DimWorkflow}}}

// asking asks in the background, until both servers are at it.
func (p pair) asking(t *testing.T, ctx context.Context, s *Store) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		table, err := s.Rollup(ctx, byWorkflow)
		if table != nil {
			t.Error("a question that failed has an answer")
		}
		done <- err
	}()
	eventually(t, "both servers are asked", func() bool { return p[0].alive(t) != "0" && p[1].alive(t) != "0" })
	return done
}
