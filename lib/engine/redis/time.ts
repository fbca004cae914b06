/**
 * The time of Redis in ms, as `now`, for scripts. It also makes the ids of events and lets locks expire: the clocks of
 * processes may be wrong.
 */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`
