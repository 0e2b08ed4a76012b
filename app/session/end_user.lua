-- Ends all of a user's sessions that started by a time, but for one. ARGV: the id to keep or '', the length of an id,
-- the feed's oldest entry to keep, the time in ms. Answers the ids that ended, and those that the feed still has to be
-- told of. A session that does not say when it started ends.
local function started(id)
  return tonumber(string.match(redis.call('HGET', KEYS[1], id .. ':') or '', '^(%d+)')) or 0
end

local ended = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  local id = string.sub(field, 1, tonumber(ARGV[2]))
  if #id == tonumber(ARGV[2]) and id ~= ARGV[1] and started(id) <= tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], field)
    if field == id then
      table.insert(ended, id)
    end
  end
end
return {announce(table.concat(ended, ' '), ARGV[3])}
