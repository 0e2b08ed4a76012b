-- A user's sessions as they stand, on this server's clock: the time in ms, then fields and values in
-- turn. KEYS[1]: the user's sessions.
local answer, time = redis.call('HGETALL', KEYS[1]), redis.call('TIME')
table.insert(answer, 1, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
return answer
