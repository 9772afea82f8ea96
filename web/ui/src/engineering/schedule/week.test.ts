import { expect, test } from 'vitest'
import { concerns, midnights, placeInWeek } from './week'

const bounds = midnights('Europe/Berlin', '2026-11-23')
const at = (text: string): number => Date.parse(`${text}:00+01:00`)
const item = (id: string, from: string, until: string) => ({ id, targets: [], from: at(from), until: at(until) })
const place = (...items: ReturnType<typeof item>[]) =>
  placeInWeek(items, bounds).map(({ item: { id }, first, last, lane }) => [id, first, last, lane])

test('a window stands in the day on which the hospital’s clock has it', () => {
  expect(place(item('a', '2026-11-23T00:00', '2026-11-23T01:00'))).toEqual([['a', 0, 0, 0]])
  expect(place(item('a', '2026-11-29T23:00', '2026-11-29T23:59'))).toEqual([['a', 6, 6, 0]])
})

test('what ends at midnight does not touch the next day', () => {
  expect(place(item('a', '2026-11-24T22:00', '2026-11-25T00:00'))).toEqual([['a', 1, 1, 0]])
  expect(place(item('a', '2026-11-24T22:00', '2026-11-25T00:01'))).toEqual([['a', 1, 2, 0]])
})

test('two of one day stand in two lanes; of other days they share one', () => {
  const placed = place(
    item('late', '2026-11-24T22:00', '2026-11-24T23:00'),
    item('early', '2026-11-24T09:00', '2026-11-24T10:00'),
    item('next', '2026-11-25T09:00', '2026-11-25T10:00'),
  )
  expect(placed).toEqual([
    ['early', 1, 1, 0],
    ['late', 1, 1, 1],
    ['next', 2, 2, 0],
  ])
})

test('a long freeze takes its lane on each of its days', () => {
  const placed = place(item('freeze', '2026-11-24T06:00', '2026-11-26T06:00'), item('a', '2026-11-26T09:00', '2026-11-26T10:00'))
  expect(placed).toEqual([
    ['freeze', 1, 3, 0],
    ['a', 3, 3, 1],
  ])
})

test('what began before or goes on after is cut at the week’s edges, and says so', () => {
  const [placed] = placeInWeek([{ id: 'always', targets: [], from: -Infinity, until: Infinity }], bounds)
  expect(placed).toMatchObject({ first: 0, last: 6, isCutAtStart: true, isCutAtEnd: true })
})

test('other weeks do not show here', () => {
  expect(place(item('before', '2026-11-22T22:00', '2026-11-23T00:00'), item('after', '2026-11-30T00:00', '2026-11-30T02:00'))).toEqual([])
})

test('a week with a change of the clock still has seven days', () => {
  const autumn = midnights('Europe/Berlin', '2026-10-19')
  expect(autumn).toHaveLength(8)
  expect((autumn[7]! - autumn[6]!) / 3_600_000).toBe(25)
})

test('no server named means all of them', () => {
  expect(concerns([], 'alaris-sm-01')).toBe(true)
  expect(concerns(['alaris-db-02'], 'alaris-sm-01')).toBe(false)
})
