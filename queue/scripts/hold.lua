-- Prolongs a lease.
-- KEYS: 1 leases (zset)
-- ARGV: 1 candidate id, 2 milliseconds from now
-- Returns 1, or 0 when there is no such lease.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2], ARGV[1])
return 1
