-- Ends one session; one that is over already is announced again. ARGV: its id, the feed's oldest entry to keep.
-- Answers the ids that the feed still has to be told of.
drop(ARGV[1])
local _, pending = announce(ARGV[1], ARGV[2])
return pending
