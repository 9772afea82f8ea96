import { expect, test } from 'vitest'
import { offersFor, ownInterest } from './offers'

const window = {
  state: 'requested',
  purpose: 'patch',
  opens: '2026-11-25T21:00:00Z',
  closes: '2026-11-25T22:30:00Z',
  go_required: false,
  go_by: null,
  awaiting_substitution: [],
  requester: 'dana',
  technicians: ['dana'],
}
const before = Date.parse('2026-11-25T12:00:00Z')
const inside = Date.parse('2026-11-25T21:30:00Z')
const may = (): boolean => true

test('a request is approved, shortened, moved or denied', () => {
  expect(offersFor(window, may, before)).toEqual(['approve', 'shorten', 'move', 'deny'])
})

test('an open window is given more time, shortened or revoked, and not moved', () => {
  expect(offersFor({ ...window, state: 'open' }, may, inside)).toEqual(['extend', 'shorten', 'revoke'])
})

test('a substitute and a go of the day are answered first', () => {
  expect(offersFor({ ...window, state: 'approved', awaiting_substitution: ['li'] }, may, before)[0]).toBe('approve')
  expect(offersFor({ ...window, state: 'approved', go_required: true }, may, before)[0]).toBe('go')
})

test('an emergency is for those to open who may, and a plan is not', () => {
  const opens = (act: string): boolean => act === 'open-emergency'
  expect(offersFor({ ...window, purpose: 'emergency' }, opens, before)).toEqual(['approve'])
  expect(offersFor(window, opens, before)).toEqual([])
})

test('what has closed is reviewed once, by the SOC', () => {
  const closed = { ...window, state: 'closed' }
  expect(offersFor(closed, (act) => act === 'review-evidence', before)).toEqual(['review'])
  expect(offersFor({ ...closed, reviewed_by: 'lee' }, may, before)).toEqual([])
  expect(offersFor(closed, (act) => act === 'approve-window', before)).toEqual([])
})

test('what is over is not decided any more', () => {
  expect(offersFor(window, may, Date.parse(window.closes))).toEqual([])
  expect(offersFor({ ...window, state: 'denied' }, may, before)).toEqual([])
})

test('nothing is offered to who may not', () => {
  expect(offersFor(window, () => false, before)).toEqual([])
  expect(offersFor(window, (act) => act === 'deny-window', before)).toEqual(['deny'])
})

test('who asks or benefits is told why they cannot approve', () => {
  expect(ownInterest({ ...window, requester: 'priya' }, 'priya')).toContain('You asked')
  expect(ownInterest({ ...window, technicians: ['dana', 'priya'] }, 'priya')).toContain('You are named')
  expect(ownInterest(window, 'priya')).toBeNull()
})
