/** A person to add, as it is typed. */
import type { Wire } from '#frame'

export interface PersonDraft {
  login: string
  name: string
  /** Empty for no mail. */
  email: string
  /** Empty for hospital staff. */
  vendor: string
  roles: string[]
  /** `site:East`; empty for everywhere. */
  scope: string
  keys: string
  networks: string
}

export const EMPTY_PERSON: PersonDraft = { login: '', name: '', email: '', vendor: '', roles: [], scope: '', keys: '', networks: '' }

export type PersonFaults = Partial<Record<'login' | 'roles' | 'scope', string>>

export function personFaults(draft: PersonDraft): PersonFaults {
  const faults: PersonFaults = {}
  if (!/^[a-z][a-z0-9._-]*$/.test(draft.login)) faults.login = 'Small letters, digits, dots and dashes, a letter first'
  if (draft.roles.length === 0) faults.roles = 'Choose at least one'
  if (!/^((site|group|target):.+)?$/.test(draft.scope.trim())) faults.scope = 'site:NAME, group:NAME, target:NAME, or nothing'
  return faults
}

/** A person without faults as the gate wants them. */
export function newPerson(draft: PersonDraft): Wire<'NewPerson'> {
  const scope = draft.vendor === '' ? draft.scope.trim() : ''
  return {
    login: draft.login,
    name: draft.name.trim(),
    roles: draft.roles.map((role) => (scope === '' ? role : `${role}@${scope}`)),
    ...(draft.vendor === '' ? {} : { vendor: draft.vendor }),
    ...(draft.email.trim() === '' ? {} : { email: draft.email.trim() }),
    ssh_keys: listOf(draft.keys, /\r?\n/),
    source_networks: listOf(draft.networks, /[\s,;]+/),
  }
}

function listOf(text: string, between: RegExp): string[] {
  return text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
