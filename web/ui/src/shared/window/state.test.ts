import { expect, test } from 'vitest'
import { isAhead, isWaiting, stateWords } from './state'

const window = { state: 'approved', opens: '2026-11-25T21:00:00Z', closes: '2026-11-25T22:30:00Z' }
const inside = Date.parse('2026-11-25T21:30:00Z')

test('an approved window says what it still waits for', () => {
  expect(stateWords(window).words).toBe('Approved')
  expect(stateWords({ ...window, awaiting_acceptance: ['dana'] }).words).toBe('Waits for the technician')
  expect(stateWords({ ...window, awaiting_substitution: ['li'] }).words).toBe('Waits for a yes to the substitute')
  expect(stateWords({ ...window, go_required: true, go_by: null }).words).toBe('Waits for the go of the day')
  expect(stateWords({ ...window, go_required: true, go_by: 'priya' }).words).toBe('Approved')
})

test('what is over waits for nothing any more', () => {
  expect(stateWords({ ...window, state: 'denied', awaiting_acceptance: ['dana'] }).words).toBe('Denied')
})

test('a state that this page does not know is shown as it is', () => {
  expect(stateWords({ ...window, state: 'parked' })).toEqual({ words: 'parked', tone: 'neutral' })
})

test('requests, more time and substitutes wait for the hospital', () => {
  expect(isWaiting({ ...window, state: 'requested' })).toBe(true)
  expect(isWaiting({ ...window, more_time: { closes: '', reason: '', by: '', at: '' } })).toBe(true)
  expect(isWaiting({ ...window, awaiting_substitution: ['li'] })).toBe(true)
  expect(isWaiting(window)).toBe(false)
  expect(isWaiting({ ...window, state: 'denied', more_time: { closes: '', reason: '', by: '', at: '' } })).toBe(false)
})

test('visits may come of a window until it closes', () => {
  expect(isAhead(window, inside)).toBe(true)
  expect(isAhead(window, Date.parse(window.closes))).toBe(false)
  expect(isAhead({ ...window, state: 'revoked' }, inside)).toBe(false)
})
