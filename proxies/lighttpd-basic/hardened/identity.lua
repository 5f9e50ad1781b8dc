-- What no client may say to the gateway, by the beginnings of names; "_" and "." are read as "-", as some servers do.
local families = {
  "x-forwarded-", "x-auth-request-", "x-pomerium-", "x-authentik-", "x-token-", "x-openclaw-", "x-envoy-", "remote-", "tailscale-", "cf-access-",
  "x-remote-", "x-real-ip", "x-client-ip", "x-host", "x-original-", "x-rewrite-url", "x-http-method-override", "forwarded", "http2-settings",
}

local request = lighty.r.req_header
local gone = {}
for name in pairs(request) do
  local folded = name:lower():gsub("[^a-z0-9]", "-")
  for _, family in ipairs(families) do
    if folded:sub(1, #family) == family then gone[#gone + 1] = name end
  end
end
for _, name in ipairs(gone) do request[name] = nil end

-- WebSocket alone may upgrade. Behind any other protocol nobody looks at what passes.
local upgrade = request["Upgrade"]
if upgrade and upgrade:lower() ~= "websocket" then request["Upgrade"] = nil end

-- Set by mod_auth, and by nothing that a client sends.
request["X-Forwarded-User"] = lighty.r.req_env["REMOTE_USER"]
