/**
 * What kind of line ends a finding, by product. Data: a row says what to write, where, and how to recognise the line in the product's hardened
 * variant, at which the remedy then points. `{Header}` is the finding's header. Whether a line really does it is for ablation to prove.
 */

export const products = ['nginx', 'traefik', 'caddy', 'pomerium', 'envoy', 'haproxy', 'apache'] as const
export type Product = (typeof products)[number]

/** The kinds of mistake that a line of a configuration ends. */
export type Mistake =
  | 'identity'
  | 'header'
  | 'address'
  | 'host'
  | 'scheme'
  | 'names'
  | 'upgrade'
  | 'other-upgrade'
  | 'spelling'
  | 'open'
  | 'made-up'
  | 'claims'
  | 'token'
  | 'websocket'
  | 'other-hosts'
  | 'direct'
  | 'loopback'
  | 'tools'

export type Row = {
  /** The line, as it would be written. */
  readonly write: string
  /** Where it belongs, and what it does. */
  readonly where: string
  /** Recognises such a line; absent: the line that names the header. */
  readonly find?: RegExp
}

export const remedyRows: Readonly<Record<Product, Partial<Record<Mistake, Row>>>> = {
  nginx: {
    identity: {
      write: 'proxy_set_header {Header} $user;',
      where:
        "in every location that leads to the gateway, with $user from auth_request_set: then the header is always the proxy's own. A location with a proxy_set_header of its own inherits none",
      find: /^proxy_set_header\s+\S+\s+\$(user|email|upstream_http_\w+|remote_user)\s*;/,
    },
    header: {
      write: 'proxy_set_header {Header} "";',
      where: "where the gateway is proxied to: an empty value removes the client's own",
    },
    address: {
      write: 'proxy_set_header X-Forwarded-For $remote_addr;',
      where: 'where the gateway is proxied to: the address that nginx itself sees, and nothing that the client says',
      find: /^proxy_set_header\s+X-Forwarded-For\s/i,
    },
    host: {
      write: 'proxy_set_header Host $http_host;',
      where: 'where the gateway is proxied to',
      find: /^proxy_set_header\s+Host\s/i,
    },
    spelling: {
      write: 'underscores_in_headers off;',
      where: "in the http block, and `ignore_invalid_headers on;` beside it: both are nginx's defaults",
      find: /^underscores_in_headers\s/,
    },
    scheme: {
      write: 'proxy_set_header X-Forwarded-Proto $scheme;',
      where: 'where the gateway is proxied to',
      find: /^proxy_set_header\s+X-Forwarded-Proto\s/i,
    },
    upgrade: {
      write: 'proxy_set_header Upgrade $upgrade;',
      where: 'where the gateway is proxied to, with proxy_http_version 1.1 and a Connection line beside it',
      find: /^proxy_set_header\s+Upgrade\s/i,
    },
    'other-upgrade': {
      write: 'map $http_upgrade $upgrade { ~*^websocket$ $http_upgrade; }',
      where:
        'in the http block, with `proxy_set_header Upgrade $upgrade;` and `proxy_set_header HTTP2-Settings "";` where the gateway is proxied to: only WebSocket goes up',
      find: /^map\s+\$http_upgrade\s/,
    },
    open: {
      write: 'auth_request /oauth2/auth;',
      where: 'in every location that leads to the gateway',
      find: /^auth_request\s+\//,
    },
    'other-hosts': {
      write: 'listen 443 ssl default_server;',
      where: 'in a server of its own that only returns 421: otherwise the first server answers every host name',
      find: /default_server/,
    },
  },
  traefik: {
    identity: {
      write: 'authResponseHeaders: [{Header}]',
      where:
        "in the forwardAuth middleware: Traefik deletes the client's own line and takes the auth service's, which must send a header of that name (oauth2-proxy: set_xauthrequest gives X-Auth-Request-Email; any other name is injectResponseHeaders of its alpha configuration)",
      find: /authResponseHeaders:/,
    },
    header: {
      write: '{Header}: ""',
      where:
        'under customRequestHeaders of a headers middleware that runs before the log-in: an empty value deletes it',
    },
    address: {
      write: 'trustForwardHeader: false',
      where:
        'in the forwardAuth middleware; list under forwardedHeaders.trustedIPs of the entry point only proxies before Traefik, and never set insecure',
      find: /trustForwardHeader:/,
    },
    'other-upgrade': {
      write: 'customRequestHeaders: { Upgrade: "", Http2-Settings: "" }',
      where:
        'in a headers middleware of the router, and a second router with the same rule and && HeaderRegexp("Upgrade", "(?i)^websocket$") that does without it: only WebSocket goes up',
      find: /Upgrade: ""/,
    },
    spelling: {
      write: 'aliasHeadersStrategy: delete',
      where: 'under http of the entry point, in the static configuration',
      find: /^aliasHeadersStrategy:/,
    },
    host: {
      write: 'passHostHeader: true',
      where: "in the loadBalancer of the gateway's service",
      find: /passHostHeader:/,
    },
    open: {
      write: 'middlewares: [strip, login]',
      where: 'in every router that leads to the gateway',
      find: /middlewares:.*login/,
    },
  },
  caddy: {
    identity: {
      write: 'header_up {Header} {http.auth.user.email}',
      where:
        "in reverse_proxy, and `request_header -{Header}` before the log-in (with forward_auth: list it in copy_headers): then the header is always the proxy's own",
      find: /^header_up\s+[A-Za-z]/,
    },
    header: { write: 'request_header -{Header}', where: 'before the log-in and reverse_proxy' },
    'other-upgrade': {
      write: 'request_header @not-websocket -Upgrade',
      where:
        'before reverse_proxy, with a matcher `@not-websocket not header_regexp Upgrade (?i)^websocket$`, and the same for Http2-Settings: only WebSocket goes up',
      find: /^request_header\s+@\S+\s+-Upgrade/,
    },
    spelling: {
      write: 'request_header -X.*',
      where:
        'before the log-in and reverse_proxy, and the same for each part of the names: names with _ do not arrive at Caddy 2.11.4 and later',
      find: /^request_header -X\.\*$/,
    },
    'made-up': {
      write: 'respond @no-email 403',
      where:
        'after the log-in, with a matcher for users without the claim: an unset placeholder goes up as its own literal text',
      find: /^respond\s+@no-email/,
    },
    claims: {
      write: 'respond @unverified 403',
      where: 'after the log-in, with a matcher for addresses that the provider has not verified',
      find: /^respond\s+@unverified/,
    },
    token: {
      write: 'set token sources cookie',
      where: 'in the authorization policy: otherwise tokens in a query or in Authorization count as well',
      find: /^set token sources/,
    },
    open: {
      write: 'authorize with POLICY',
      where: 'in every route that leads to the gateway',
      find: /^authorize with/,
    },
  },
  pomerium: {
    identity: {
      write: 'jwt_claims_headers: [email]',
      where: 'at the top level: without it X-Pomerium-Claim-Email is neither set nor removed',
      find: /^jwt_claims_headers:/,
    },
    header: { write: '- "{Header}"', where: 'under remove_request_headers of the route' },
    websocket: { write: 'allow_websockets: true', where: 'in the route', find: /^allow_websockets:/ },
    upgrade: { write: 'allow_websockets: true', where: 'in the route', find: /^allow_websockets:/ },
    host: { write: 'preserve_host_header: true', where: 'in the route', find: /^preserve_host_header:/ },
  },
  envoy: {
    spelling: {
      write: 'common_http_protocol_options: { headers_with_underscores_action: DROP_HEADER }',
      where: 'in the HTTP connection manager',
      find: /headers_with_underscores_action:/,
    },
    identity: {
      write: 'allowed_upstream_headers: { patterns: [{ exact: {Header} }] }',
      where:
        "in the ext_authz filter, which overwrites the client's own line; list the header in request_headers_to_remove of routes without a log-in",
      find: /allowed_upstream_headers|header_in_metadata|claim_to_headers/,
    },
    header: {
      write: '- {Header}',
      where: 'under request_headers_to_remove of the route or the virtual host',
      find: /remove_on_match|request_headers_to_remove/,
    },
    address: {
      write: 'use_remote_address: true',
      where: 'in the HTTP connection manager, with xff_num_trusted_hops for proxies before Envoy',
      find: /use_remote_address:/,
    },
    upgrade: {
      write: 'upgrade_configs: [{ upgrade_type: websocket }]',
      where: 'in the HTTP connection manager',
      find: /upgrade_type:/,
    },
    open: {
      write: 'envoy.filters.http.ext_authz',
      where: 'before the router filter, and disabled on no route',
      find: /ext_authz/,
    },
  },
  haproxy: {
    identity: {
      write: 'http-request set-header {Header} %[var(req.auth_response_header.x_auth_request_email)]',
      where:
        "before the backend is chosen, after http-request del-header {Header}: then the header is always the proxy's own",
      find: /^http-request set-header\s+\S+\s+%\[var\(/,
    },
    header: { write: 'http-request del-header {Header}', where: 'in the frontend' },
    'other-upgrade': {
      write: 'http-request del-header Upgrade unless { hdr(upgrade) -i websocket }',
      where: 'in the frontend: only WebSocket goes up',
      find: /^http-request del-header Upgrade\s/i,
    },
    address: {
      write: 'http-request set-header X-Forwarded-For %[src]',
      where: 'in the frontend instead of option forwardfor, which appends to what the client sent',
      find: /set-header\s+X-Forwarded-For/i,
    },
    open: {
      write: 'http-request return status 403 if !{ var(txn.auth_response_code) -m int 202 }',
      where: 'after http-request lua.auth-request, for every path that is not exempt',
      find: /auth_response_code\) -m int 202/,
    },
    'other-hosts': {
      write: 'http-request return status 421 unless { hdr(host) -i NAME }',
      where: 'in the frontend, before everything else',
      find: /^http-request return status 421/,
    },
  },
  apache: {
    identity: {
      write: 'RequestHeader set {Header} expr=%{REMOTE_USER}',
      where: "after `RequestHeader unset {Header} early`: then the header is always the proxy's own",
      find: /^RequestHeader set\s+\S+\s+("?%\{|expr=)/i,
    },
    header: {
      write: 'RequestHeader unset {Header} early',
      where: 'in the virtual host: early, before any module reads it',
    },
    address: {
      write: 'RequestHeader unset X-Forwarded-For early',
      where: 'in the virtual host: mod_proxy_http then appends the address that it sees to nothing',
      find: /^RequestHeader (unset|set)\s+X-Forwarded-For/i,
    },
    host: { write: 'ProxyPreserveHost On', where: 'in the virtual host', find: /^ProxyPreserveHost/i },
    upgrade: {
      write: 'ProxyPass / http://gateway:18789/ upgrade=websocket',
      where: 'in the virtual host',
      find: /upgrade=websocket/i,
    },
    open: {
      write: 'AuthType openid-connect',
      where: 'in every Location that leads to the gateway',
      find: /^AuthType\s/i,
    },
  },
}

/** Of the gateway, whatever the proxy is. */
export const gatewayRemedies: Partial<Record<Mistake, string>> = {
  direct:
    "gateway: list only the proxy's own address in gateway.trustedProxies, and let nothing but the proxy reach the gateway's port",
  loopback:
    "gateway: a proxy on the gateway's own host needs allowLoopback (OpenClaw 2026.4.27 and later), or a network namespace of its own",
  tools:
    'gateway: set gateway.auth.password: sub-agents and the command line use it on loopback (OpenClaw 2026.4.27 and later)',
  identity:
    'gateway: userHeader must name the header that the proxy writes, and the proxy must write it on every request',
  names:
    'the program that signs users in: list your own domains (oauth2-proxy: `email_domains = ["example.test"]`): with "*", an address with a space at its end passes, and arrives as the address without it',
}
