-- The action `lua.auth-request BACKEND PATH` and the variables that it sets, as haproxy-auth-request documents them
-- (https://github.com/TimWolla/haproxy-auth-request). That script is in no package registry and needs an HTTP library of its own; this one is
-- written for this suite, on the HTTP client that HAProxy 2.5 and later has.
--
-- It asks the first server of BACKEND and sets
--   txn.auth_response_successful       whether the answer was 2xx
--   txn.auth_response_code             its status; 500 where there was none
--   txn.auth_response_location         its Location
--   req.auth_response_header.NAME      its headers, in lower case, with _ in place of every other character

-- A request of the client's is copied without what describes its body and its connection: the question has no body, and a server that is
-- told the length of one waits for it.
local never_copied = {
  ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["http2-settings"] = true, ["keep-alive"] = true,
  ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

-- HAProxy's tables of header lines begin at 0, where Lua's own begin at 1: ipairs() would lose the first line.
local function lines(values)
  local all, at = {}, 0
  while values[at] ~= nil do
    all[#all + 1] = values[at]
    at = at + 1
  end
  return all
end

-- The address of the first server, which HAProxy resolved at start. A name in the URL would be looked up by the HTTP client's own resolver,
-- once for each request of a client.
local function address_of(backend)
  local _, server = next(core.backends[backend].servers)
  return server:get_addr()
end

core.register_action("auth-request", { "http-req" }, function(txn, backend, path)
  -- Set first, so that nothing of an earlier request on this connection, and no error below, passes for a consent.
  txn:set_var("txn.auth_response_successful", false)
  txn:set_var("txn.auth_response_code", 500)

  local question = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not never_copied[name] then question[name] = lines(values) end
  end
  local answer = core.httpclient():get({ url = "http://" .. address_of(backend) .. path, headers = question, timeout = 3000 })
  if answer == nil then return end

  txn:set_var("txn.auth_response_successful", answer.status >= 200 and answer.status < 300)
  txn:set_var("txn.auth_response_code", answer.status)
  for name, values in pairs(answer.headers) do
    local value = table.concat(lines(values), ",")
    txn:set_var("req.auth_response_header." .. name:gsub("[^a-z0-9]", "_"), value)
    if name == "location" then txn:set_var("txn.auth_response_location", value) end
  end
end, 2)
