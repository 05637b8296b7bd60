-- Measures the hopper.
-- KEYS: 1 hopper (zset), 2 leases (zset), 3 demand (hash)
-- ARGV: 1 milliseconds after which a node's demand is stale
-- Returns the candidates in the hopper, those leased, and as text the dials
-- per second that all nodes make together.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local sum = 0
local all = redis.call('HGETALL', KEYS[3])
for i = 1, #all, 2 do
  local rate, at = string.match(all[i + 1], '^([^:]+):(%d+)$')
  if rate and now - tonumber(at) <= tonumber(ARGV[1]) then
    sum = sum + tonumber(rate)
  else
    redis.call('HDEL', KEYS[3], all[i])
  end
end
return { redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]), tostring(sum) }
