-- Publishes one node's live figures, or (without a node) reads all fresh ones.
-- KEYS: 1 copies (hash), 2 times (zset)
-- ARGV: 1 milliseconds after which a copy is stale, 2 node or '', 3 JSON
-- Returns the JSON of every fresh copy.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
  redis.call('ZADD', KEYS[2], now, ARGV[2])
end
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[1])) do
  redis.call('ZREM', KEYS[2], node)
  redis.call('HDEL', KEYS[1], node)
end
return redis.call('HVALS', KEYS[1])
