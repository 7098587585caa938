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
	overtime = 2 * time.Second  // that the client waits beyond it: a frozen shard never answers
	killTime = 2 * time.Second
	maxRows  = 100_000 // of one answer
	inFlight = 2       // questions at a time
)

// A Client asks one engine. It may be used by several goroutines.
type Client struct {
	at      *Address
	http    *http.Client
	prefix  string // of the ids of its queries
	n       atomic.Int64
	slots   chan struct{}
	budget  time.Duration
	version string
	modern  bool         // the engine has the settings of today
	bound   bool         // the account may change no setting
	ask     string       // value of the setting readonly that is sent; "" where the account is bound already
	bytes   atomic.Int64 // that came over its connections
}

// Dial finds out which engine answers, and what its account may do.
func Dial(ctx context.Context, at *Address) (*Client, error) {
	t := &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, MaxIdleConnsPerHost: inFlight, TLSHandshakeTimeout: 5 * time.Second}
	if at.TLS {
		c, err := at.trust()
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = c
	}
	c := &Client{at: at, http: &http.Client{Transport: t, CheckRedirect: noRedirect}, budget: budget, slots: make(chan struct{}, inFlight),
		prefix: "costscope-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-"}
	t.DialContext = counted(t.DialContext, &c.bytes)
	return c, c.hello(ctx)
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

// hello asks for the version, and whether settings can be sent: an account of readonly 1 refuses them all.
func (c *Client) hello(ctx context.Context) error {
	c.bound = true
	r, err := c.Query(ctx, "SELECT version() AS q_v, (SELECT value FROM system.settings WHERE name = 'readonly') AS q_r")
	if err != nil {
		return err
	}
	if !r.Next() {
		return fmt.Errorf("%s answers, but not as the engine does", c.at)
	}
	c.version = r.Text(0)
	major, _ := strconv.Atoi(c.version[:max(0, strings.IndexByte(c.version, '.'))])
	c.modern = major >= 20
	switch readonly := r.Text(1); readonly {
	case "1":
		return nil
	case "0":
		c.ask = "2"
	}
	c.bound = false
	return nil
}

// Version is that of the engine.
func (c *Client) Version() string { return c.version }

// settings are sent with every question.
func (c *Client) settings(write bool) url.Values {
	v := url.Values{"database": {c.at.Database}, "wait_end_of_query": {"1"}}
	if c.bound {
		return url.Values{"database": {c.at.Database}}
	}
	v.Set("max_execution_time", strconv.Itoa(int(c.budget/time.Second)))
	if write {
		return v
	}
	v.Set("max_result_rows", strconv.Itoa(maxRows))
	v.Set("enable_http_compression", "1") // lines shrink to a ninth; a higher level takes longer than it saves
	v.Set("http_zlib_compression_level", "1")
	if c.ask != "" {
		v.Set("readonly", c.ask)
	}
	if c.modern {
		v.Set("cancel_http_readonly_queries_on_client_close", "1")
	}
	return v
}

// Query asks and returns the whole answer. When ctx ends first, the engine is told to stop.
func (c *Client) Query(ctx context.Context, sql string) (*Rows, error) {
	body, err := c.send(ctx, c.settings(false), strings.NewReader(sql+"\nFORMAT TabSeparatedWithNamesAndTypes"))
	if err != nil {
		return nil, err
	}
	return newRows(body)
}

// send makes one request. The answer is read before anything of it is used: an error may come after the first rows.
func (c *Client) send(ctx context.Context, settings url.Values, text io.Reader) ([]byte, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	id := c.prefix + strconv.FormatInt(c.n.Add(1), 10)
	settings.Set("query_id", id)
	timed, stop := context.WithTimeout(ctx, c.budget+overtime)
	defer stop()
	body, err := c.post(timed, settings, text)
	if err != nil && timed.Err() != nil {
		c.kill(id)
		if ctx.Err() == nil {
			return nil, fmt.Errorf("%s has not answered for %s: a shard may hang; ask for less (t sets a time range), or look at the engine", c.at, c.budget+overtime)
		}
		return nil, ctx.Err()
	}
	return body, err
}

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
		req.Header.Set("X-ClickHouse-Key", c.at.password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s broke off in its answer: %w", c.at, withoutURL(err))
	}
	if e := failure(resp.StatusCode, body); e != nil {
		e.at = c.at.String()
		return nil, e
	}
	return body, nil
}

// unreachable says why there is no answer, without the address that was called: it holds the question.
func (c *Client) unreachable(err error) error {
	err = withoutURL(err)
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return fmt.Errorf("%s: its certificate is not trusted: %w; ca=FILE in the address names one to trust", c.at, cert.Err)
	}
	return fmt.Errorf("%s cannot be reached: %w", c.at, err)
}

// kill stops a query that nobody waits for any more: the engine goes on with it although the connection is gone.
func (c *Client) kill(id string) {
	ctx, stop := context.WithTimeout(context.Background(), killTime)
	defer stop()
	_, _ = c.post(ctx, url.Values{"database": {c.at.Database}}, strings.NewReader("KILL QUERY WHERE query_id = "+quote(id)+" ASYNC")) // it ends by its own limit else
}

// Traffic is the number of bytes that came back so far, as they went over the network.
func (c *Client) Traffic() int64 { return c.bytes.Load() }

// Close ends the connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
