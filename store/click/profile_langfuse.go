package click

import "context"

var langfuseTables, heliconeTable profile

func (c *Client) oneProject(ctx context.Context, r *detected) error { return nil }
