import { describe, expect, it } from 'vitest'
import type { Piece } from './piece'
import { withWholeTexts } from './whole-text'

/** A channel with one letter every second, in pieces of three seconds. */
function bench(length: number) {
  const asked: number[] = []
  const load = (_channel: number, from: number): Promise<Piece> => {
    asked.push(from)
    const seconds = [0, 1, 2].map((offset) => from / 1_000 + offset).filter((second) => second < length)
    return Promise.resolve({
      from,
      columns: 0,
      rows: 0,
      screen: new TextEncoder().encode('lost marks'),
      events: seconds.map((second) => ({
        kind: 'output' as const,
        at: second * 1_000,
        bytes: new Uint8Array([65 + second]),
        isError: second % 2 === 1,
      })),
      next: from / 1_000 + 3 < length ? from + 3_000 : null,
    })
  }
  return { asked, load: withWholeTexts(load, (channel) => (channel === 1 ? 0 : null)) }
}

const { signal } = new AbortController()

describe('a channel without a terminal', () => {
  it('is put together from its beginning when somebody seeks in it', async () => {
    const { asked, load } = bench(9)
    const piece = await load(1, 4_000, signal, true)
    expect(asked).toEqual([0, 3_000])
    expect(piece.events.map((event) => event.at)).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000])
    expect(piece).toMatchObject({ next: 6_000, screen: new Uint8Array() })
  })

  it('goes on piece by piece when it is played', async () => {
    const { asked, load } = bench(9)
    await load(1, 6_000, signal, false)
    expect(asked).toEqual([6_000])
  })

  it('begins later when it is too long to be put together', async () => {
    const { asked, load } = bench(100)
    const piece = await load(1, 90_000, signal, true)
    expect(asked).toHaveLength(9)
    expect(piece.from).toBe(90_000)
  })

  it('is no matter to a channel with a terminal', async () => {
    const { asked, load } = bench(9)
    await load(0, 4_000, signal, true)
    expect(asked).toEqual([4_000])
  })
})
