import { expect, test } from 'vitest'
import { roleLabel } from '../../shared/roles'
import { EMPTY_PERSON, newPerson, personFaults } from './person-draft'
import { standingOf } from './standing'

const now = Date.parse('2026-11-25T12:00:00Z')
const person = { locked: null, valid_from: null, valid_until: null, enrolled: true, second_factor: true }

test('the first thing that keeps somebody out is said', () => {
  expect(standingOf(person, now).words).toBe('Can sign in')
  expect(standingOf({ ...person, locked: 'lost laptop', enrolled: false }, now).words).toBe('Locked')
  expect(standingOf({ ...person, valid_from: '2026-12-01T00:00:00Z' }, now).words).toBe('Not valid yet')
  expect(standingOf({ ...person, valid_until: '2026-11-25T12:00:00Z' }, now).words).toBe('Not valid any more')
  expect(standingOf({ ...person, valid_until: '2026-11-30T00:00:00Z' }, now).words).toBe('Ends soon')
  expect(standingOf({ ...person, enrolled: false }, now).words).toBe('Not enrolled')
})

test('roles carry their scope, those of vendors do not', () => {
  const draft = { ...EMPTY_PERSON, login: 'ines', roles: ['clinical-engineer'], scope: 'site:West', networks: '10.0.0.0/8, 192.0.2.0/24' }
  expect(newPerson(draft)).toMatchObject({
    roles: ['clinical-engineer@site:West'],
    source_networks: ['10.0.0.0/8', '192.0.2.0/24'],
    ssh_keys: [],
  })
  expect(newPerson({ ...draft, vendor: 'Helix Dosing', roles: ['technician'] }).roles).toEqual(['technician'])
})

test('each fault is at its field', () => {
  expect(Object.keys(personFaults(EMPTY_PERSON))).toEqual(['login', 'roles'])
  expect(personFaults({ ...EMPTY_PERSON, login: 'ines', roles: ['analyst'], scope: 'moon:1' })).toHaveProperty('scope')
})

test('a role with a scope is said in words', () => {
  expect(roleLabel('clinical-engineer@site:East wing')).toBe('Clinical engineer, site East wing')
  expect(roleLabel('analyst@target:alaris-sm-01')).toBe('SOC analyst, server alaris-sm-01')
  expect(roleLabel('analyst')).toBe('SOC analyst')
})
