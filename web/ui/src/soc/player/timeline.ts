import type { Idle } from './idle'
import type { Marker } from './marker'

/** `GET /api/recordings/{session}/timeline`. */
export interface RecordingTimeline {
  session: string
  began: string
  duration_ms: number
  live: boolean
  channels: TimelineChannel[]
  markers: Marker[]
  idle: Idle[]
}

export interface TimelineChannel {
  id: number
  kind: string
  command: string | null
  terminal: boolean
  columns: number
  rows: number
  began_ms: number
  ended_ms: number | null
  exit: number | null
  bytes_in: number
  bytes_out: number
  coverage: string | null
  /** Why not more was captured, where somebody says so. */
  why?: string | null
}

/** Lanes carry web requests, which have a table of their own. */
export function isLane({ kind }: Pick<TimelineChannel, 'kind'>): boolean {
  return kind === 'http'
}

/** Forwards and raw TLS carry the bytes of whatever protocol. */
export function isStream({ kind }: Pick<TimelineChannel, 'kind'>): boolean {
  return kind === 'tls' || kind === 'forward' || kind === 'forward-opaque'
}

/** From the weakest. */
const STRENGTH = ['refused', 'flow-only', 'output-only', 'captured']

/** The channels with all lanes as one: how many there were says how much went on at once, and nothing else. */
export function withLanesAsOne(channels: readonly TimelineChannel[]): TimelineChannel[] {
  const lanes = channels.filter(isLane)
  const first = lanes[0]
  const others = channels.filter((channel) => !isLane(channel))
  if (!first) return others
  const weakest = lanes.reduce((weak, lane) => (strength(lane) < strength(weak) ? lane : weak))
  const ends = lanes.map(({ ended_ms }) => ended_ms)
  return [
    {
      ...first,
      kind: 'web requests',
      ended_ms: ends.includes(null) ? null : Math.max(...ends.map((end) => end ?? 0)),
      bytes_in: lanes.reduce((sum, lane) => sum + lane.bytes_in, 0),
      bytes_out: lanes.reduce((sum, lane) => sum + lane.bytes_out, 0),
      coverage: weakest.coverage,
      why: weakest.why ?? null,
    },
    ...others,
  ]
}

function strength({ coverage }: TimelineChannel): number {
  return coverage === null ? -1 : STRENGTH.indexOf(coverage)
}

/** `shell`, or `exec: uname -a` cut to what a tab has room for. */
export function channelTitle(channel: Pick<TimelineChannel, 'kind' | 'command'>): string {
  return channel.command ? `${channel.kind}: ${shortened(channel.command, 28)}` : channel.kind
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

const COVERAGE: Record<string, string> = {
  captured: 'Recorded in full.',
  'output-only': 'Output was recorded; what was typed was not, by policy.',
  'flow-only': 'Not recorded on screen: it was encrypted inside. When and how much passed is known.',
  refused: 'Refused: nothing passed.',
}

/** What a recording's coverage statement means; the reason that was given with it says more than its name does. */
export function coverageWords(coverage: string | null, why?: string | null): string {
  if (why) return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`
  if (coverage === null) return 'Not stated: the gate stopped before it could say what was recorded.'
  return COVERAGE[coverage] ?? coverage
}

/** `812 B`, `3.4 kB`, `1.2 MB`. */
export function bytesWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ''}`
}
