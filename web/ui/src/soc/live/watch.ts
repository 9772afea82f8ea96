/**
 * A live visit as somebody who watches sees it: the events of `GET /api/sessions/{session}/watch`, folded into what the
 * page shows, and bytes handed on to each channel's screen.
 */
import { decodeBase64 } from '../player/piece'
import type { PlayerScreen } from '../player/player-state'

export interface WatchedChannel {
  channel: number
  kind: string
  columns: number
  rows: number
  command: string | null
  isOver: boolean
}

/** `cut`: the connection was lost, the browser asks for it again. `refused`: it is not asked for again. */
export type Connection = 'connecting' | 'watching' | 'cut' | 'refused'

export interface WatchState {
  connection: Connection
  channels: readonly WatchedChannel[]
  isPaused: boolean
  closes: string | null
  said: string | null
  /** Why the visit is over, once it is. */
  over: string | null
  /** Bytes that were left out because this watcher was too slow. */
  skippedBytes: number
  /** Web requests, newest last; of very many only the newest. */
  transactions: readonly WatchedTransaction[]
}

/** A web request as it goes on. */
export interface WatchedTransaction {
  n: number
  at: number
  method: string
  url: string
  status: number | null
  media: string
  bytes: number | null
  /** How it ended; `null` while it goes on. */
  outcome: string | null
  protocol: string | null
}

/** More are not kept on the page: the recording has all of them. */
export const MOST_WATCHED = 300

export const NOTHING_WATCHED: WatchState = {
  connection: 'connecting',
  channels: [],
  isPaused: false,
  closes: null,
  said: null,
  over: null,
  skippedBytes: 0,
  transactions: [],
}

export type WatchEvent =
  | { type: 'start'; channel: number; kind: string; columns: number; rows: number; command: string | null }
  | { type: 'screen'; channel: number; columns: number; rows: number; data: string }
  | { type: 'output'; channel: number; at_ms: number; data: string; stream?: string }
  | { type: 'resize'; channel: number; columns: number; rows: number }
  | { type: 'end'; channel: number }
  | { type: 'state'; paused: boolean; closes: string | null; said: string | null }
  | { type: 'over'; reason: string }
  | { type: 'skipped'; bytes?: number }
  | HttpEvent

interface HttpEvent {
  type: 'http'
  /** Its lane. */
  channel: number
  kind: string
  at_ms: number
  n: number
  method?: string
  url?: string
  status?: number
  media?: string
  bytes?: number | string
  outcome?: string
  protocol?: string
}

const WATCH_EVENTS = ['start', 'screen', 'output', 'http', 'resize', 'end', 'state', 'over', 'skipped'] as const

/** What an event changes of the page; the same state when it only concerns a screen. */
function afterEvent(state: WatchState, event: WatchEvent): WatchState {
  switch (event.type) {
    case 'start':
      return withChannel(state, {
        channel: event.channel,
        kind: event.kind,
        columns: event.columns,
        rows: event.rows,
        command: event.command,
        isOver: false,
      })
    case 'screen':
    case 'resize':
      return changed(state, event.channel, { columns: event.columns, rows: event.rows })
    case 'end':
      return changed(state, event.channel, { isOver: true })
    case 'state':
      return { ...state, isPaused: event.paused, closes: event.closes, said: event.said }
    case 'over':
      return { ...state, over: event.reason }
    case 'skipped':
      // Of whole batches that were left out nobody counted the bytes.
      return { ...state, skippedBytes: state.skippedBytes + (event.bytes ?? 1) }
    case 'http':
      return { ...state, transactions: withTransaction(state.transactions, event) }
    case 'output':
      return state
  }
}

/** One that began before the watching did is shown from its answer on. */
function withTransaction(all: readonly WatchedTransaction[], event: HttpEvent): readonly WatchedTransaction[] {
  const known = all.find(({ n }) => n === event.n)
  const before: WatchedTransaction = known ?? {
    n: event.n, at: event.at_ms, method: '', url: '', status: null, media: '', bytes: null, outcome: null, protocol: null,
  }
  const after = { ...before, ...changeOf(event) }
  if (known) return all.map((each) => (each === known ? after : each))
  return [...all, after].slice(-MOST_WATCHED)
}

function changeOf(event: HttpEvent): Partial<WatchedTransaction> {
  switch (event.kind) {
    case 'http-request':
      return { method: event.method ?? '', url: event.url ?? '' }
    case 'http-response':
      return { status: event.status ?? null, media: event.media ?? '' }
    case 'http-upgrade':
      return { protocol: event.protocol ?? null }
    case 'http-response-end':
      return { bytes: event.bytes === undefined ? null : Number(event.bytes), outcome: event.outcome ?? 'complete' }
    default:
      return {}
  }
}

/** A channel starts again when the connection does; it keeps its place. */
function withChannel(state: WatchState, channel: WatchedChannel): WatchState {
  const isKnown = state.channels.some((each) => each.channel === channel.channel)
  const channels = isKnown
    ? state.channels.map((each) => (each.channel === channel.channel ? channel : each))
    : [...state.channels, channel]
  return { ...state, channels }
}

function changed(state: WatchState, number: number, part: Partial<WatchedChannel>): WatchState {
  const channels = state.channels.map((each) => (each.channel === number ? { ...each, ...part } : each))
  return { ...state, channels }
}

/** The part of `EventSource` that is used. */
export interface WatchSource {
  readonly readyState: number
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void
  onopen: ((event: Event) => void) | null
  onerror: ((event: Event) => void) | null
  close(): void
}

const SOURCE_CLOSED = 2

export class Watch {
  readonly #source: WatchSource
  readonly #listeners = new Set<() => void>()
  readonly #screens = new Map<number, PlayerScreen>()
  /** What came for a channel whose screen is not there yet. */
  readonly #held = new Map<number, WatchEvent[]>()
  #state = NOTHING_WATCHED

  constructor(source: WatchSource) {
    this.#source = source
    source.onopen = () => this.#change({ ...this.#state, connection: 'watching' })
    source.onerror = () => this.#lost()
    for (const type of WATCH_EVENTS) {
      source.addEventListener(type, (event) => this.#take({ type, ...JSON.parse(event.data) } as WatchEvent))
    }
  }

  get state(): WatchState {
    return this.#state
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Draws a channel from now on, and what came of it before. */
  attach(channel: number, screen: PlayerScreen): () => void {
    this.#screens.set(channel, screen)
    for (const event of this.#held.get(channel) ?? []) draw(screen, event)
    this.#held.delete(channel)
    return () => this.#screens.delete(channel)
  }

  close(): void {
    this.#source.close()
  }

  #take(event: WatchEvent): void {
    this.#change(afterEvent(this.#state, event))
    if (event.type === 'over') this.#source.close()
    if (!('channel' in event) || event.type === 'http') return
    const screen = this.#screens.get(event.channel)
    if (screen) draw(screen, event)
    else this.#hold(event.channel, event)
  }

  #hold(channel: number, event: WatchEvent): void {
    const before = event.type === 'screen' ? [] : (this.#held.get(channel) ?? [])
    this.#held.set(channel, [...before, event])
  }

  #lost(): void {
    if (this.#state.over !== null) return
    const connection = this.#source.readyState === SOURCE_CLOSED ? 'refused' : 'cut'
    this.#change({ ...this.#state, connection })
  }

  #change(state: WatchState): void {
    if (state === this.#state) return
    this.#state = state
    for (const listener of this.#listeners) listener()
  }
}

function draw(screen: PlayerScreen, event: WatchEvent): void {
  if (event.type === 'screen') screen.show(event.columns, event.rows, decodeBase64(event.data))
  if (event.type === 'resize') screen.resize(event.columns, event.rows)
  if (event.type === 'output') screen.output(decodeBase64(event.data), event.stream === 'e')
}
