-- Notes that an access token of this count has come back, if the session still stands at it.
-- KEYS[1]: the user's sessions. ARGV: session id, count, ms that the clock was moved.
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then
  return 0
end
local count, traded, confirmed, rest = string.match(record, '^(%d+) (%d+) (%d+) (.+)$')
if count ~= ARGV[2] or confirmed ~= '0' then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %.0f %s', count, traded, now, rest))
return 1
