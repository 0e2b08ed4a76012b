-- Keeps a new session; lets go of those that have run out, and ends the least recently seen beyond
-- the most. Answers the time, then the ids that ended and that the feed may not have yet (see
-- trade.lua). KEYS[1]: the user's sessions. ARGV: id, life ms,
-- idle ms, count, how the person came, client and IP, most, ms that the clock was moved.
local id, life, idle = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[8])

local function drop(old)
  redis.call('HDEL', KEYS[1], old, old .. ':', old .. '@')
end

local live, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, traded, confirmed, ends, window = string.match(all[i + 1], '^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  if count and #all[i] == #id then
    if now >= math.min(tonumber(ends), tonumber(traded) + tonumber(window)) then
      drop(all[i])
    else
      table.insert(live, {id = all[i], seen = math.max(tonumber(traded), tonumber(confirmed))})
    end
  end
end

local ended, waiting = {}, redis.call('HGET', KEYS[1], '!')
if waiting then
  table.insert(ended, waiting)
end
table.sort(live, function(a, b) return a.seen < b.seen end)
for i = 1, #live - tonumber(ARGV[7]) + 1 do
  drop(live[i].id)
  table.insert(ended, live[i].id)
end
local retired = table.concat(ended, ' ')
if retired ~= '' then
  redis.call('HSET', KEYS[1], '!', retired)
end

redis.call('HSET', KEYS[1],
  id, string.format('%s %.0f 0 %.0f %.0f', ARGV[4], now, now + life, idle),
  id .. ':', string.format('%.0f\t%s', now, ARGV[5]),
  id .. '@', ARGV[6])
local expires = string.format('%.0f', now + math.min(life, idle))
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIREAT', KEYS[1], expires)
else
  redis.call('PEXPIREAT', KEYS[1], expires, 'GT')
end
return {string.format('%.0f', now), retired}
