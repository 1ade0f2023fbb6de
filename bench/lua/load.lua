-- One request of a kind, again and again, each about another user. wrk runs this file in one thread.
--
-- Arguments: kind (same, create, get, filter, patch) | path | body file or "-" | ids file or "-" | first number
-- "########" in a body, and in the path of a filter, is where a user's number goes.

local MARK = "########"

local function split(text)
  local pieces, from = {}, 1
  while true do
    local at, till = text:find(MARK, from, true)
    if not at then
      pieces[#pieces + 1] = text:sub(from)
      return pieces
    end
    pieces[#pieces + 1] = text:sub(from, at - 1)
    from = till + 1
  end
end

local function read(name)
  if name == "-" then return nil end
  local file = assert(io.open(name, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local makers = {}

function makers.same(path, body)
  local whole = wrk.format(body and "POST" or "GET", path, nil, body)
  return function() return whole end
end

function makers.create(path, body, ids, first)
  local pieces, n = split(body), first
  return function()
    n = n + 1
    return wrk.format("POST", path, nil, table.concat(pieces, string.format("%08d", n)))
  end
end

function makers.get(path, body, ids, first)
  local whole = {}
  for i, id in ipairs(ids) do whole[i] = wrk.format("GET", path .. "/" .. id) end
  return function() return whole[math.random(#whole)] end
end

function makers.filter(path, body, ids, first)
  local pieces, whole = split(path), {}
  for i = 1, #ids do whole[i] = wrk.format("GET", table.concat(pieces, string.format("%08d", i - 1))) end
  return function() return whole[math.random(#whole)] end
end

function makers.patch(path, body, ids, first)
  local pieces, n = split(body), first
  return function()
    n = n + 1
    local id = ids[math.random(#ids)]
    return wrk.format("PATCH", path .. "/" .. id, nil, table.concat(pieces, string.format("%08d", n)))
  end
end

function init(args)
  local kind, path, body, names, first = args[1], args[2], read(args[3]), read(args[4]), tonumber(args[5])
  local ids = {}
  for id in (names or ""):gmatch("%S+") do ids[#ids + 1] = id end
  math.randomseed(first)
  request = makers[kind](path, body, ids, first)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "max": %d, "status": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
