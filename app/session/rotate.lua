-- Rotation, replay and reuse detection of a refresh token: judged and written in one step on this server's clock.
-- The rules are those of models.Session.Judge. ARGV: session id, presented count, grace ms, lost-answer ms, ms
-- that the clock was moved (0 outside tests), the feed's oldest entry to keep. Answers the outcome, ids that the
-- feed still has to be told of, and the record.
local id, presented = ARGV[1], tonumber(ARGV[2])
local fields = redis.call('HMGET', KEYS[1], id, id .. ':', id .. '@', id .. '=', '!')
if not fields[1] then
  local pending = ''
  if fields[5] then
    local _
    _, pending = announce('', ARGV[6])
  end
  return {'0', pending}
end
local count, rotated, acknowledged, ends, idle, added = numbers(fields[1])
count, rotated, ends, idle = tonumber(count), tonumber(rotated), tonumber(ends), tonumber(idle)
local now = clock(ARGV[5])
local since = now - rotated

local function answer(outcome, pending, record)
  return {outcome, pending, record, fields[2] or '', fields[3] or '', fields[4] or ''}
end

if now >= math.min(ends, rotated + idle) then
  drop(id)
  return {'0', ''}
end
if presented >= count then
  local moved = string.format('%.0f %.0f 0 %.0f %.0f%s', presented + 1, now, ends, idle, added)
  redis.call('HSET', KEYS[1], id, moved)
  outlast(math.min(ends - now, idle))
  return answer('1', '', moved)
end
if presented == count - 1 and (since <= tonumber(ARGV[3]) or (acknowledged == '0' and since < tonumber(ARGV[4]))) then
  return answer('2', '', fields[1])
end
drop(id)
local _, pending = announce(id, ARGV[6])
return answer('3', pending, fields[1])
