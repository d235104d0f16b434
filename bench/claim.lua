-- For wrk: claims the receipts of a file, one a request, each once. Threads share by turns.
local receipts = {}
local threads = 0
local count = 0

function setup(thread)
   thread:set("id", threads)
   threads = threads + 1
end

function init(args)
   for line in io.lines(args[1]) do
      receipts[#receipts + 1] = line
   end
   step = tonumber(args[2])
   index = id + 1
   wrk.method = "POST"
   wrk.headers["Content-Type"] = "application/json"
   wrk.headers["X-API-KEY"] = os.getenv("API_KEY")
   won = 0
end

function request()
   local receipt = receipts[index] or "NONELEFT00"
   index = index + step
   return wrk.format(nil, nil, nil, '{"receipt":"' .. receipt .. '"}')
end

function response(status)
   if status == 200 then
      won = won + 1
   end
end

local all = {}
local old_setup = setup
function setup(thread)
   old_setup(thread)
   all[#all + 1] = thread
end

function done(summary, latency, requests)
   local total = 0
   for _, thread in ipairs(all) do
      total = total + thread:get("won")
   end
   io.write(string.format("claimed %d of %d answers\n", total, summary.requests))
end
