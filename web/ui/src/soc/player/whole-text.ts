import type { LoadPiece } from './player-state'
import type { PlayEvent } from './piece'

/** So many pieces are put together at most; a longer text begins later. */
const MOST_PIECES = 8

/**
 * Loads channels that had no terminal from their beginning: a screen cannot tell which part of their text was error
 * output, so what a seek shows is all of the text until then, put together from its events.
 */
export function withWholeTexts(load: LoadPiece, beginOf: (channel: number) => number | null): LoadPiece {
  return async (channel, from, signal, isSeek) => {
    const begin = beginOf(channel)
    if (!isSeek || begin === null || begin >= from) return load(channel, from, signal, isSeek)
    let piece = await load(channel, begin, signal, true)
    const events: PlayEvent[] = [...piece.events]
    for (let count = 1; piece.next !== null && piece.next <= from; count++) {
      if (count === MOST_PIECES) return load(channel, from, signal, true)
      piece = await load(channel, piece.next, signal, false)
      events.push(...piece.events)
    }
    return { ...piece, from: begin, screen: new Uint8Array(), events }
  }
}
