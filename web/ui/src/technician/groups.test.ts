import { expect, test } from 'vitest'
import type { WindowView } from '../shared/window/queries'
import { groupWindows } from './groups'

const now = Date.parse('2026-11-25T12:00:00Z')
const hour = (hours: number): string => new Date(now + hours * 3_600_000).toISOString()
const window = (id: string, state: string, from: number, until: number): WindowView =>
  ({ id, state, opens: hour(from), closes: hour(until) }) as unknown as WindowView

test('windows stand under what they are now', () => {
  const { open, ahead, over } = groupWindows(
    [
      window('later', 'approved', 30, 31),
      window('asked', 'requested', 8, 9),
      window('asked-late', 'requested', -1, 1),
      window('open', 'approved', -1, 1),
      window('ends-first', 'open', -2, 0.5),
      window('old', 'closed', -30, -29),
      window('denied', 'denied', 5, 6),
    ],
    now,
  )
  const ids = (windows: WindowView[]): string[] => windows.map(({ id }) => id)
  expect(ids(open)).toEqual(['ends-first', 'open'])
  expect(ids(ahead)).toEqual(['asked-late', 'asked', 'later'])
  expect(ids(over)).toEqual(['denied', 'old'])
})
