-- Replaces the claims of a user's live sessions, in one step. One that has ended has no record to write to, and
-- gets none. ARGV: the length of an id, the claims.
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == tonumber(ARGV[1]) then
    local before = redis.call('HGET', KEYS[1], field .. '=') or ''
    local added = string.match(before, '^[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*\t[^\t]*(.*)$') or ''
    redis.call('HSET', KEYS[1], field .. '=', ARGV[2] .. added)
  end
end
return 0
