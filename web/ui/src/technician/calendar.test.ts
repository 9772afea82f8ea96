import { expect, test } from 'vitest'
import { calendarOf } from './calendar'

const window = {
  id: '0193a6b2',
  opens: '2026-11-25T21:00:00Z',
  closes: '2026-11-25T22:30:00.000Z',
  targets: ['alaris-sm-01', 'alaris-db-02'],
  purpose: 'patch',
  ticket: 'CHG0031337',
  reason: 'Step 1; step 2,\nback out: C:\\old',
}
const file = calendarOf(window, new Date('2026-11-20T08:00:00Z'))

test('times are in UTC, and lines end as RFC 5545 wants', () => {
  expect(file).toContain('DTSTART:20261125T210000Z\r\nDTEND:20261125T223000Z\r\n')
  expect(file.endsWith('END:VCALENDAR\r\n')).toBe(true)
})

test('signs that mean something in a calendar are escaped', () => {
  expect(file).toContain('DESCRIPTION:Step 1\\; step 2\\,\\nback out: C:\\\\old')
})

test('no line is longer than 75 octets, and folding loses nothing', () => {
  const long = calendarOf({ ...window, reason: 'Grüße '.repeat(40) }, new Date(0))
  const lines = long.split('\r\n')
  for (const line of lines) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75)
  expect(long.replaceAll('\r\n ', '')).toContain('Grüße '.repeat(40))
})
