import type { SessionView } from '../wire'

/** Whether somebody is on the server, or about to be. */
export function isLive(visit: Pick<SessionView, 'state'>): boolean {
  return visit.state === 'live' || visit.state === 'admitted'
}

const STATES: Record<string, string> = {
  admitted: 'Let in, not yet connected',
  live: 'Live',
  ended: 'Ended, being sealed',
  sealed: 'Ended',
  lost: 'Ended, recording lost',
  'never-started': 'Never connected',
}

export function visitStateWords(visit: Pick<SessionView, 'state' | 'paused' | 'awaits_observer'>): string {
  if (isLive(visit) && visit.awaits_observer) return 'Live, waits for an observer'
  if (isLive(visit) && visit.paused) return 'Live, input paused'
  return STATES[visit.state] ?? visit.state
}

/** How they came: by SSH, or by a web console or a program of their own in TLS. */
export function protocolWords({ protocol }: Pick<SessionView, 'protocol'>): string {
  return protocol === 'tls' ? 'web console or TLS' : 'SSH'
}

/** Whether it goes on with a visit whose connection was lost. */
export function isContinued(visit: Pick<SessionView, 'id' | 'visit'>): boolean {
  return visit.visit !== undefined && visit.visit !== visit.id
}

/** How long it lasted, or has lasted until now; nothing when it never began. */
export function visitLength(visit: SessionView, now: number): number | null {
  if (visit.state === 'never-started') return null
  const began = Date.parse(visit.started_at ?? visit.admitted_at)
  const ended = visit.ended_at === null ? now : Date.parse(visit.ended_at)
  return Math.max(0, ended - began)
}

/** The visit's time left until its window closes; nothing when that is not known. */
export function timeLeft(visit: SessionView, now: number): number | null {
  return visit.closes ? Date.parse(visit.closes) - now : null
}

/** Live visits: the one whose window closes first comes first. */
export function byTimeLeft(visits: readonly SessionView[]): SessionView[] {
  const closes = (visit: SessionView): number => (visit.closes ? Date.parse(visit.closes) : Infinity)
  return visits.toSorted((a, b) => {
    const [one, other] = [closes(a), closes(b)]
    return one === other ? Date.parse(a.admitted_at) - Date.parse(b.admitted_at) : one - other
  })
}
