/** A compose file that can be judged; tests change one thing of it. */
export const composeFile = `name: claw
services:
  traefik:
    image: traefik:v3.7
    command:
      - --providers.docker=true
      - --entrypoints.websecure.address=:443
      - --certificatesresolvers.le.acme.tlschallenge=true
    ports: ["443:443"]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
      - ./letsencrypt:/letsencrypt
    networks: [edge]
  oauth2-proxy:
    image: quay.io/oauth2-proxy/oauth2-proxy:v7.15.3
    env_file: [oauth2-proxy.env]
    environment:
      OAUTH2_PROXY_PROVIDER: oidc
      OAUTH2_PROXY_OIDC_ISSUER_URL: https://sso.corp.example/realms/home
      OAUTH2_PROXY_REDIRECT_URL: https://chat.corp.example/oauth2/callback
      OAUTH2_PROXY_COOKIE_SECRET: \${COOKIE_SECRET:?set COOKIE_SECRET}
    networks: [edge]
  openclaw:
    image: ghcr.io/openclaw/openclaw:2026.9.6
    volumes: [./openclaw.json:/home/node/.openclaw/openclaw.json:ro]
    labels:
      traefik.enable: "true"
      traefik.http.routers.claw.rule: Host(\`chat.corp.example\`)
    networks: [edge]
networks: { edge: {} }
`

export const composeFolder: Readonly<Record<string, string>> = {
  'docker-compose.yml': composeFile,
  '.env': 'COOKIE_SECRET=0123456789abcdef\n',
  'oauth2-proxy.env': 'OAUTH2_PROXY_CLIENT_ID=openclaw\nOAUTH2_PROXY_CLIENT_SECRET=s3cr3t-of-the-operator\n',
  'openclaw.json': `{ // JSON5, as the gateway reads it
  gateway: { trustedProxies: ["172.18.0.0/16"], auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: "X-Auth-Request-Email", requiredHeaders: ["X-Forwarded-Proto"], } } } }
`,
}
