-- Forgets ids that the feed has by now, unless others have come to wait beside them. ARGV: the ids.
if redis.call('HGET', KEYS[1], '!') == ARGV[1] then
  redis.call('HDEL', KEYS[1], '!')
end
