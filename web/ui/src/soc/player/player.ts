/**
 * Plays one channel of a recording: which bytes are due on the screen at which moment. It owns no timer and no DOM; its
 * owner calls {@link Player.tick} while it plays, and gives it a clock, a loader and a screen.
 *
 * Times are milliseconds since the visit began; the clock's are milliseconds of whatever epoch.
 */
import { afterIdle } from './idle'
import type { Piece, PlayEvent } from './piece'
import { SPEEDS, type Extent, type LoadPiece, type PlayerScreen, type PlayerState } from './player-state'

/** The next piece is fetched when less than this much watching is left. */
const FETCH_AHEAD_MS = 15_000

export class Player {
  readonly #load: LoadPiece
  readonly #now: () => number
  readonly #listeners = new Set<() => void>()
  #extent: Extent
  #screen: PlayerScreen | null = null
  #events: PlayEvent[] = []
  #next = 0
  /** Whether fetching ahead failed, so that the next try waits until the piece is needed. */
  #isAheadBroken = false
  #anchor = { at: 0, position: 0 }
  #request: AbortController | null = null
  #state: PlayerState = {
    phase: 'loading',
    isOn: false,
    position: 0,
    channel: 0,
    speed: 1,
    skipsIdle: true,
    bufferedTo: 0,
    problem: null,
  }

  constructor(load: LoadPiece, now: () => number, extent: Extent) {
    this.#load = load
    this.#now = now
    this.#extent = extent
  }

  get state(): PlayerState {
    return this.#state
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** A recording of a visit that goes on grows; what is playing is not disturbed. */
  extend(extent: Extent): void {
    this.#extent = extent
  }

  /** Shows a channel on a screen, as it was at a moment. */
  open(channel: number, at: number, screen: PlayerScreen): void {
    this.#screen = screen
    this.#state = { ...this.#state, channel }
    this.#jump(this.#clamp(at))
  }

  close(): void {
    this.#request?.abort()
    this.#request = null
    this.#screen = null
  }

  play(): void {
    this.#change({ isOn: true })
    if (this.#state.phase === 'ended') this.#jump(0)
    else if (this.#state.phase === 'failed') this.retry()
    else if (this.#state.phase === 'paused') this.#goOn()
  }

  pause(): void {
    this.tick()
    const { phase } = this.#state
    this.#change({ isOn: false, phase: phase === 'playing' || phase === 'waiting' ? 'paused' : phase })
  }

  toggle(): void {
    if (this.#state.isOn && this.#state.phase !== 'failed') this.pause()
    else this.play()
  }

  /** Forward within what was fetched needs no request; everything else is one. */
  seek(to: number): void {
    const target = this.#clamp(to)
    const { phase, position, bufferedTo } = this.#state
    const isAtHand = phase !== 'loading' && phase !== 'failed' && target >= position && target < bufferedTo
    if (!isAtHand) {
      this.#jump(target)
      return
    }
    this.#draw(target)
    this.#change({ position: target, phase: 'paused' })
    if (this.#state.isOn) this.#goOn()
    else this.#fetchAhead()
  }

  seekBy(offset: number): void {
    this.seek(this.#state.position + offset)
  }

  setSpeed(speed: number): void {
    this.tick()
    this.#anchorAt(this.#state.position)
    this.#change({ speed })
  }

  faster(): void {
    this.setSpeed(SPEEDS.find((speed) => speed > this.#state.speed) ?? this.#state.speed)
  }

  slower(): void {
    this.setSpeed(SPEEDS.findLast((speed) => speed < this.#state.speed) ?? this.#state.speed)
  }

  setSkipsIdle(skipsIdle: boolean): void {
    this.#change({ skipsIdle })
  }

  retry(): void {
    if (this.#state.phase === 'failed') this.#jump(this.#state.position)
  }

  /** Brings the screen to where the clock says it should be. */
  tick(): void {
    const { phase, speed, skipsIdle, bufferedTo, channel } = this.#state
    if (phase !== 'playing') return
    const end = Math.min(this.#extent.duration, this.#extent.endOf(channel))
    let position = this.#anchor.position + (this.#now() - this.#anchor.at) * speed
    const beyondIdle = skipsIdle ? afterIdle(this.#extent.idle, position) : null
    if (beyondIdle !== null && beyondIdle < end) {
      if (beyondIdle >= bufferedTo) {
        this.#jump(beyondIdle)
        return
      }
      position = beyondIdle
      this.#anchorAt(position)
    }
    if (position >= end && end <= bufferedTo) {
      this.#draw(end)
      this.#change({ position: Math.max(end, this.#state.position), phase: 'ended', isOn: false })
    } else if (position >= bufferedTo) {
      this.#draw(bufferedTo)
      this.#change({ position: bufferedTo, phase: 'waiting' })
      this.#fetchAhead()
    } else {
      this.#draw(position)
      this.#change({ position })
      this.#fetchAhead()
    }
  }

  #clamp(at: number): number {
    return Math.min(Math.max(Number.isFinite(at) ? at : 0, 0), this.#extent.duration)
  }

  #goOn(): void {
    this.#anchorAt(this.#state.position)
    this.#change({ phase: 'playing', problem: null })
    this.tick()
  }

  #anchorAt(position: number): void {
    this.#anchor = { at: this.#now(), position }
  }

  /** Draws what happened until and with `until`. */
  #draw(until: number): void {
    let event = this.#events[this.#next]
    while (event && event.at <= until) {
      if (event.kind === 'resize') this.#screen?.resize(event.columns, event.rows)
      else this.#screen?.output(event.bytes, event.isError)
      this.#next += 1
      event = this.#events[this.#next]
    }
  }

  #jump(to: number): void {
    this.#request?.abort()
    this.#request = null
    this.#change({ phase: 'loading', position: to, problem: null })
    this.#fetch(to, true, (piece) => {
      this.#events = piece.events
      this.#next = 0
      this.#screen?.show(piece.columns, piece.rows, piece.screen)
      this.#draw(to)
      this.#change({ phase: 'paused', bufferedTo: piece.next ?? Infinity })
      if (this.#state.isOn) this.#goOn()
      else this.#fetchAhead()
    })
  }

  #fetchAhead(): void {
    const { bufferedTo, position, speed } = this.#state
    const isEnough = bufferedTo - position > FETCH_AHEAD_MS * speed
    const isTooSoon = this.#isAheadBroken && this.#state.phase !== 'waiting'
    if (this.#request || isEnough || isTooSoon) return
    this.#fetch(bufferedTo, false, (piece) => {
      this.#events = this.#events.slice(this.#next).concat(piece.events)
      this.#next = 0
      this.#change({ bufferedTo: piece.next ?? Infinity })
      if (this.#state.phase === 'waiting') this.#goOn()
    })
  }

  #fetch(from: number, isSeek: boolean, take: (piece: Piece) => void): void {
    const request = new AbortController()
    this.#request = request
    this.#load(this.#state.channel, from, request.signal, isSeek).then(
      (piece) => {
        if (this.#request !== request) return
        this.#request = null
        this.#isAheadBroken = false
        take(piece)
      },
      (problem: unknown) => {
        if (this.#request !== request) return
        this.#request = null
        this.#fail(problem)
      },
    )
  }

  /** A piece that was only fetched ahead is asked for again when it is needed. */
  #fail(problem: unknown): void {
    this.#isAheadBroken = true
    const { phase } = this.#state
    if (phase === 'loading' || phase === 'waiting') this.#change({ phase: 'failed', problem })
  }

  #change(part: Partial<PlayerState>): void {
    this.#state = { ...this.#state, ...part }
    for (const listener of this.#listeners) listener()
  }
}
