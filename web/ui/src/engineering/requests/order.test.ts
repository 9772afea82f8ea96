import { expect, test } from 'vitest'
import type { WindowView } from '../../shared/window/queries'
import { readShown, windowsUnder } from './order'

const now = Date.parse('2026-11-25T12:00:00Z')
const hour = (hours: number): string => new Date(now + hours * 3_600_000).toISOString()
const window = (id: string, state: string, from: number, until: number, more = false): WindowView =>
  ({
    id,
    state,
    opens: hour(from),
    closes: hour(until),
    more_time: more ? { closes: hour(until + 1), reason: '', by: 'dana', at: hour(0) } : null,
    awaiting_substitution: [],
  }) as unknown as WindowView

const all = [
  window('tomorrow', 'requested', 24, 25),
  window('tonight', 'requested', 9, 10),
  window('now', 'open', -1, 1, true),
  window('calm', 'open', -1, 2),
  window('later', 'approved', 30, 31),
  window('missed', 'requested', -3, -2),
  window('done', 'closed', -9, -8),
  window('denied', 'denied', 5, 6),
]
const ids = (shown: 'waiting' | 'coming' | 'past'): string[] => windowsUnder(shown, all, now).map(({ id }) => id)

test('who works now and asks for more time waits most urgently; what is over waits no longer', () => {
  expect(ids('waiting')).toEqual(['now', 'tonight', 'tomorrow'])
})

test('what is agreed stands in the order of its opening', () => {
  expect(ids('coming')).toEqual(['now', 'calm', 'later'])
})

test('what is over stands newest first, with what was never answered', () => {
  expect(ids('past')).toEqual(['denied', 'missed', 'done'])
})

test('an unknown choice in the address is the first', () => {
  expect(readShown('coming')).toBe('coming')
  expect(readShown('everything')).toBe('waiting')
  expect(readShown(null)).toBe('waiting')
})
