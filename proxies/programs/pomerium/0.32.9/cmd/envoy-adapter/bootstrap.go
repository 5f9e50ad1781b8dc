package main

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
)

type object = map[string]any

// redirectControlPlane points the cluster of Pomerium's control plane at `here` and returns where it pointed before.
func redirectControlPlane(bootstrap []byte, here *net.TCPAddr) (adapted []byte, controlPlane string, err error) {
	var root object
	if err := json.Unmarshal(bootstrap, &root); err != nil {
		return nil, "", fmt.Errorf("not JSON: %w", err)
	}
	address := controlPlaneAddress(root)
	if address == nil {
		return nil, "", fmt.Errorf("no socket address in the static cluster %q", controlPlaneCluster)
	}
	host, _ := address["address"].(string)
	port, isNumber := address["portValue"].(float64)
	if host == "" || !isNumber {
		return nil, "", fmt.Errorf("the socket address of %q has no address or portValue: %v", controlPlaneCluster, address)
	}
	address["address"] = here.IP.String()
	address["portValue"] = here.Port
	adapted, err = json.Marshal(root)
	return adapted, net.JoinHostPort(host, strconv.Itoa(int(port))), err
}

func controlPlaneAddress(root object) object {
	resources, _ := root["staticResources"].(object)
	clusters, _ := resources["clusters"].([]any)
	for _, item := range clusters {
		cluster, _ := item.(object)
		if cluster["name"] != controlPlaneCluster {
			continue
		}
		return firstSocketAddress(cluster["loadAssignment"])
	}
	return nil
}

func firstSocketAddress(value any) object {
	switch node := value.(type) {
	case object:
		if address, ok := node["socketAddress"].(object); ok {
			return address
		}
		for _, child := range node {
			if address := firstSocketAddress(child); address != nil {
				return address
			}
		}
	case []any:
		for _, child := range node {
			if address := firstSocketAddress(child); address != nil {
				return address
			}
		}
	}
	return nil
}
