/** A server to add, as it is typed. */
import type { Wire } from '#frame'
import { linesOf } from './lines'

export interface NewServer {
  name: string
  hasSsh: boolean
  address: string
  hostKeys: string
  credential: Wire<'NewCredential'>
  hasTls: boolean
  tlsAddress: string
  /** The name that its certificate must carry. */
  serverName: string
  trustPem: string
  isConsole: boolean
  isStaged: boolean
  site: string
  group: string
  unit: string
  pumps: string
  hasPatientData: boolean
  isInClinicalUse: boolean
  isDurable: boolean
  needsObserver: boolean
}

export const EMPTY_SERVER: NewServer = {
  name: '',
  hasSsh: true,
  address: '',
  hostKeys: '',
  credential: { account: '', kind: 'ssh-key', secret: '' },
  hasTls: false,
  tlsAddress: '',
  serverName: '',
  trustPem: '',
  isConsole: true,
  isStaged: false,
  site: '',
  group: '',
  unit: '',
  pumps: '',
  hasPatientData: false,
  isInClinicalUse: false,
  isDurable: false,
  needsObserver: false,
}

export type ServerFaults = Partial<
  Record<'name' | 'reach' | 'address' | 'hostKeys' | 'credential' | 'tlsAddress' | 'serverName' | 'trustPem' | 'pumps', string>
>

const ADDRESS = /^(\[[0-9a-fA-F:.]+\]|[^\s:]+):\d{1,5}$/
const CERTIFICATES = /^\s*(-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----\s*)+$/

export function serverFaults(server: NewServer): ServerFaults {
  const faults: ServerFaults = {}
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(server.name)) faults.name = 'Small letters, digits, dots and dashes'
  if (!server.hasSsh && !server.hasTls) faults.reach = 'Choose at least one way to reach it'
  if (server.hasSsh) Object.assign(faults, sshFaults(server))
  if (server.hasTls) Object.assign(faults, tlsFaults(server))
  if (server.pumps.trim() !== '' && !/^\d{1,6}$/.test(server.pumps.trim())) faults.pumps = 'A number'
  return faults
}

function sshFaults(server: NewServer): ServerFaults {
  const faults: ServerFaults = {}
  if (!ADDRESS.test(server.address.trim())) faults.address = 'HOST:PORT, such as 10.1.2.3:22'
  if (linesOf(server.hostKeys).length === 0) faults.hostKeys = 'At least one, or nobody could tell the server from another'
  const needsSecret = server.credential.kind !== 'user-ca'
  if (server.credential.account.trim() === '' || (needsSecret && (server.credential.secret ?? '') === ''))
    faults.credential = 'Give the account and its secret'
  return faults
}

/** What is wrong with a TLS endpoint. */
export function tlsFaults({ tlsAddress, serverName, trustPem }: Pick<NewServer, 'tlsAddress' | 'serverName' | 'trustPem'>): ServerFaults {
  const faults: ServerFaults = {}
  if (!ADDRESS.test(tlsAddress.trim())) faults.tlsAddress = 'HOST:PORT, such as 10.1.2.3:443'
  if (serverName.trim() === '' || /\s/.test(serverName.trim())) faults.serverName = 'The name in its certificate'
  if (!CERTIFICATES.test(trustPem)) faults.trustPem = 'One certificate or more, from BEGIN to END CERTIFICATE; no key'
  return faults
}

/** A server without faults as the gate wants it. */
export function newTarget(server: NewServer): Wire<'NewTarget'> {
  const text = (given: string): string | null => (given.trim() === '' ? null : given.trim())
  return {
    name: server.name,
    ...(server.hasSsh && {
      ssh: {
        address: server.address.trim(),
        host_keys: linesOf(server.hostKeys),
        accounts: [{ ...server.credential, account: server.credential.account.trim() }],
      },
    }),
    ...(server.hasTls && {
      tls: {
        address: server.tlsAddress.trim(),
        server_name: server.serverName.trim(),
        trust_pem: `${server.trustPem.trim()}\n`,
        http: server.isConsole,
      },
    }),
    ...(server.isStaged && { uploads: 'staged' }),
    card: {
      site: text(server.site),
      group: text(server.group),
      unit: text(server.unit),
      contact: null,
      pumps: server.pumps.trim() === '' ? null : Number(server.pumps),
      patient_data: server.hasPatientData,
      in_clinical_use: server.isInClinicalUse,
    },
    durable: server.isDurable,
    observer_required: server.needsObserver,
  }
}
