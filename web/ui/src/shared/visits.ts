import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '../api/client'

export type SessionView = Wire<'SessionView'>

const ENDS: Record<string, string> = {
  'client-closed': 'the technician left',
  'client-lost': 'the technician’s connection was lost',
  'target-closed': 'the server closed the connection',
  'target-failed': 'the server could not be reached',
  'window-closed': 'the change window closed',
  'work-limit': 'the time for work was used up',
  frozen: 'a freeze began',
  revoked: 'the change window was revoked',
  locked: 'access was locked',
  'no-longer-permitted': 'it was no longer permitted',
  'too-many-refusals': 'its client went on asking for what is refused',
  'endpoint-changed': 'how the server is reached was changed',
  'observer-required': 'nobody came to observe it',
  stopped: 'stopped by the hospital',
  recorder: 'it could not be recorded any more',
  store: 'the gate lost its database',
  clock: 'the gate’s clock could not be trusted',
  shutdown: 'the gate was shut down',
  crash: 'the gate crashed; the recording is as it was found',
  'never-started': 'it never began',
}

/** Why a visit ended, as people say it. */
export function endWords(reason: string): string {
  return ENDS[reason] ?? reason
}

/** Visits that are open now. */
export function liveVisitsQuery() {
  return queryOptions({
    queryKey: ['sessions', 'live'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/sessions', { params: { query: { state: 'live' } }, signal })),
  })
}

/** The newest visits to a server. */
export function visitsToQuery(target: string) {
  return queryOptions({
    queryKey: ['sessions', 'to', target],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/sessions', { params: { query: { target, limit: 10 } }, signal })),
  })
}
