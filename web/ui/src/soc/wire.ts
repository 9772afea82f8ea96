/** What the SOC's pages read from the API, by the names of the wire. */

import type { Due } from './alert/due'

export interface AlertView {
  id: string
  rule: string
  severity: string
  state: string
  title: string
  first_at: string
  last_at: string
  count: number
  acknowledged_by: string | null
  closed_by?: string | null
  disposition: string | null
  note?: string | null
  content: unknown
  sessions?: string[]
  due?: Due | null
  related?: RelatedAlert[]
  histogram?: number[] | null
  live_now?: SessionView[]
}

export interface RelatedAlert {
  id: string
  title: string
  severity: string
  last_at: string
  count: number
}

export interface SessionView {
  id: string
  state: string
  person: string
  target: string
  account: string | null
  window: string | null
  source: string
  node: string
  admitted_at: string
  started_at: string | null
  ended_at: string | null
  sealed: boolean
  end_reason: string | null
  paused: boolean
  vendor?: string | null
  closes?: string | null
  channels?: number
  recording?: string
  observers?: number
  awaits_observer?: boolean
  /** The first session of the visit that this one is a part of. */
  visit?: string
  /** All of its sessions, where there are several. */
  parts?: string[]
  /** Where it is watched, when that is another node than the one that was asked; only of one visit that is asked for. */
  watched_at?: string | null
}

export interface RecordingView {
  id: string
  state: string
  person: string
  target: string
  began: string
  ended: string | null
  coverage: string | null
  chain: string | null
}

export interface RecordingVerdict {
  id: string
  sound: boolean
  summary: string
  failure: string | null
  verdict: {
    bad?: { failure: string; offset: number; block: number | null; detail: string } | null
    sound_until?: string | null
  }
}

export interface DestinationView {
  id: string
  name: string
  kind: string
  url: string
  enabled: boolean
  all_events: boolean
  waiting: number
  oldest: string | null
  last_error: string | null
}

/** `GET /readyz`. */
export interface Readiness {
  ready: boolean
  faults: string[]
}
