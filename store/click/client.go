package click

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	budget   = 60 * time.Second // that the engine may spend on one question
	greeting = 8 * time.Second  // that it may take to say who it is
	overtime = 2 * time.Second  // that the client waits beyond it: a frozen shard never answers
	killTime = 2 * time.Second
	killGap  = 200 * time.Millisecond
	idleTime = 2 * time.Second // that a connection is kept: engines close theirs after three
	maxRows  = 100_000         // of one answer
	maxBytes = 256 << 20       // of one answer
	inFlight = 2               // questions at a time
)

// A Client asks one engine. It may be used by several goroutines.
type Client struct {
	at       *Address
	http     *http.Client
	prefix   string // of the ids of its queries
	n        atomic.Int64
	slots    chan struct{}
	open     context.Context // ends when the client is closed
	shut     context.CancelFunc
	budget   time.Duration
	most     int64 // bytes of one answer
	version  string
	modern   bool         // the engine has the settings of today
	bound    bool         // the account may change no setting
	readonly string       // the account's setting of that name: 0 for one that may write
	guards   []string     // what every question says about the settings that would change its answer
	longest  int          // question that the engine takes unasked, in bytes
	bytes    atomic.Int64 // that came over its connections
}

// Dial finds out which engine answers, and what its account may do.
func Dial(ctx context.Context, at *Address) (*Client, error) {
	t := &http.Transport{MaxIdleConnsPerHost: inFlight, IdleConnTimeout: idleTime, TLSHandshakeTimeout: 5 * time.Second}
	if at.TLS {
		trust, err := at.trust()
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = trust
	}
	c := newClient(at, t)
	t.DialContext = c.dial
	if err := c.hello(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(at *Address, t http.RoundTripper) *Client {
	c := &Client{at: at, http: &http.Client{Transport: t, CheckRedirect: noRedirect}, slots: make(chan struct{}, inFlight), budget: budget, most: maxBytes,
		prefix: "costscope-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-"}
	c.open, c.shut = context.WithCancel(context.Background())
	return c
}

// dial makes a connection of which the bytes are counted.
func (c *Client) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return countedConn{conn, &c.bytes}, nil
}

// A countedConn adds up what is read from it.
type countedConn struct {
	net.Conn
	read *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// noRedirect keeps the password from going to another host.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func (a *Address) trust() (*tls.Config, error) {
	if a.CA == "" {
		return &tls.Config{}, nil
	}
	pem, err := os.ReadFile(a.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca: %s holds no certificate", a.CA)
	}
	return &tls.Config{RootCAs: pool}, nil
}

// hello asks for the version, and for the settings that matter. An account of readonly 1 refuses to be sent any, so none are sent here.
func (c *Client) hello(ctx context.Context) error {
	c.bound, c.budget = true, greeting
	defer func() { c.budget = budget }()
	r, err := c.Query(ctx, "SELECT name AS q_name, value AS q_value, version() AS q_version FROM system.settings WHERE name IN ("+settingNames()+")")
	if err != nil {
		return err
	}
	set := map[string]string{}
	for r.Next() {
		set[r.Text(0)], c.version = r.Text(1), r.Text(2)
	}
	if set["readonly"] == "" { // extremes under the rows, where the profile asks for them, are no harm here
		return fmt.Errorf("%s answers, but not as ClickHouse does: is this the address of its HTTP interface?", c.at)
	}
	major, _, _ := strings.Cut(c.version, ".")
	n, _ := strconv.Atoi(major)
	c.modern = n >= 20
	c.readonly, c.bound = set["readonly"], set["readonly"] == "1"
	c.longest, _ = strconv.Atoi(set["max_query_size"])
	if c.bound {
		return c.refuse(set)
	}
	c.guards = guardsAmong(set)
	return nil
}

// Version is that of the engine.
func (c *Client) Version() string { return c.version }

// settings are sent with every question.
func (c *Client) settings(write bool) url.Values {
	v := url.Values{"database": {c.at.Database}, "wait_end_of_query": {"1"}}
	if c.bound {
		return v
	}
	v.Set("max_execution_time", strconv.Itoa(int(c.budget/time.Second)))
	if write {
		return v
	}
	v.Set("max_result_rows", strconv.Itoa(maxRows))
	v.Set("enable_http_compression", "1") // lines shrink to a ninth; a higher level takes longer than it saves
	v.Set("http_zlib_compression_level", "1")
	if c.readonly == "0" {
		v.Set("readonly", "2")
	}
	if c.modern {
		v.Set("cancel_http_readonly_queries_on_client_close", "1")
	}
	return v
}

// Query asks and returns the whole answer. When ctx ends first, the engine is told to stop.
func (c *Client) Query(ctx context.Context, sql string) (*Rows, error) {
	return c.query(ctx, sql, strings.Join(c.guards, ", "))
}

// queryEach has every server answer for what it holds: the rows of all follow one another.
func (c *Client) queryEach(ctx context.Context, sql string) (*Rows, error) {
	return c.query(ctx, sql, strings.Replace(strings.Join(c.guards, ", "), noMerge+" = 0", noMerge+" = 1", 1))
}

func (c *Client) query(ctx context.Context, sql, settings string) (*Rows, error) {
	if settings != "" {
		sql += "\nSETTINGS " + settings
	}
	sql += "\nFORMAT TabSeparatedWithNamesAndTypes"
	v := c.settings(false)
	if c.longest > 0 && len(sql) >= c.longest {
		if c.bound {
			return nil, fmt.Errorf("%s: the question takes %d bytes, the account %s allows %d of them: ask by shorter names, or raise its max_query_size", c.at, len(sql), c.at.account(), c.longest)
		}
		v.Set("max_query_size", strconv.Itoa(2*len(sql))) // servers that it is passed on to get it in other words
	}
	body, err := c.send(ctx, v, strings.NewReader(sql))
	if err != nil {
		return nil, err
	}
	r, err := newRows(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; nothing of it is shown", c.at, err)
	}
	return r, nil
}

// send makes one request. The answer is read before anything of it is used: an error may come after the first rows.
func (c *Client) send(ctx context.Context, settings url.Values, text io.Reader) ([]byte, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-c.open.Done():
		return nil, c.open.Err()
	}
	id := c.prefix + strconv.FormatInt(c.n.Add(1), 10)
	settings.Set("query_id", id)
	begun := time.Now()
	timed, stop := context.WithTimeout(ctx, c.budget+overtime)
	defer stop()
	defer context.AfterFunc(c.open, stop)()
	body, err := c.post(timed, settings, text)
	if err == nil {
		return body, nil
	}
	if timed.Err() != nil || errors.Is(err, errBroken) {
		c.kill(id, begun)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(timed.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%s has not answered for %s: a shard may hang, see that every server of the cluster runs; or ask for less (t or --since sets a time range)", c.at, c.budget+overtime)
	case timed.Err() != nil:
		return nil, timed.Err() // the client was closed
	}
	return nil, err
}

// errBroken is in the errors about an answer that began and has no end: its query may go on in the engine.
var errBroken = errors.New("the answer broke off")

// post makes a request and reads what comes back.
func (c *Client) post(ctx context.Context, settings url.Values, text io.Reader) ([]byte, error) {
	u := url.URL{Scheme: "http", Host: c.at.Host, Path: "/", RawQuery: settings.Encode()}
	if c.at.TLS {
		u.Scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), text)
	if err != nil {
		return nil, err
	}
	if c.at.user != "" {
		req.Header.Set("X-ClickHouse-User", c.at.user)
		req.Header.Set("X-ClickHouse-Key", c.at.password())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.most+1))
	switch {
	case int64(len(body)) > c.most:
		return nil, fmt.Errorf("%s: %w after %d MB, which is more than any screen needs: ask for less (t or --since sets a time range)", c.at, errBroken, c.most>>20)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w; nothing of it is shown: ask again", c.at, errBroken, withoutURL(err))
	}
	if f := failure(resp, body); f != nil {
		f.at = c.at.String()
		return nil, f
	}
	return body, nil
}

// kill stops a query that nobody waits for any more: the engine goes on with it although the connection is gone. One that has just begun may
// not be known there yet, or may be on its way to other shards, where a server that is told too early leaves it behind.
func (c *Client) kill(id string, begun time.Time) {
	ctx, stop := context.WithTimeout(context.Background(), killTime)
	defer stop()
	time.Sleep(time.Until(begun.Add(killGap)))
	for range 3 {
		found, err := c.post(ctx, url.Values{"database": {c.at.Database}}, strings.NewReader("KILL QUERY WHERE query_id = "+quote(id)+" ASYNC"))
		if err != nil || len(found) > 0 {
			return // what cannot be told to stop ends by its own limit
		}
		time.Sleep(killGap)
	}
}

// Traffic is the number of bytes that came back so far, as they went over the network.
func (c *Client) Traffic() int64 { return c.bytes.Load() }

// Close ends the connections. Queries that are still asked are stopped first.
func (c *Client) Close() {
	defer c.http.CloseIdleConnections()
	c.shut()
	late := time.After(killTime)
	for range cap(c.slots) {
		select {
		case c.slots <- struct{}{}:
		case <-late:
			return
		}
	}
}
