package main

import (
	"fmt"
	"strings"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	listenerType  = "type.googleapis.com/envoy.config.listener.v3.Listener"
	objectPrefix  = "pomerium.extensions.ssh."
	stringFactory = "envoy.string"
)

// adaptAnswer returns a delta-xDS answer with the factories set, or the very same bytes when there is nothing to set.
func adaptAnswer(message []byte) ([]byte, error) {
	var answer discoveryv3.DeltaDiscoveryResponse
	if err := proto.Unmarshal(message, &answer); err != nil {
		return nil, fmt.Errorf("decode a delta discovery answer: %w", err)
	}
	if answer.GetTypeUrl() != listenerType {
		return message, nil
	}
	changed := false
	for _, resource := range answer.GetResources() {
		var listener listenerv3.Listener
		did, err := within(resource.GetResource(), &listener, func() (bool, error) { return adaptListener(&listener) })
		if err != nil {
			return nil, fmt.Errorf("listener %q: %w", resource.GetName(), err)
		}
		changed = changed || did
	}
	if !changed {
		return message, nil
	}
	return proto.Marshal(&answer)
}

func adaptListener(listener *listenerv3.Listener) (bool, error) {
	changed := false
	chains := listener.GetFilterChains()
	if last := listener.GetDefaultFilterChain(); last != nil {
		chains = append(append([]*listenerv3.FilterChain(nil), chains...), last)
	}
	for _, chain := range chains {
		for _, filter := range chain.GetFilters() {
			var manager managerv3.HttpConnectionManager
			if !filter.GetTypedConfig().MessageIs(&manager) {
				continue
			}
			did, err := within(filter.GetTypedConfig(), &manager, func() (bool, error) { return adaptManager(&manager) })
			if err != nil {
				return false, err
			}
			changed = changed || did
		}
	}
	return changed, nil
}

func adaptManager(manager *managerv3.HttpConnectionManager) (bool, error) {
	changed := false
	for _, filter := range manager.GetHttpFilters() {
		var config setfilterstatev3.Config
		if !filter.GetTypedConfig().MessageIs(&config) {
			continue
		}
		did, err := within(filter.GetTypedConfig(), &config, func() (bool, error) { return adaptFilterState(&config), nil })
		if err != nil {
			return false, err
		}
		changed = changed || did
	}
	return changed, nil
}

func adaptFilterState(config *setfilterstatev3.Config) bool {
	changed := false
	for _, value := range config.GetOnRequestHeaders() {
		if value.GetFactoryKey() == "" && strings.HasPrefix(value.GetObjectKey(), objectPrefix) {
			value.FactoryKey = stringFactory
			changed = true
		}
	}
	return changed
}

// within decodes `packed`, lets `change` work on `message`, and packs it again only if something changed.
func within(packed *anypb.Any, message proto.Message, change func() (bool, error)) (bool, error) {
	if err := proto.Unmarshal(packed.GetValue(), message); err != nil {
		return false, fmt.Errorf("decode %s: %w", packed.GetTypeUrl(), err)
	}
	changed, err := change()
	if err != nil || !changed {
		return false, err
	}
	packed.Value, err = proto.Marshal(message)
	return true, err
}
