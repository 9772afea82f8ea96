/** What the SOC's pages read. The first part of a key is the topic that the live updates name. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { apiGet } from '#frame'
import { decodePiece, type WirePiece } from './player/piece'
import type { LoadPiece } from './player/player-state'
import type { RecordingTimeline } from './player/timeline'
import { withWholeTexts } from './player/whole-text'
import type { VisitFilter } from './visits/filter'
import { filterQuery } from './visits/filter'
import { searchQuery, type SearchHit } from './visits/search'
import type { AlertView, DestinationView, Readiness, RecordingView, SessionView } from './wire'

export type AlertState = 'open' | 'closed' | 'all'

/** More are not read at once: of the open ones the worst come first. */
export const MOST_ALERTS = 500

export function useAlerts(state: AlertState) {
  return useQuery({
    queryKey: ['alerts', 'list', state],
    queryFn: ({ signal }) => apiGet<AlertView[]>(`/api/alerts?state=${state}&limit=${MOST_ALERTS}`, signal),
    placeholderData: keepPreviousData,
  })
}

export function useAlert(id: string) {
  return useQuery({
    queryKey: ['alerts', 'one', id],
    // It also tells who is on the server now.
    meta: { topics: ['sessions'] },
    queryFn: ({ signal }) => apiGet<AlertView>(`/api/alerts/${id}`, signal),
  })
}

export function useVisits(filter: VisitFilter) {
  const query = filterQuery(filter)
  return useQuery({
    queryKey: ['sessions', 'list', query],
    queryFn: ({ signal }) => apiGet<SessionView[]>(`/api/sessions?${query}`, signal),
    placeholderData: keepPreviousData,
  })
}

/** Asked once for each search: that somebody searched is a fact. */
export function useSearchHits(filter: VisitFilter) {
  const query = searchQuery(filter)
  return useQuery({
    queryKey: ['search', query],
    queryFn: ({ signal }) => apiGet<SearchHit[]>(`/api/search?${query}`, signal),
    retry: false,
  })
}

export function useVisit(id: string) {
  return useQuery({
    queryKey: ['sessions', 'one', id],
    queryFn: ({ signal }) => apiGet<SessionView>(`/api/sessions/${id}`, signal),
  })
}

export function useRecording(session: string) {
  return useQuery({
    queryKey: ['sessions', 'recording', session],
    queryFn: ({ signal }) => apiGet<RecordingView>(`/api/recordings/${session}`, signal),
  })
}

/** Fetched once: looking at a recording is a fact, and a recording that is over does not change. */
export function useTimeline(session: string) {
  return useQuery({
    queryKey: ['recording', session, 'timeline'],
    queryFn: ({ signal }) => apiGet<RecordingTimeline>(`/api/recordings/${session}/timeline`, signal),
    staleTime: Infinity,
  })
}

export function pieceLoader({ session, channels }: RecordingTimeline): LoadPiece {
  const texts = new Map(channels.filter((each) => !each.terminal).map((each) => [each.id, each.began_ms]))
  const load: LoadPiece = async (channel, from, signal) => {
    const at = Math.round(from)
    const wire = await apiGet<WirePiece>(`/api/recordings/${session}/play?channel=${channel}&from_ms=${at}`, signal)
    return decodePiece(wire, at)
  }
  return withWholeTexts(load, (channel) => texts.get(channel) ?? null)
}

export function useDestinations(isAllowed: boolean) {
  return useQuery({
    enabled: isAllowed,
    queryKey: ['destinations', 'list'],
    queryFn: ({ signal }) => apiGet<DestinationView[]>('/api/destinations', signal),
  })
}

/** Answers 503 with the same body when something is wrong, which is an answer here. */
export function useReadiness() {
  return useQuery({
    queryKey: ['destinations', 'readiness'],
    queryFn: async ({ signal }): Promise<Readiness> => {
      const response = await fetch('/readyz', { signal })
      return (await response.json()) as Readiness
    },
    refetchInterval: 15_000,
  })
}
