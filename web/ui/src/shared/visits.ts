import { queryOptions } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '../api/client'

export type SessionView = Wire<'SessionView'>

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
