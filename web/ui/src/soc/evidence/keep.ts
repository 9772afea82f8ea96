/** Keeps: evidence that stays whatever its retention class says. */
import type { HoldView } from './queries'

export type KeepKind = 'session' | 'window' | 'person' | 'target' | 'vendor'

const KINDS: Record<KeepKind, string> = {
  session: 'Visit',
  window: 'Change window',
  person: 'Person',
  target: 'Server',
  vendor: 'Vendor',
}

export const KEEP_KINDS = Object.entries(KINDS).map(([value, label]) => ({ value: value as KeepKind, label }))

export function keepKindWords(kind: string): string {
  return KINDS[kind as KeepKind] ?? kind
}

/** The keeps of exactly this thing. */
export function keepsOf(keeps: readonly HoldView[], kind: KeepKind, name: string): HoldView[] {
  return keeps.filter((keep) => keep.kind === kind && keep.name === name)
}
