/** What a player is given, and what it shows of itself. Times are milliseconds since the visit began. */
import type { Idle } from './idle'
import type { Piece } from './piece'

/** Where a channel is drawn. */
export interface PlayerScreen {
  /** Clears everything and draws a whole screen. */
  show(columns: number, rows: number, screen: Uint8Array): void
  output(bytes: Uint8Array, isError: boolean): void
  resize(columns: number, rows: number): void
}

/** Fetches what a channel shows from a moment on; a seek draws the screen anew, else the piece follows the one before. */
export type LoadPiece = (channel: number, from: number, signal: AbortSignal, isSeek: boolean) => Promise<Piece>

/**
 * `loading`: a seek waits for its piece. `waiting`: playing has used up what was fetched. `failed`: the piece that is
 * needed now could not be had.
 */
export type Phase = 'loading' | 'paused' | 'playing' | 'waiting' | 'ended' | 'failed'

export interface PlayerState {
  phase: Phase
  /** Whether playing goes on as soon as it can. */
  isOn: boolean
  position: number
  channel: number
  speed: number
  skipsIdle: boolean
  /** Until when everything has been fetched; `Infinity` with the last piece. */
  bufferedTo: number
  problem: unknown
}

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const

/** How far playing can go. */
export interface Extent {
  duration: number
  idle: readonly Idle[]
  /** Where playing a channel stops. */
  endOf: (channel: number) => number
}
