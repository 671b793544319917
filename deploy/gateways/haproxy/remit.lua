-- Asks Remit whether a call may go on. Without an answer of Remit nothing goes on.
-- REMIT_ADDRESS: where Remit listens; REMIT_SECRET: of the enforcer.
local url = assert(os.getenv("REMIT_ADDRESS")) .. "/forward-auth/haproxy"
local secret = assert(os.getenv("REMIT_SECRET"))

-- Credentials of the caller and what is said to Remit; no API receives them.
local hidden = { "authorization", "dpop", "cookie", "proxy-authorization", "txn-token",
  "remit-decision", "remit-enforcer", "remit-body", "remit-answer", "remit-problem",
  -- Remit is shown our own in their place. All others that say host, method or path it refuses.
  "x-forwarded-host", "x-forwarded-method", "x-forwarded-uri" }
-- Headers of the caller's own request, of which the request to Remit has its own.
local own = { host = true, connection = true, ["content-length"] = true, ["transfer-encoding"] = true,
  expect = true, ["keep-alive"] = true, ["x-forwarded-for"] = true }

local function values(list)
  local all = {}
  if list[0] then table.insert(all, list[0]) end
  for _, value in ipairs(list) do table.insert(all, value) end
  return all
end

-- "none", "whole" or "unseen". Without a length there is no body if none has come: haproxy.cfg waits for its end.
local function body_of(txn, headers)
  local length = headers["content-length"] and headers["content-length"][0]
  local body = txn.f:req_body() or ""
  if headers["transfer-encoding"] then return "unseen" end
  if length == "0" then return "none" end
  if length == nil then return #body > 0 and "unseen" or "none" end
  -- A full buffer goes on with a cut body.
  if #body == tonumber(length) then return "whole", body end
  return "unseen"
end

core.register_action("remit", { "http-req" }, function(txn)
  local headers = txn.http:req_get_headers()
  local asked = {}
  for name, list in pairs(headers) do
    if not own[name] then asked[name] = values(list) end
  end
  -- The client of HAProxy says so where the caller says nothing, and it is decided on: the API is told the same.
  local takes_all = headers["accept"] == nil
  if takes_all then asked["accept"] = { "*/*" } end
  local said, body = body_of(txn, headers)
  asked["remit-enforcer"] = { secret }
  asked["remit-body"] = { said }
  asked["x-forwarded-method"] = { txn.f:method() }
  asked["x-forwarded-uri"] = { txn.f:pathq() }
  asked["x-forwarded-host"] = headers["host"] and values(headers["host"]) or nil
  asked["x-forwarded-for"] = { txn.f:src() }

  local client = core.httpclient()
  local request = { url = url, headers = asked, body = body, timeout = 5000 }
  local ok, answer
  if body then
    ok, answer = pcall(client.post, client, request)
  else
    ok, answer = pcall(client.get, client, request)
  end
  local status = ok and answer and answer.status or 0

  if status ~= 200 then
    local told = {}
    for name, list in pairs(ok and answer and answer.headers or {}) do
      if not own[name] then told[name] = values(list) end
    end
    -- An answer of Remit is the caller's, whatever it says; no answer is ours.
    local reply = txn:reply({ status = status >= 400 and status or 503, headers = told,
      body = status >= 400 and answer.body or "" })
    txn:done(reply)
    return
  end
  for _, name in ipairs(hidden) do txn.http:req_del_header(name) end
  if takes_all then txn.http:req_set_header("accept", "*/*") end
  for _, name in ipairs({ "txn-token", "remit-decision" }) do
    local value = answer.headers[name] and answer.headers[name][0]
    if value and value ~= "" then txn.http:req_set_header(name, value) end
  end
  txn:set_var("txn.remit_decision", answer.headers["remit-decision"][0])
end)
