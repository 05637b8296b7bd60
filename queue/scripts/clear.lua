-- Empties the hopper but not the leases.
-- KEYS: 1 hopper (zset), 2 items (hash)
-- ARGV: 1 at most how many
-- Returns the candidate ids taken out.
local popped = redis.call('ZPOPMAX', KEYS[1], ARGV[1])
local ids = {}
for i = 1, #popped, 2 do
  redis.call('HDEL', KEYS[2], popped[i])
  ids[#ids + 1] = popped[i]
end
return ids
