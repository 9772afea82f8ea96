import { expect, test } from 'vitest'
import { faultsOf, requestOf, type Draft } from './draft'

const now = Date.parse('2026-11-25T12:00:00Z')
const draft: Draft = {
  servers: ['alaris-sm-01', ''],
  technicians: 'dana, li dana',
  purpose: 'patch',
  access: ['shell'],
  start: { date: '2026-11-25', time: '22:00' },
  length: '90 min',
  workLimit: '1 h',
  overrun: '',
  files: [],
  ticket: ' CHG0031337 ',
  reason: ' Patch 12.1.4 ',
}

test('times are the hospital’s, and go to the gate as instants', () => {
  expect(requestOf(draft, 'Europe/Berlin')).toEqual({
    targets: ['alaris-sm-01'],
    technicians: ['dana', 'li'],
    access: ['shell'],
    opens: '2026-11-25T21:00:00.000Z',
    closes: '2026-11-25T22:30:00.000Z',
    purpose: 'patch',
    reason: 'Patch 12.1.4',
    work_limit_seconds: 3600,
    ticket: 'CHG0031337',
  })
})

test('what was left empty is not sent', () => {
  const sent = requestOf({ ...draft, ticket: ' ', workLimit: '' }, 'Europe/Berlin')
  expect(sent).not.toHaveProperty('ticket')
  expect(sent).not.toHaveProperty('work_limit_seconds')
})

test('planned files go along with their hashes, and rows that are empty do not', () => {
  const hash = 'AB'.repeat(32)
  const files = [{ name: ' patch.bin ', sha256: ` ${hash} ` }, { name: '', sha256: ' ' }]
  expect(requestOf({ ...draft, files, overrun: '15 min' }, 'UTC')).toMatchObject({
    files: [{ name: 'patch.bin', sha256: hash.toLowerCase() }],
    overrun_seconds: 900,
  })
  expect(requestOf(draft, 'UTC')).not.toHaveProperty('files')
  expect(requestOf(draft, 'UTC')).not.toHaveProperty('overrun_seconds')
  expect(faultsOf({ ...draft, files }, 'UTC', now)).toEqual({})
  for (const file of [{ name: '', sha256: hash }, { name: 'a/b', sha256: hash }, { name: 'a', sha256: 'ab' }]) {
    expect(faultsOf({ ...draft, files: [file] }, 'UTC', now)).toHaveProperty('files')
  }
  expect(faultsOf({ ...draft, overrun: 'long' }, 'UTC', now)).toHaveProperty('overrun')
  expect(faultsOf({ ...draft, overrun: '25 h' }, 'UTC', now).overrun).toContain('day')
})

test('each fault is at its field', () => {
  expect(faultsOf(draft, 'Europe/Berlin', now)).toEqual({})
  expect(faultsOf({ ...draft, servers: [''] }, 'UTC', now)).toHaveProperty('servers')
  expect(faultsOf({ ...draft, technicians: ' ,' }, 'UTC', now)).toHaveProperty('technicians')
  expect(faultsOf({ ...draft, access: [] }, 'UTC', now)).toHaveProperty('access')
  expect(faultsOf({ ...draft, start: { date: '2026-11-24', time: '22:00' } }, 'UTC', now).start).toContain('past')
  expect(faultsOf({ ...draft, start: { date: '', time: '22:00' } }, 'UTC', now).start).toContain('Give')
  expect(faultsOf({ ...draft, length: '0' }, 'UTC', now)).toHaveProperty('length')
  expect(faultsOf({ ...draft, workLimit: 'long' }, 'UTC', now)).toHaveProperty('workLimit')
  expect(faultsOf({ ...draft, reason: ' ' }, 'UTC', now)).toHaveProperty('reason')
})
