/** What is typed when asking for a window, and what becomes of it on the wire. */
import type { Wire } from '#frame'
import { minutesFrom } from '../../shared/time/span'
import { instantOf, type Wall } from '../../shared/time/zone'

export interface Draft {
  servers: string[]
  technicians: string
  purpose: string
  access: string[]
  start: Wall
  length: string
  workLimit: string
  /** How long output may flow past the end. */
  overrun: string
  /** What will be uploaded; rows that are empty are none. */
  files: PlannedFile[]
  ticket: string
  reason: string
}

export type PlannedFile = Wire<'PlannedFileView'>

/** The longest overrun that the gate takes, in minutes. */
export const MOST_OVERRUN = 24 * 60

/** What usually goes with a purpose. */
export const TEMPLATES: Record<string, { access: string[]; length: string }> = {
  patch: { access: ['shell', 'exec'], length: '90 min' },
  upgrade: { access: ['shell', 'exec'], length: '3 h' },
  repair: { access: ['shell'], length: '2 h' },
  maintenance: { access: ['shell'], length: '1 h' },
  library: { access: ['shell'], length: '1 h' },
  configuration: { access: ['shell'], length: '1 h' },
  inspection: { access: ['shell'], length: '30 min' },
  emergency: { access: ['shell', 'exec'], length: '1 h' },
}

export type Faults = Partial<Record<keyof Draft, string>>

/** What is wrong with a draft, by field. */
export function faultsOf(draft: Draft, zone: string, now: number): Faults {
  const faults: Faults = {}
  const opens = instantOf(zone, draft.start)
  const minutes = minutesFrom(draft.length)
  if (draft.servers.every((name) => name.trim() === '')) faults.servers = 'Name a server'
  if (logins(draft).length === 0) faults.technicians = 'Name at least one technician'
  if (draft.access.length === 0) faults.access = 'Choose what the work needs'
  if (opens === null) faults.start = 'Give a date, and a time such as 22:00'
  else if (opens < now - 60_000) faults.start = 'This is in the past'
  if (minutes === null || minutes === 0) faults.length = 'Give a length such as 90 min'
  if (draft.workLimit.trim() !== '' && minutesFrom(draft.workLimit) === null) faults.workLimit = 'Give a length such as 1 h, or nothing'
  if (draft.overrun.trim() !== '') {
    const overrun = minutesFrom(draft.overrun)
    if (overrun === null) faults.overrun = 'Give a length such as 15 min, or nothing'
    else if (overrun > MOST_OVERRUN) faults.overrun = 'A day at most'
  }
  const wrong = draft.files.find((file) => !isEmpty(file) && fileFault(file) !== null)
  if (wrong) faults.files = fileFault(wrong) ?? ''
  if (draft.reason.trim() === '') faults.reason = 'Say what is to be done, in a sentence'
  return faults
}

function isEmpty({ name, sha256 }: PlannedFile): boolean {
  return name.trim() === '' && sha256.trim() === ''
}

/** What is wrong with a planned file. */
export function fileFault({ name, sha256 }: PlannedFile): string | null {
  if (name.trim() === '') return 'Name the file, without its path'
  if (/[/\\]/.test(name)) return `${name.trim()}: the name alone, without its path`
  if (!/^[0-9a-fA-F]{64}$/.test(sha256.trim())) return `${name.trim()}: its SHA-256 has 64 hexadecimal digits`
  return null
}

/** A draft without faults as the gate wants it. */
export function requestOf(draft: Draft, zone: string): Wire<'NewWindow'> {
  const opens = instantOf(zone, draft.start) ?? 0
  const minutes = minutesFrom(draft.length) ?? 0
  const limit = minutesFrom(draft.workLimit)
  const overrun = minutesFrom(draft.overrun)
  const files = draft.files
    .filter((file) => !isEmpty(file))
    .map(({ name, sha256 }) => ({ name: name.trim(), sha256: sha256.trim().toLowerCase() }))
  return {
    targets: [...new Set(draft.servers.map((name) => name.trim()).filter(Boolean))],
    technicians: logins(draft),
    access: draft.access,
    opens: new Date(opens).toISOString(),
    closes: new Date(opens + minutes * 60_000).toISOString(),
    purpose: draft.purpose,
    reason: draft.reason.trim(),
    ...(limit === null ? {} : { work_limit_seconds: limit * 60 }),
    ...(overrun ? { overrun_seconds: overrun * 60 } : {}),
    ...(files.length === 0 ? {} : { files }),
    ...(draft.ticket.trim() === '' ? {} : { ticket: draft.ticket.trim() }),
  }
}

function logins({ technicians }: Draft): string[] {
  return [...new Set(technicians.split(/[\s,;]+/).filter(Boolean))]
}
