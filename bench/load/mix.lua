-- For wrk: cached forecasts as open_loop asks for them (symbols by Zipf's law, one batch in thirty),
-- as fast as a server can answer ("closed loop"): what is found is its capacity, not what users wait.
--
--   wrk -t1 -c32 -d10s -s bench/load/mix.lua http://127.0.0.1:8000 -- "$KEY" SYMBOL…
--
-- KEY is an API key, or "" where the server is open. The most popular symbol comes first.
local requests, shares = {}, {}
local BATCH_SHARE, BATCH = 1 / 30, 10

local function pick()
  local at, low, high = math.random() * shares[#shares], 1, #shares
  while low < high do
    local middle = math.floor((low + high) / 2)
    if shares[middle] > at then high = middle else low = middle + 1 end
  end
  return low
end

local symbols = {}

local function batch(headers)
  local chosen, seen = {}, {}
  while #chosen < math.min(BATCH, #symbols) do
    local rank = pick()
    if not seen[rank] then
      seen[rank] = true
      chosen[#chosen + 1] = '"' .. symbols[rank] .. '"'
    end
  end
  local with = { ["Content-Type"] = "application/json", ["X-API-Key"] = headers["X-API-Key"] }
  return wrk.format("POST", "/api/v1/predict/batch", with,
    '{"symbols":[' .. table.concat(chosen, ",") .. '],"days":5}')
end

function init(args)
  local headers, sum = {}, 0
  if args[1] ~= nil and args[1] ~= "" then headers["X-API-Key"] = args[1] end
  for rank = 2, #args do
    symbols[#symbols + 1] = args[rank]
    sum = sum + 1 / (rank - 1)
    shares[#shares + 1] = sum
  end
  -- Made beforehand: wrk is to send, not to format.
  for _ = 1, 2000 do
    if math.random() < BATCH_SHARE then
      requests[#requests + 1] = batch(headers)
    else
      requests[#requests + 1] = wrk.format("GET",
        "/api/v1/predict/" .. symbols[pick()] .. "?days=5", headers)
    end
  end
end

local sent = 0

function request()
  sent = sent + 1
  return requests[sent % #requests + 1]
end
