-- Before every script. KEYS[1] is a user's sessions. KEYS[2] is the feed of ended sessions where it lives on
-- this node (one server, Sentinel); on a Cluster it lives elsewhere, and no script reaches it.
-- A record is open: behind the fields that this build knows may stand others of a newer one, and they are kept.

-- The numbers of a record, then whatever a newer build has added to them.
local function numbers(record)
  return string.match(record, '^(%d+) (%d+) (%d+) (%d+) (%d+)(.*)$')
end

-- This server's time in ms; ahead is how far a test has moved the clock.
local function clock(ahead)
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ahead)
end

-- Removes every field of a session, those of a newer build too.
local function drop(id)
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if string.sub(field, 1, #id) == id then
      redis.call('HDEL', KEYS[1], field)
    end
  end
end

-- Keeps the user's sessions for left ms more, at least. PEXPIREAT ... GT would need Redis 7.
local function outlast(left)
  if redis.call('PTTL', KEYS[1]) < left then
    redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', clock(0) + left))
  end
end

-- Tells the feed of sessions that have ended, and of those that ended before and that it may not have. Where it
-- cannot be told here, their ids wait in the field '!': whoever called, or whoever next starts, rotates or ends
-- a session of this user, appends them. Answers all of the ids, and those that still have to be appended.
local function announce(ids, oldest)
  local waiting = redis.call('HGET', KEYS[1], '!')
  if waiting then
    ids = ids == '' and waiting or waiting .. ' ' .. ids
  end
  if ids == '' then
    return '', ''
  end
  if KEYS[2] then
    local added = redis.pcall('XADD', KEYS[2], 'MINID', '~', oldest, '*', 'kind', 'ended', 's', ids)
    if type(added) ~= 'table' then
      if waiting then
        redis.call('HDEL', KEYS[1], '!')
      end
      return ids, ''
    end
  end
  redis.pcall('HSET', KEYS[1], '!', ids) -- a server that is full takes neither: the process remembers
  outlast(86400000)
  return ids, ids
end
