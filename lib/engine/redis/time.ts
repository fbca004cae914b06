/**
 * Lua code that puts the time of Redis, in ms, into `now`. Redis uses the same clock for the ids of events and for
 * locks that expire. The clocks of processes may be wrong.
 */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`
