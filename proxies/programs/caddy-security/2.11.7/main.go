// Caddy with caddy-security and nothing of our own: the main program of Caddy's documentation ("Build from source") with one plugin.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/greenpau/caddy-security"
)

func main() {
	caddycmd.Main()
}
