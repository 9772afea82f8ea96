import { nextDue, type DueAlert } from '../alert/due'
import { severityRank } from '../alert/severity'

export interface QueuedAlert extends DueAlert {
  id: string
  severity: string
  last_at: string
}

/** Open alerts: the worst first, then the one with the least time left, then the newest. */
export function byUrgency<T extends QueuedAlert>(alerts: readonly T[], now: number): T[] {
  const left = (alert: T): number => nextDue(alert, now)?.at ?? Infinity
  return alerts.toSorted(
    (a, b) =>
      severityRank(b.severity) - severityRank(a.severity) ||
      compare(left(a), left(b)) ||
      Date.parse(b.last_at) - Date.parse(a.last_at) ||
      compare(a.id, b.id),
  )
}

/** Closed alerts: the newest first. */
export function byTime<T extends QueuedAlert>(alerts: readonly T[]): T[] {
  return alerts.toSorted((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at) || compare(a.id, b.id))
}

function compare<V extends number | string>(a: V, b: V): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * Which row the keyboard is on. It stays on its alert while the queue moves under it; when the alert leaves, it stays
 * at the place where that was.
 */
export function cursorIndex(ids: readonly string[], cursor: { id: string; index: number } | null): number {
  if (!cursor || ids.length === 0) return -1
  const index = ids.indexOf(cursor.id)
  return index >= 0 ? index : Math.min(cursor.index, ids.length - 1)
}
