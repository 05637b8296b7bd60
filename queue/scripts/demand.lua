-- Notes how many dials per second a node makes in a campaign.
-- KEYS: 1 demand (hash)
-- ARGV: 1 node, 2 dials per second
-- Returns 1.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. string.format('%d', now))
return 1
