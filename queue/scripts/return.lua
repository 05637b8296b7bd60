-- Puts leased candidates back into the hopper.
-- KEYS: 1 hopper (zset), 2 items (hash), 3 leases (zset)
-- ARGV: triples of candidate id, score, item JSON
-- Returns the number of candidates put back. A lease that is gone was settled
-- or recovered meanwhile and is left alone.
local returned = 0
for i = 1, #ARGV, 3 do
  if redis.call('ZREM', KEYS[3], ARGV[i]) == 1 then
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2])
    redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
    returned = returned + 1
  end
end
return returned
