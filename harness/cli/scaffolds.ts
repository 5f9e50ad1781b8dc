/** What `conformance new` writes: files that load, run and pass as they are, with a comment at every place that is to be changed. */
import type { Family } from '../plan/case.ts'

/** Path in the project → text. */
export type Scaffold = Readonly<Record<string, string>>

export function scenarioScaffold(family: Family, topic: string): Scaffold {
  return {
    [`scenarios/${family}/${topic}.yaml`]: `# yaml-language-server: $schema=../../schemas/scenario.schema.json
title: What holds on this topic, in one sentence
why: What an attacker gains where it does not hold.
refs: [RFC 9110 5.3] # rules, advisories, gateway rules that the cases rest on
as: alice # who is signed in at the proxy: anonymous, alice, bob, no-email
over: [http, websocket] # a test per transport: http, websocket, h2
control: [identity.arrival.reaches-gateway, identity.arrival.accepted] # positive cases that show the path is alive
cases:
  - id: forged-line # the case is ${family}.${topic}.forged-line
    title: A signed-in user cannot write the header
    level: must # must, should, info
    send: { headers: [["{identity}", "{evil}"]] } # {identity}: the header that the gateway trusts; {evil}: a value of this case alone
    expect: { arrives: { count: any, without: ["{evil}"] }, verdict: { only: "{alice}" } }
    caught-by: [passthrough, append] # broken proxies that this case must turn red on: conformance list mutants
`,
  }
}

export function proxyScaffold(name: string, today: string): Scaffold {
  const folder = `proxies/${name}`
  return {
    [`${folder}/proxy.yaml`]: `# yaml-language-server: $schema=../../schemas/proxy.schema.json
# This runs as it is: nginx with oauth2-proxy beside it. Put your program in its place, one line at a time, and run it after each.
name: ${name}
title: ${name}
homepage: https://nginx.org/
licence: BSD-2-Clause (nginx), MIT (oauth2-proxy)
version: "1.28" # in quotes where it looks like a number; older ones: versions: ["1.26"]
login:
  callbacks: ["https://app.test/oauth2/callback"] # where your proxy takes the visitor back from the OpenID provider
  client-auth: client_secret_basic
services:
  proxy: # the public one: app.test
    build: { recipe: nginx } # a known program (proxies/programs); any other: title, pull or build, command, ready
    files: { nginx.conf: /etc/nginx/nginx.conf } # file in the variant's folder: place in the container
    ready: { port: 443 } # or { log: a regular expression }, or { http: an address, status: 200 }
    after: [auth, gateway]
  auth: # side services by name; leave it out where the proxy logs users in itself
    build: { recipe: oauth2-proxy }
    version: ${oauth2ProxyVersion}
    command: [oauth2-proxy, --config=/etc/oauth2-proxy/oauth2-proxy.cfg]
    files: { oauth2-proxy.cfg: /etc/oauth2-proxy/oauth2-proxy.cfg }
    env:
      OAUTH2_PROXY_COOKIE_SECRET: "{secret:cookie}" # made for each environment
features: [h2] # what it can do, from scenarios/features.yaml; a case that needs more is "unsupported", which is not a pass
variants:
  hardened: # its files stand in the folder of the same name
    title: as it should be configured
    identity: X-Auth-Request-Email # the header that the gateway trusts
`,
    [`${folder}/known-failures.yaml`]: `# yaml-language-server: $schema=../../schemas/known-failures.schema.json
# What does not conform and is known. An entry that no longer holds fails the run. Written like this:
# - variant: hardened
#   cases: [spoofing.identity-header.other-case]
#   reason: Why, in one sentence.
#   link: https://documentation-advisory-or-issue
#   since: ${today}
[]
`,
    [`${folder}/hardened/nginx.conf`]: nginxConf,
    [`${folder}/hardened/oauth2-proxy.cfg`]: oauth2ProxyCfg,
  }
}

/** The one that `proxies/programs` pins; a test sees to it that it is there. */
export const oauth2ProxyVersion = '7.15.3'

const nginxConf = `events {}

http {
    ssl_certificate     /run/conformance/tls.crt; # a leaf of the run's own authority, for app.test
    ssl_certificate_key /run/conformance/tls.key;

    server {
        listen 443 ssl;
        server_name app.test;

        location /oauth2/ {
            proxy_pass http://auth:4180;
            proxy_set_header Host $host;
        }

        location / {
            auth_request /oauth2/auth;
            auth_request_set $user $upstream_http_x_auth_request_email;
            error_page 401 = /oauth2/sign_in;

            proxy_pass http://gateway:18789;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header X-Auth-Request-Email $user; # set, never added: a client's own line is gone
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Openclaw-Scopes ""; # the gateway would believe it; an empty value removes the line
        }
    }
}
`

const oauth2ProxyCfg = `provider = "oidc"
oidc_issuer_url = "http://idp.test"
client_id = "conformance"
client_secret_file = "/run/conformance/secrets/client"
redirect_url = "https://app.test/oauth2/callback"
scope = "openid email profile"
email_domains = ["*"]
http_address = "0.0.0.0:4180"
upstreams = ["static://202"]
reverse_proxy = true
set_xauthrequest = true
skip_provider_button = true
`
