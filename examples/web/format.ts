import type { JobStatus, Transport } from 'fastify-async-jobs/client'

export const statusNames: Record<JobStatus, string> = {
  pending: 'Waiting',
  in_progress: 'Reading',
  completed: 'Completed',
  failed: 'Failed',
  canceled: 'Canceled'
}

export const transportNames: Record<Transport, string> = {
  sse: 'Server-Sent Events',
  'long-poll': 'long polling',
  poll: 'polling',
  websocket: 'WebSocket'
}

const numbers = new Intl.NumberFormat('en')
const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false })
const days = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })

export function count (value: number): string {
  return numbers.format(value)
}

/** The time of today, or the day. */
export function moment (iso: string): string {
  const date = new Date(iso)
  return date.toDateString() === new Date().toDateString() ? times.format(date) : days.format(date)
}

export function timeBetween (from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from)
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
