/** A server to add, as it is typed. */
import type { Wire } from '#frame'
import { linesOf } from './lines'

export interface NewServer {
  name: string
  address: string
  hostKeys: string
  credential: Wire<'NewCredential'>
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
  address: '',
  hostKeys: '',
  credential: { account: '', kind: 'ssh-key', secret: '' },
  site: '',
  group: '',
  unit: '',
  pumps: '',
  hasPatientData: false,
  isInClinicalUse: false,
  isDurable: false,
  needsObserver: false,
}

export type ServerFaults = Partial<Record<'name' | 'address' | 'hostKeys' | 'credential' | 'pumps', string>>

export function serverFaults(server: NewServer): ServerFaults {
  const faults: ServerFaults = {}
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(server.name)) faults.name = 'Small letters, digits, dots and dashes'
  if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:]+):\d{1,5}$/.test(server.address.trim())) faults.address = 'HOST:PORT, such as 10.1.2.3:22'
  if (linesOf(server.hostKeys).length === 0) faults.hostKeys = 'At least one, or nobody could tell the server from another'
  const needsSecret = server.credential.kind !== 'user-ca'
  if (server.credential.account.trim() === '' || (needsSecret && (server.credential.secret ?? '') === ''))
    faults.credential = 'Give the account and its secret'
  if (server.pumps.trim() !== '' && !/^\d{1,6}$/.test(server.pumps.trim())) faults.pumps = 'A number'
  return faults
}

/** A server without faults as the gate wants it. */
export function newTarget(server: NewServer): Wire<'NewTarget'> {
  const text = (given: string): string | null => (given.trim() === '' ? null : given.trim())
  return {
    name: server.name,
    ssh: {
      address: server.address.trim(),
      host_keys: linesOf(server.hostKeys),
      accounts: [{ ...server.credential, account: server.credential.account.trim() }],
    },
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
