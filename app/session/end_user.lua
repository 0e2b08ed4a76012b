-- Ends all of a user's sessions that started by a time, but for one. Answers their ids and those that
-- ended earlier and that the feed may not have yet (see trade.lua). KEYS[1]: the user's sessions. ARGV:
-- the id to keep or '', the length of an id, the time in ms. One that does not say when it started ends.
local function started(id)
  return tonumber(string.match(redis.call('HGET', KEYS[1], id .. ':') or '', '^(%d+)')) or 0
end

local ended, waiting = {}, redis.call('HGET', KEYS[1], '!')
if waiting then
  table.insert(ended, waiting)
end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == tonumber(ARGV[2]) and field ~= ARGV[1] and started(field) <= tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], field, field .. ':', field .. '@')
    table.insert(ended, field)
  end
end
local all = table.concat(ended, ' ')
if all ~= '' then
  redis.call('HSET', KEYS[1], '!', all)
end
return all
