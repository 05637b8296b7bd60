-- Puts candidates into the hopper, but for those that are leased.
-- KEYS: 1 hopper (zset), 2 items (hash), 3 leases (zset)
-- ARGV: triples of candidate id, score, item JSON
-- Returns the number of candidates put in.
local pushed = 0
for i = 1, #ARGV, 3 do
  if not redis.call('ZSCORE', KEYS[3], ARGV[i]) then
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 2])
    redis.call('ZADD', KEYS[1], ARGV[i + 1], ARGV[i])
    pushed = pushed + 1
  end
end
return pushed
