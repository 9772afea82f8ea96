import { expect, test } from 'vitest'
import { addDays, dayWords, exactWords, instantOf, momentWords, mondayOf, readersWords, startOfDay, wallAt } from './zone'

const BERLIN = 'Europe/Berlin'
const at = (text: string): number => Date.parse(text)
const iso = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString())

test('the wall shows the zone’s time, summer and winter', () => {
  expect(wallAt(BERLIN, at('2026-11-25T21:00:00Z'))).toEqual({ date: '2026-11-25', time: '22:00' })
  expect(wallAt(BERLIN, at('2026-07-25T21:00:00Z'))).toEqual({ date: '2026-07-25', time: '23:00' })
  expect(wallAt(BERLIN, at('2026-11-25T23:00:00Z'))).toEqual({ date: '2026-11-26', time: '00:00' })
})

test('what the wall shows is the instant that it was', () => {
  for (const zone of [BERLIN, 'America/New_York', 'Asia/Kathmandu', 'UTC']) {
    for (const instant of ['2026-01-15T11:30:00Z', '2026-07-25T21:15:00Z', '2026-03-29T03:00:00Z']) {
      expect(iso(instantOf(zone, wallAt(zone, at(instant))))).toBe(iso(at(instant)))
    }
  }
})

test('of an hour that occurs twice the first is meant', () => {
  expect(iso(instantOf(BERLIN, { date: '2026-10-25', time: '02:30' }))).toBe('2026-10-25T00:30:00.000Z')
})

test('an hour that summer time skips is the hour after', () => {
  expect(iso(instantOf(BERLIN, { date: '2026-03-29', time: '02:30' }))).toBe('2026-03-29T01:30:00.000Z')
})

test('what is no date or time is no instant', () => {
  for (const wall of [
    { date: '', time: '22:00' },
    { date: '2026-11-25', time: '' },
    { date: '2026-11-25', time: '25:00' },
    { date: '2026-13-25', time: '10:00' },
    { date: '2026-11-25', time: '7' },
  ]) {
    expect(instantOf(BERLIN, wall)).toBeNull()
  }
})

test('a day begins at its own midnight, also where the clock is changed', () => {
  expect(iso(startOfDay(BERLIN, '2026-10-25'))).toBe('2026-10-24T22:00:00.000Z')
  expect(iso(startOfDay(BERLIN, '2026-10-26'))).toBe('2026-10-25T23:00:00.000Z')
})

test('weeks begin on Monday', () => {
  expect(mondayOf('2026-11-23')).toBe('2026-11-23')
  expect(mondayOf('2026-11-29')).toBe('2026-11-23')
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
})

test('today needs no date, another year needs its year', () => {
  const now = at('2026-11-25T12:00:00Z')
  expect(momentWords(BERLIN, at('2026-11-25T21:00:00Z'), now)).toBe('22:00')
  expect(momentWords(BERLIN, at('2026-11-26T21:00:00Z'), now)).toBe('Thu 26 Nov, 22:00')
  expect(dayWords(BERLIN, at('2027-01-02T12:00:00Z'), now)).toBe('Sat 2 Jan 2027')
  expect(exactWords('UTC', at('2026-11-25T21:00:07Z'))).toBe('Wed 25 Nov 2026, 21:00:07 UTC')
})

test('the reader’s own time is said only where their clock differs', () => {
  const instant = at('2026-11-25T21:00:00Z')
  expect(readersWords(BERLIN, 'Europe/Paris', instant)).toBeNull()
  expect(readersWords(BERLIN, 'Europe/London', instant)).toBe('21:00 yours')
  expect(readersWords(BERLIN, 'Asia/Tokyo', instant)).toBe('Thu 26 Nov, 06:00 yours')
})
