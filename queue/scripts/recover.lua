-- Puts candidates with an expired lease back into the hopper.
-- KEYS: 1 hopper (zset), 2 items (hash), 3 leases (zset)
-- ARGV: 1 at most how many
-- Returns the number of candidates put back.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, ARGV[1])
local returned = 0
for _, id in ipairs(expired) do
  redis.call('ZREM', KEYS[3], id)
  local item = redis.call('HGET', KEYS[2], id)
  if item then
    redis.call('ZADD', KEYS[1], cjson.decode(item).score, id)
    returned = returned + 1
  end
end
return returned
