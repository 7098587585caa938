package click

import "context"

var langfuse, helicone profile

func (c *Client) oneProject(ctx context.Context, r *real) error { return nil }
