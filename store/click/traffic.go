package click

import (
	"context"
	"net"
	"sync/atomic"
)

// A dialer makes connections.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// counted makes the connections of d, and adds up what is read from them.
func counted(d dialer, read *atomic.Int64) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return countedConn{conn, read}, nil
	}
}

type countedConn struct {
	net.Conn
	read *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}
