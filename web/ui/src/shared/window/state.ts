/** A window's state in people's words. */
import type { Tone } from '../Tag'
import { phaseOf } from '../time/span'
import type { WindowView } from './queries'

type Standing = Pick<WindowView, 'state' | 'opens' | 'closes'> &
  Partial<Pick<WindowView, 'awaiting_acceptance' | 'awaiting_substitution' | 'go_required' | 'go_by' | 'more_time'>>

export interface StateWords {
  words: string
  tone: Tone
}

const WORDS: Record<string, StateWords> = {
  requested: { words: 'Waits for approval', tone: 'warn' },
  approved: { words: 'Approved', tone: 'good' },
  open: { words: 'Open', tone: 'good' },
  closed: { words: 'Closed', tone: 'neutral' },
  reviewed: { words: 'Closed and reviewed', tone: 'neutral' },
  denied: { words: 'Denied', tone: 'bad' },
  withdrawn: { words: 'Withdrawn', tone: 'neutral' },
  revoked: { words: 'Revoked', tone: 'bad' },
  expired: { words: 'Never approved', tone: 'neutral' },
}

/** Where a window stands, and what it still waits for. */
export function stateWords(window: Standing): StateWords {
  const isComing = window.state === 'approved' || window.state === 'open'
  if (isComing && window.awaiting_acceptance?.length) return { words: 'Waits for the technician', tone: 'warn' }
  if (isComing && window.awaiting_substitution?.length) return { words: 'Waits for a yes to the substitute', tone: 'warn' }
  if (isComing && window.go_required && !window.go_by) return { words: 'Waits for the go of the day', tone: 'warn' }
  return WORDS[window.state] ?? { words: window.state, tone: 'neutral' }
}

/** Whether somebody of the hospital has to answer: a request, more time, a substitute, a go that is due. */
export function isWaiting(window: Standing): boolean {
  if (window.state === 'requested') return true
  const isComing = window.state === 'approved' || window.state === 'open'
  return isComing && (Boolean(window.more_time) || Boolean(window.awaiting_substitution?.length))
}

/** Whether visits may still come of it. */
export function isAhead(window: Standing, now: number): boolean {
  return ['requested', 'approved', 'open'].includes(window.state) && phaseOf(window, now) !== 'over'
}

/** `patch`, `upgrade`, … as on a form. */
export const PURPOSES = [
  { value: 'patch', label: 'Patch' },
  { value: 'upgrade', label: 'Upgrade' },
  { value: 'repair', label: 'Repair' },
  { value: 'maintenance', label: 'Maintenance' },
  { value: 'library', label: 'Drug library' },
  { value: 'configuration', label: 'Configuration' },
  { value: 'inspection', label: 'Inspection' },
  { value: 'emergency', label: 'Emergency' },
] as const

export function purposeLabel(purpose: string): string {
  return PURPOSES.find(({ value }) => value === purpose)?.label ?? purpose
}

/** What can be granted, in plain words. */
export const ACCESS = [
  { value: 'shell', label: 'Terminal', words: 'an interactive shell, recorded as it looks' },
  { value: 'exec', label: 'Single commands', words: 'commands given to ssh, also by scripts' },
  { value: 'sftp-read', label: 'Fetch files', words: 'files from the server, each with its hash' },
  { value: 'sftp-write', label: 'Bring files', words: 'files to the server, each with its hash' },
  { value: 'forward', label: 'Tunnels', words: 'declared ports; every byte that passes is recorded' },
  {
    value: 'forward-opaque',
    label: 'Encrypted tunnels',
    words: 'such as RDP; when and how much passes is recorded, the screen is not',
  },
  {
    value: 'tls',
    label: 'Web console or TLS program',
    words: 'in a browser or a vendor’s own program; each request, answer and byte is recorded in the clear',
  },
] as const

export function accessLabel(access: string): string {
  return ACCESS.find(({ value }) => value === access)?.label ?? access
}
