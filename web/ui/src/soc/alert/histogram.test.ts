import { describe, expect, it } from 'vitest'
import { HOURS_A_WEEK, hourOfWeek, hourWords, shade, usualWords, weekGrid } from './histogram'

const week = (counts: Record<number, number>): number[] =>
  Array.from({ length: HOURS_A_WEEK }, (_, hour) => counts[hour] ?? 0)

describe('hours of the week', () => {
  it('count from Monday 00:00 in the hospital, not in UTC', () => {
    expect(hourOfWeek('2026-11-23T00:30:00Z', 'UTC')).toBe(0)
    expect(hourOfWeek('2026-11-22T23:30:00Z', 'Europe/Vienna')).toBe(0)
    expect(hourOfWeek('2026-11-23T02:10:00Z', 'America/New_York')).toBe(6 * 24 + 21)
  })

  it('have names', () => {
    expect(hourWords(0)).toBe('Mon 00:00–01:00')
    expect(hourWords(167)).toBe('Sun 23:00–00:00')
  })

  it('make a grid of seven days', () => {
    const grid = weekGrid(week({ 25: 3 }))
    expect(grid).toHaveLength(7)
    expect(grid[1]?.[1]).toBe(3)
    expect(weekGrid([])[6]).toHaveLength(24)
  })
})

it('a cell is as dark as its share of the busiest hour, and one visit is never invisible', () => {
  expect([0, 1, 50, 51, 100].map((count) => shade(count, 100))).toEqual([0, 1, 2, 3, 4])
  expect(shade(0, 0)).toBe(0)
})

it('says in words whether the hour is a usual one', () => {
  expect(usualWords(week({}), 3)).toMatch(/^No visit/)
  expect(usualWords(week({ 70: 12 }), 2)).toBe('Unusual: none of 12 visits in 90 days was at Mon 02:00–03:00.')
  expect(usualWords(week({ 70: 11, 2: 1 }), 2)).toBe('1 of 12 visits in 90 days was at Mon 02:00–03:00.')
})
