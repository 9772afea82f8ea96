import { expect, test } from 'vitest'
import { findIn } from './find'

const entries = [
  { kind: 'Window', label: 'on alaris-sm-01, Wed 22:00', to: '/windows/1' },
  { kind: 'Server', label: 'alaris-sm-01', to: '/engineering/servers/alaris-sm-01' },
  { kind: 'Person', label: 'Dana Reyes (dana)', to: '/administration/people/dana' },
]

test('every word must occur, in the label or the kind', () => {
  expect(findIn(entries, 'alaris window').map(({ to }) => to)).toEqual(['/windows/1'])
  expect(findIn(entries, 'DANA')).toHaveLength(1)
  expect(findIn(entries, 'nobody')).toEqual([])
})

test('what begins with the text comes first', () => {
  expect(findIn(entries, 'alaris').map(({ kind }) => kind)).toEqual(['Server', 'Window'])
})

test('without a text everything is offered, up to a page', () => {
  expect(findIn(Array.from({ length: 40 }, () => entries[0]!), '')).toHaveLength(12)
})
