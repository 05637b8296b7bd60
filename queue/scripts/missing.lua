-- Tells which candidates are neither in the hopper nor leased.
-- KEYS: 1 hopper (zset), 2 leases (zset)
-- ARGV: candidate ids
-- Returns the missing ids.
local missing = {}
for _, id in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[1], id) and not redis.call('ZSCORE', KEYS[2], id) then
    missing[#missing + 1] = id
  end
end
return missing
