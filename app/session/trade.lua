-- One trade, judged and written in one step on this server's clock. The rules are those of
-- models.Session.Judge. KEYS[1]: the user's sessions. ARGV: session id, presented count, grace ms,
-- lost-answer ms, ms that the clock was moved (0 outside tests). Ids that ended and that the feed may
-- not have yet wait in the field '!': a script whose answer is lost has ended them all the same.
local id, presented = ARGV[1], tonumber(ARGV[2])
local fields = redis.call('HMGET', KEYS[1], id, id .. ':', id .. '@', '!')
if not fields[1] then
  return {'0', fields[4] or ''}
end
local count, traded, confirmed, ends, idle = string.match(fields[1], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
count, traded, ends, idle = tonumber(count), tonumber(traded), tonumber(ends), tonumber(idle)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[5])
local since = now - traded

if now >= math.min(ends, traded + idle) then
  redis.call('HDEL', KEYS[1], id, id .. ':', id .. '@')
  return {'0', ''}
end
if presented >= count then
  local moved = string.format('%.0f %.0f 0 %.0f %.0f', presented + 1, now, ends, idle)
  redis.call('HSET', KEYS[1], id, moved)
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(ends, now + idle)), 'GT')
  return {'1', moved, fields[2], fields[3]}
end
if presented == count - 1 and (since <= tonumber(ARGV[3]) or (confirmed == '0' and since < tonumber(ARGV[4]))) then
  return {'2', fields[1], fields[2], fields[3]}
end
redis.call('HDEL', KEYS[1], id, id .. ':', id .. '@')
redis.call('HSET', KEYS[1], '!', (fields[4] and fields[4] .. ' ' or '') .. id)
return {'3', fields[1], fields[2], fields[3]}
