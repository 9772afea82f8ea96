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

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB+abc/=\n-----END CERTIFICATE-----\n'
const withConsole = { ...server, hasTls: true, tlsAddress: '10.1.2.3:443 ', serverName: ' console.east.example', trustPem: PEM }

test('a web console goes along with its name and what vouches for it', () => {
  expect(serverFaults(withConsole)).toEqual({})
  expect(newTarget(withConsole)).toMatchObject({
    ssh: {},
    tls: { address: '10.1.2.3:443', server_name: 'console.east.example', trust_pem: PEM, http: true },
  })
  expect(newTarget({ ...withConsole, hasSsh: false })).not.toHaveProperty('ssh')
  expect(newTarget(server)).not.toHaveProperty('tls')
})

test('a console without a name or a certificate is not sent, and a key never is', () => {
  expect(Object.keys(serverFaults({ ...withConsole, tlsAddress: '', serverName: '', trustPem: '' }))).toEqual(['tlsAddress', 'serverName', 'trustPem'])
  expect(serverFaults({ ...withConsole, trustPem: `${PEM}-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----` })).toHaveProperty('trustPem')
  expect(serverFaults({ ...server, hasSsh: false })).toHaveProperty('reach')
})

test('files by way of the gate are asked for', () => {
  expect(newTarget({ ...server, isStaged: true })).toMatchObject({ uploads: 'staged' })
  expect(newTarget(server)).not.toHaveProperty('uploads')
})
