package main

import (
	"net"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	commonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func packed(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	result, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func answerWith(t *testing.T, key string) []byte {
	t.Helper()
	state := &setfilterstatev3.Config{OnRequestHeaders: []*commonv3.FilterStateValue{
		{Key: &commonv3.FilterStateValue_ObjectKey{ObjectKey: key}},
	}}
	manager := &managerv3.HttpConnectionManager{HttpFilters: []*managerv3.HttpFilter{
		{Name: "envoy.filters.http.set_filter_state", ConfigType: &managerv3.HttpFilter_TypedConfig{TypedConfig: packed(t, state)}},
	}}
	listener := &listenerv3.Listener{Name: "https", FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{
		{Name: "manager", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, manager)}},
	}}}}
	message, err := proto.Marshal(&discoveryv3.DeltaDiscoveryResponse{
		TypeUrl: listenerType, Nonce: "n",
		Resources: []*discoveryv3.Resource{{Name: "https", Resource: packed(t, listener)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestGivesPomeriumsObjectsAFactory(t *testing.T) {
	adapted, err := adaptAnswer(answerWith(t, "pomerium.extensions.ssh.requested_path"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(adapted), stringFactory) {
		t.Fatal("the factory was not set")
	}
}

func TestLeavesEveryOtherObjectAlone(t *testing.T) {
	message := answerWith(t, "envoy.network.upstream_server_name")
	adapted, err := adaptAnswer(message)
	if err != nil {
		t.Fatal(err)
	}
	if string(adapted) != string(message) {
		t.Fatal("an answer without Pomerium's objects was changed")
	}
}

func TestRedirectsOnlyTheControlPlane(t *testing.T) {
	bootstrap := `{"staticResources":{"clusters":[
		{"name":"other","loadAssignment":{"endpoints":[{"socketAddress":{"address":"127.0.0.1","portValue":1}}]}},
		{"name":"pomerium-control-plane-grpc","loadAssignment":{"endpoints":[{"lbEndpoints":[{"endpoint":{"address":{"socketAddress":{"address":"127.0.0.1","portValue":2}}}}]}]}}]}}`
	adapted, controlPlane, err := redirectControlPlane([]byte(bootstrap), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3})
	if err != nil {
		t.Fatal(err)
	}
	if controlPlane != "127.0.0.1:2" {
		t.Fatalf("control plane was %s", controlPlane)
	}
	if !strings.Contains(string(adapted), `"portValue":3`) || !strings.Contains(string(adapted), `"portValue":1`) {
		t.Fatalf("unexpected bootstrap: %s", adapted)
	}
}
