-- Ends all of a user's sessions but one. Answers their ids and those that ended earlier and that the
-- feed may not have yet (see trade.lua). KEYS[1]: the user's sessions. ARGV: the id to keep or '', the
-- length of an id.
local ended, waiting = {}, redis.call('HGET', KEYS[1], '!')
if waiting then
  table.insert(ended, waiting)
end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == tonumber(ARGV[2]) and field ~= ARGV[1] then
    redis.call('HDEL', KEYS[1], field, field .. ':', field .. '@')
    table.insert(ended, field)
  end
end
local all = table.concat(ended, ' ')
if all ~= '' then
  redis.call('HSET', KEYS[1], '!', all)
end
return all
