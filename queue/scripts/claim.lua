-- Moves the best candidates from the hopper to the lease set.
-- KEYS: 1 hopper (zset), 2 items (hash), 3 leases (zset)
-- ARGV: 1 how many, 2 lease in milliseconds
-- Returns the JSON of the claimed items, and of as many that come after them,
-- best first.
local popped = redis.call('ZPOPMAX', KEYS[1], ARGV[1])
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]
local claimed = {}
for i = 1, #popped, 2 do
  local item = redis.call('HGET', KEYS[2], popped[i])
  if item then
    redis.call('ZADD', KEYS[3], until_ms, popped[i])
    claimed[#claimed + 1] = item
  end
end
local after = redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)
local next = {}
if #after > 0 then
  for _, item in ipairs(redis.call('HMGET', KEYS[2], unpack(after))) do
    if item then
      next[#next + 1] = item
    end
  end
end
return { claimed, next }
