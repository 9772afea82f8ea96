import { describe, expect, it } from 'vitest'
import { clockWords, momentFromSecond, secondOf, spokenClock } from './clock-words'
import { afterIdle } from './idle'
import { currentMarker, markersOf, nextMarker, previousMarker, signedMarkers, type Marker } from './marker'
import { decodePiece } from './piece'
import { coverageWords, withLanesAsOne, type TimelineChannel } from './timeline'

const marker = (at_ms: number, kind: Marker['kind'] = 'command', channel: number | null = 0): Marker => ({
  at_ms,
  kind,
  channel,
  text: `${kind} at ${at_ms}`,
})

describe('markers', () => {
  const markers = [marker(0, 'start'), marker(2_000), marker(3_000, 'resize'), marker(9_000, 'alert')]

  it('the key goes on from the marker it has reached, and passes resizes by', () => {
    expect(nextMarker(markers, 0)?.at_ms).toBe(2_000)
    expect(nextMarker(markers, 2_000)?.at_ms).toBe(9_000)
    expect(nextMarker(markers, 9_000)).toBeUndefined()
  })

  it('going back leaves a second to press the key twice', () => {
    expect(previousMarker(markers, 9_500)?.at_ms).toBe(2_000)
    expect(previousMarker(markers, 10_500)?.at_ms).toBe(9_000)
    expect(previousMarker(markers, 500)).toBeUndefined()
  })

  it('the position is in the last one not after it', () => {
    expect(currentMarker(markers, 8_999)?.kind).toBe('resize')
    expect(currentMarker(markers, 9_000)?.kind).toBe('alert')
  })

  it('where signs would cover each other, the one that matters more is kept', () => {
    const crowd = [marker(1_000), marker(1_100, 'alert'), marker(1_200), marker(2_000), marker(2_100)]
    expect([...signedMarkers(crowd, 500)].map((each) => each.at_ms).toSorted((a, b) => a - b)).toEqual([1_100, 2_000])
    expect(signedMarkers(crowd, 0).size).toBe(5)
  })

  it('a channel has its own and those of the whole visit, by time', () => {
    const mixed = [marker(5, 'stop', null), marker(3, 'command', 1), marker(1, 'command', 0)]
    expect(markersOf(mixed, 0).map((each) => each.at_ms)).toEqual([1, 5])
  })
})

describe('time in words', () => {
  it.each([
    [0, '0:00', '0 seconds'],
    [7_900, '0:07', '7 seconds'],
    [61_000, '1:01', '1 minute 1 second'],
    [3_723_000, '1:02:03', '1 hour 2 minutes 3 seconds'],
    [90_000_000, '25:00:00', '25 hours'],
    [-5, '0:00', '0 seconds'],
  ])('%i ms', (ms, shown, spoken) => {
    expect(clockWords(ms)).toBe(shown)
    expect(spokenClock(ms)).toBe(spoken)
  })

  it('the second in an address survives being text', () => {
    expect(secondOf(123_440)).toBe('123.4')
    expect(momentFromSecond('123.4')).toBe(123_400)
    for (const wrong of [null, '', 'soon', '-3', 'Infinity']) expect(momentFromSecond(wrong)).toBe(0)
  })
})

describe('idle time', () => {
  it('is jumped over only when the jump is worth it', () => {
    const short = [{ from_ms: 0, to_ms: 1_000 }]
    expect(afterIdle(short, 900)).toBeNull()
    const long = [{ from_ms: 10_000, to_ms: 20_000 }]
    expect(afterIdle(long, 10_700)).toBeNull()
    expect(afterIdle(long, 10_800)).toBe(19_700)
    expect(afterIdle(long, 19_700)).toBeNull()
  })
})

describe('a piece from the wire', () => {
  const wire = { columns: 80, rows: 24, screen: btoa('$ '), next_ms: 500 }

  it('is decoded byte by byte', () => {
    const piece = decodePiece({ ...wire, events: [[1, 'o', btoa('\xff\x1b')], [2, 'e', ''], [3, 'r', 132, 43]] }, 0)
    expect(piece.events).toEqual([
      { kind: 'output', at: 1, bytes: new Uint8Array([0xff, 0x1b]), isError: false },
      { kind: 'output', at: 2, bytes: new Uint8Array(), isError: true },
      { kind: 'resize', at: 3, columns: 132, rows: 43 },
    ])
    expect(piece.next).toBe(500)
  })

  it('that does not go on is refused, since asking for it again would never end', () => {
    expect(() => decodePiece({ ...wire, events: [] }, 500)).toThrow(/does not go on/)
  })
})

describe('lanes', () => {
  const lane = (id: number, coverage: string | null, ended: number | null): TimelineChannel => ({
    id, kind: 'http', command: null, terminal: false, columns: 80, rows: 24, began_ms: id, ended_ms: ended, exit: null,
    bytes_in: 10, bytes_out: 100, coverage,
  })

  it('are one, with the weakest of what was captured and all that passed', () => {
    const weak = { ...lane(2, 'flow-only', 50), why: 'a body was larger than what is kept' }
    const shell: TimelineChannel = { ...lane(7, 'captured', 9), kind: 'shell' }
    const [web, other] = withLanesAsOne([lane(1, 'captured', 40), weak, shell])
    expect(web).toMatchObject({ kind: 'web requests', began_ms: 1, ended_ms: 50, bytes_in: 20, bytes_out: 200, coverage: 'flow-only' })
    expect(coverageWords(web?.coverage ?? null, web?.why)).toBe('A body was larger than what is kept.')
    expect(other).toBe(shell)
  })

  it('that are open are open, and what has none has none', () => {
    expect(withLanesAsOne([lane(1, 'captured', 5), lane(2, null, null)])[0]).toMatchObject({ ended_ms: null, coverage: null })
    expect(withLanesAsOne([])).toEqual([])
  })
})
