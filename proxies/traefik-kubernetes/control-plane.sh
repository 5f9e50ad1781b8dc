#!/bin/bash
# A control plane without a node: etcd, kube-apiserver, and the objects of the variant in the order of their files. What is set:
#   TOKEN           with which objects are created, and Traefik reads them
#   ADDRESS         its own
#   GATEWAY, AUTH   those for which {address:gateway} and {address:auth} stand in the objects
set -euo pipefail
objects=/etc/kubernetes/objects
run=/run/kubernetes
certificate=/etc/kubernetes/tls.crt
key=/etc/kubernetes/tls.key
# Seconds for everything. The log then says what had no answer.
deadline=55

etcd --data-dir=/var/lib/etcd --log-level=error --listen-client-urls=http://127.0.0.1:2379 \
  --advertise-client-urls=http://127.0.0.1:2379 --listen-peer-urls=http://127.0.0.1:2380 &

# Without a controller for service accounts there are no tokens but these.
echo "$TOKEN,admin,1,\"system:masters\"" > "$run/tokens.csv"
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --cert-dir="$run" --tls-cert-file="$certificate" --tls-private-key-file="$key" \
  --token-auth-file="$run/tokens.csv" --authorization-mode=RBAC --disable-admission-plugins=ServiceAccount \
  --service-account-issuer=https://kubernetes.internal --service-account-key-file=/run/conformance/jwt.key \
  --service-account-signing-key-file=/run/conformance/jwt.key --service-cluster-ip-range=10.96.0.0/24 \
  --bind-address="$ADDRESS" --endpoint-reconciler-type=none &

ask() {
  curl --silent --cacert /run/conformance/ca.crt --header "Authorization: Bearer $TOKEN" \
    --output /tmp/answer --write-out '%{http_code}' "$@"
}

# Asks again while the answer is one that passes: expect STATUS PASSING ARGUMENTS…
expect() {
  local wanted=$1 passing=$2 status
  shift 2
  while status=$(ask "$@" || true) && [ "$status" != "$wanted" ]; do
    if [[ ! $status =~ ^($passing)$ || $SECONDS -ge $deadline ]]; then
      echo "expected $wanted, found $status: $*" >&2
      cat /tmp/answer >&2 || true
      exit 1
    fi
    sleep 0.05
  done
}

# Creates one object. The API tells the address of a kind; these rules hold for every kind that is here.
create() {
  local object=$1 kind version plural place=/namespaces/default base=apis
  version=$(sed -n 's/^apiVersion: *\([^ ]*\).*/\1/p' <<< "$object")
  kind=$(sed -n 's/^kind: *\([^ ]*\).*/\1/p' <<< "$object")
  plural=${kind,,}
  case $plural in *s) plural+=es ;; *) plural+=s ;; esac
  case $kind in CustomResourceDefinition | IngressClass | GatewayClass) place= ;; esac
  case $version in v1) base=api ;; esac
  # 404 until the API serves a kind whose definition was created just before.
  expect 201 404 --header 'Content-Type: application/yaml' --data-binary "$object" \
    "https://kubernetes.internal:6443/$base/$version$place/$plural"
}

# 000: nobody listens yet.
expect 200 '000|403|404|500' https://kubernetes.internal:6443/readyz
for file in "$objects"/*.yaml; do
  object=
  while IFS= read -r line; do
    if [ "$line" = --- ]; then
      create "$object"
      object=
    else
      object+=$line$'\n'
    fi
  done < <(sed -e "s|{address:gateway}|$GATEWAY|" -e "s|{address:auth}|$AUTH|" -e "s|{base64:tls.crt}|$(base64 --wrap=0 "$certificate")|" \
    -e "s|{base64:tls.key}|$(base64 --wrap=0 "$key")|" "$file" && echo ---)
done
echo 'created all objects'
# Ends with the first of the two that ends.
wait -n
