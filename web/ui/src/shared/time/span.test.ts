import { expect, test } from 'vitest'
import { countdownWords, minutesFrom, phaseOf, spanWords } from './span'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

test.each([
  [0, '0 s'],
  [45_900, '45 s'],
  [36 * MINUTE + 59_000, '36 min'],
  [2 * HOUR, '2 h'],
  [2 * HOUR + 14 * MINUTE, '2 h 14 min'],
  [76 * HOUR, '3 d 4 h'],
  [-5_000, '0 s'],
])('%d ms is %s', (ms, words) => {
  expect(spanWords(ms)).toBe(words)
})

const window = { opens: '2026-11-25T21:00:00Z', closes: '2026-11-25T22:30:00Z' }
const at = (text: string): number => Date.parse(text)

test('a window is half-open: inside at its first instant, outside at its end', () => {
  expect(phaseOf(window, at('2026-11-25T20:59:59.999Z'))).toBe('ahead')
  expect(phaseOf(window, at('2026-11-25T21:00:00Z'))).toBe('open')
  expect(phaseOf(window, at('2026-11-25T22:29:59.999Z'))).toBe('open')
  expect(phaseOf(window, at('2026-11-25T22:30:00Z'))).toBe('over')
})

test('the countdown says what comes next', () => {
  expect(countdownWords(window, at('2026-11-25T18:46:00Z'))).toBe('opens in 2 h 14 min')
  expect(countdownWords(window, at('2026-11-25T21:54:00Z'))).toBe('open, 36 min left')
  expect(countdownWords(window, at('2026-11-28T22:30:00Z'))).toBe('closed 3 d ago')
})

test('what nobody has approved is not open when its time comes', () => {
  const requested = { ...window, state: 'requested' }
  expect(countdownWords(requested, at('2026-11-25T18:46:00Z'))).toBe('opens in 2 h 14 min')
  expect(countdownWords(requested, at('2026-11-25T21:03:00Z'))).toBe('its time began 3 min ago')
})

test.each([
  ['90', 90],
  ['90m', 90],
  ['90 min', 90],
  ['1:30', 90],
  ['1h30', 90],
  ['1 h 30 min', 90],
  ['2 h', 120],
  ['', null],
  ['soon', null],
  ['-5', null],
])('%s is %s minutes', (text, minutes) => {
  expect(minutesFrom(text)).toBe(minutes)
})

test('a length in words is read back as the same length', () => {
  for (const minutes of [15, 60, 90, 134, 600]) expect(minutesFrom(spanWords(minutes * MINUTE))).toBe(minutes)
})
