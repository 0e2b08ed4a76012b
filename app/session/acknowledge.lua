-- Acknowledges a successor: an access token of this count has come back, if the session still stands at it.
-- ARGV: session id, count, ms that the clock was moved.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then
  return 0
end
local count, rotated, acknowledged, rest = string.match(record, '^(%d+) (%d+) (%d+)(.*)$')
if count ~= ARGV[2] or acknowledged ~= '0' then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %.0f%s', count, rotated, clock(ARGV[3]), rest))
return 1
