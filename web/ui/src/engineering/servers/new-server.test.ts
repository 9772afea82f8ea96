import { expect, test } from 'vitest'
import { EMPTY_SERVER, newTarget, serverFaults } from './new-server'

const server = {
  ...EMPTY_SERVER,
  name: 'alaris-sm-01',
  address: '10.1.2.3:22',
  hostKeys: 'ssh-ed25519 AAAA\n\n  ecdsa-sha2-nistp256 BBBB  \n',
  credential: { account: ' svc ', kind: 'ssh-key' as const, secret: 'KEY' },
  pumps: '412',
  site: ' East ',
}

test('a whole server has no fault', () => {
  expect(serverFaults(server)).toEqual({})
  expect(serverFaults({ ...server, address: '[2001:db8::1]:22' })).toEqual({})
})

test('each fault is at its field', () => {
  expect(Object.keys(serverFaults(EMPTY_SERVER))).toEqual(['name', 'address', 'hostKeys', 'credential'])
  expect(serverFaults({ ...server, name: 'Alaris' })).toHaveProperty('name')
  expect(serverFaults({ ...server, address: '10.1.2.3' })).toHaveProperty('address')
  expect(serverFaults({ ...server, pumps: 'many' })).toHaveProperty('pumps')
})

test('what goes to the gate is tidy, and what was not given is nothing', () => {
  expect(newTarget(server)).toMatchObject({
    name: 'alaris-sm-01',
    ssh: { host_keys: ['ssh-ed25519 AAAA', 'ecdsa-sha2-nistp256 BBBB'], accounts: [{ account: 'svc', kind: 'ssh-key', secret: 'KEY' }] },
    card: { site: 'East', unit: null, pumps: 412 },
  })
})
