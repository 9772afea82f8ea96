import { expect, test } from 'vitest'
import { endFault } from './EndDialog'
import { whoseYesLapses } from './MoveDialog'

const present = Date.parse('2026-11-25T22:30:00Z')

test('a window is shortened to an earlier end, and extended to a later one', () => {
  expect(endFault('shorten', present - 1, present)).toBeNull()
  expect(endFault('shorten', present, present)).toContain('earlier')
  expect(endFault('extend', present + 1, present)).toBeNull()
  expect(endFault('ask', present, present)).toContain('later')
  expect(endFault('ask', null, present)).toContain('such as')
})

test('a move says whose approval lapses and who must agree again', () => {
  const approvals = [
    { by: 'priya', role: 'clinical-engineer', at: '2026-11-20T10:00:00Z' },
    { by: 'omar', role: 'pharmacist', at: '2026-11-20T11:00:00Z' },
  ]
  const words = whoseYesLapses({ approvals, technicians: ['dana', 'li'] })
  expect(words).toContain('The approval of omar lapses')
  expect(words).toContain('dana, li must accept')
  expect(whoseYesLapses({ approvals: [], technicians: ['dana'] })).not.toContain('lapses')
})
