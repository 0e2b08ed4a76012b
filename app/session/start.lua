-- Keeps a new session; lets go of those that have run out, and ends the least recently seen beyond
-- the most. Answers the time, the ids that ended, and those that the feed still has to be told of.
-- ARGV: id, life ms, idle ms, count, how the person came, when they proved who they are (ms, or '' for now),
-- client and IP, claims, most, ms that the clock was moved, the feed's oldest entry to keep.
local id, life, idle = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now = clock(ARGV[10])

local live, all = {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local count, rotated, acknowledged, ends, window = numbers(all[i + 1])
  if count and #all[i] == #id then
    if now >= math.min(tonumber(ends), tonumber(rotated) + tonumber(window)) then
      drop(all[i])
    else
      table.insert(live, {id = all[i], seen = math.max(tonumber(rotated), tonumber(acknowledged))})
    end
  end
end

local ended = {}
table.sort(live, function(a, b) return a.seen < b.seen end)
for i = 1, #live - tonumber(ARGV[9]) + 1 do
  drop(live[i].id)
  table.insert(ended, live[i].id)
end
local retired, pending = announce(table.concat(ended, ' '), ARGV[11])

redis.call('HSET', KEYS[1],
  id, string.format('%s %.0f 0 %.0f %.0f', ARGV[4], now, now + life, idle),
  id .. ':', string.format('%.0f\t%s\t%s', now, ARGV[5], ARGV[6] ~= '' and ARGV[6] or string.format('%.0f', now)),
  id .. '@', ARGV[7],
  id .. '=', ARGV[8])
outlast(math.min(life, idle))
return {string.format('%.0f', now), retired, pending}
