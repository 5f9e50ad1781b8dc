// A coordination server for unmodified tailscaled, made of Tailscale's own test package (tailscale.com/tstest/integration/testcontrol).
// It gives nodes what headscale does not: certificate domains, without which `tailscale serve` has no HTTPS. One TLS port is the control
// server and the DERP relay, with STUN beside it.
//
// usage: tailscale-control --name NAME --domain DOMAIN [--only-port PORT] NODE=LOGIN…
// A node with a tag belongs to nobody, whatever is said here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stun"
	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
	"tailscale.com/types/key"
)

const (
	port     = 8443
	stunPort = 3478
	// Tailscale's own server sends one every minute.
	keepAlive = 50 * time.Second
)

type control struct {
	*testcontrol.Server
	// By host name of the node.
	owners   map[string]tailcfg.UserID
	profiles []tailcfg.UserProfile
	// Of every node; nil: the test package's, which lets everything through, as a new tailnet does.
	filter []tailcfg.FilterRule

	mu      sync.Mutex
	changed chan struct{}
}

func main() {
	name := flag.String("name", "control", "host name of this server, which its certificate has")
	domain := flag.String("domain", "tail.test", "MagicDNS domain")
	onlyPort := flag.Uint("only-port", 0, "the one TCP port on which nodes accept connections of others; default: all")
	cert := flag.String("cert", "/run/conformance/tls.crt", "certificate")
	keyFile := flag.String("key", "/run/conformance/tls.key", "its key")
	flag.Parse()

	c := &control{owners: map[string]tailcfg.UserID{}, changed: make(chan struct{})}
	for _, pair := range flag.Args() {
		c.own(pair)
	}
	if *onlyPort != 0 {
		only := tailcfg.PortRange{First: uint16(*onlyPort), Last: uint16(*onlyPort)}
		c.filter = []tailcfg.FilterRule{{SrcIPs: []string{"*"}, DstPorts: []tailcfg.NetPortRange{{IP: "*", Ports: only}}}}
	}
	c.Server = &testcontrol.Server{
		Logf:            log.Printf,
		ExplicitBaseURL: fmt.Sprintf("https://%s:%d", *name, port),
		MagicDNSDomain:  *domain,
		DNSConfig:       &tailcfg.DNSConfig{Proxied: true, Domains: []string{*domain}},
		AllOnline:       true,
		// Not nil: nodes get the tags that they ask for.
		TagOwners: map[string][]string{},
		DERPMap: &tailcfg.DERPMap{OmitDefaultRegions: true, Regions: map[int]*tailcfg.DERPRegion{1: {
			RegionID: 1, RegionCode: "lab", RegionName: "lab",
			Nodes: []*tailcfg.DERPNode{{Name: "1", RegionID: 1, HostName: *name, IPv6: "none", STUNPort: stunPort, DERPPort: port}},
		}}},
		DefaultNodeCapabilities: &tailcfg.NodeCapMap{tailcfg.CapabilityHTTPS: nil},
		AltMapStream:            c.serveMap,
	}

	go serveSTUN()
	mux := http.NewServeMux()
	mux.Handle("/derp", derpserver.Handler(derpserver.New(key.NewNode(), log.Printf)))
	mux.HandleFunc("/derp/probe", derpserver.ProbeHandler)
	mux.HandleFunc("/derp/latency-check", derpserver.ProbeHandler)
	mux.HandleFunc("/generate_204", derpserver.ServeNoContent)
	// Not "/": the test package panics at what it does not know.
	for _, path := range []string{"/key", "/ts2021", "/machine/"} {
		mux.Handle(path, c.Server)
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		log.Fatal(err)
	}
	log.Println("ready")
	log.Fatal(http.ServeTLS(listener, mux, *cert, *keyFile))
}

// own takes down whose node a host name is: `alice=alice@example.test`.
func (c *control) own(pair string) {
	node, login, found := strings.Cut(pair, "=")
	if !found {
		log.Fatalf("expected NODE=LOGIN, found %q", pair)
	}
	for _, known := range c.profiles {
		if known.LoginName == login {
			c.owners[node] = known.ID
			return
		}
	}
	local, _, _ := strings.Cut(login, "@")
	// Apart from the test package's own users, which it counts from 1.
	id := tailcfg.UserID(1001 + len(c.profiles))
	shown := strings.ToUpper(local[:1]) + local[1:] + " Example"
	c.profiles = append(c.profiles, tailcfg.UserProfile{ID: id, LoginName: login, DisplayName: shown})
	c.owners[node] = id
}

// serveMap answers one map request. The test package's own way sends users of its own making with every further response.
func (c *control) serveMap(ctx context.Context, w testcontrol.MapStreamWriter, req *tailcfg.MapRequest) {
	if !req.Stream {
		c.update(req)
		if err := w.SendMapMessage(&tailcfg.MapResponse{}); err != nil {
			log.Println(err)
		}
		return
	}
	c.update(&tailcfg.MapRequest{NodeKey: req.NodeKey, ReadOnly: true})
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		res, err := c.responseTo(req)
		if err == nil {
			err = w.SendMapMessage(res)
		}
		if err != nil {
			log.Println(err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
			continue
		case <-time.After(keepAlive):
		}
	}
}

func (c *control) responseTo(req *tailcfg.MapRequest) (*tailcfg.MapResponse, error) {
	res, err := c.MapResponse(req)
	if err != nil {
		return nil, err
	}
	if res == nil {
		return nil, errors.New("a node that is not registered asks for the map")
	}
	res.UserProfiles = append(res.UserProfiles, c.profiles...)
	if c.filter != nil {
		res.PacketFilter = c.filter
	}
	return res, nil
}

// update takes in what a node says of itself and whose it is, and tells the others.
func (c *control) update(req *tailcfg.MapRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	node := c.Node(req.NodeKey)
	if node == nil {
		return
	}
	if !req.ReadOnly {
		node.Endpoints = req.Endpoints
		node.DiscoKey = req.DiscoKey
		node.Cap = req.Version
		if req.Hostinfo != nil {
			node.Hostinfo = req.Hostinfo.View()
			if info := node.Hostinfo.NetInfo(); info.Valid() && info.PreferredDERP() != 0 {
				node.HomeDERP = info.PreferredDERP()
			}
		}
	}
	if owner, known := c.owners[node.Hostinfo.Hostname()]; known && !node.IsTagged() {
		node.User = owner
	}
	c.UpdateNode(node)
	close(c.changed)
	c.changed = make(chan struct{})
}

func serveSTUN() {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{Port: stunPort})
	if err != nil {
		log.Fatal(err)
	}
	var packet [1500]byte
	for {
		n, from, err := socket.ReadFromUDPAddrPort(packet[:])
		if err != nil {
			return
		}
		if id, err := stun.ParseBindingRequest(packet[:n]); err == nil {
			if _, err := socket.WriteToUDPAddrPort(stun.Response(id, from), from); err != nil {
				log.Println(err)
			}
		}
	}
}
