-- Drops leases whose candidates PostgreSQL has moved on.
-- KEYS: 1 items (hash), 2 leases (zset)
-- ARGV: candidate ids
-- Returns the number of leases dropped.
redis.call('HDEL', KEYS[1], unpack(ARGV))
return redis.call('ZREM', KEYS[2], unpack(ARGV))
