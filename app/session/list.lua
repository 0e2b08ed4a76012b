-- A user's sessions as they stand, on this server's clock: the time in ms, then fields and values in turn.
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, string.format('%.0f', clock(0)))
return answer
