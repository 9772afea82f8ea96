import { useQuery } from '@tanstack/react-query'
import { apiGet } from '../api/client'
import { useMe } from '../api/me'
import { liveVisitsQuery } from '../shared/visits'
import { isWaiting } from '../shared/window/state'
import { windowsQuery } from '../shared/window/queries'
import type { Count } from './desks'

/** The numbers beside the pages; each is read only for desks that show it. */
export function useCounts(): Record<Count, number> {
  const { desks } = useMe()
  const isEngineer = desks.includes('engineering')
  const isSoc = desks.includes('soc')
  const windows = useQuery({ ...windowsQuery(), enabled: isEngineer })
  const alerts = useQuery({
    queryKey: ['alerts', 'count'],
    queryFn: ({ signal }) => apiGet<unknown[]>('/api/alerts?state=open&limit=500', signal),
    select: (open) => open.length,
    enabled: isSoc,
  })
  const live = useQuery({ ...liveVisitsQuery(), enabled: isSoc || isEngineer })
  return {
    'waiting-requests': windows.data?.filter(isWaiting).length ?? 0,
    'open-alerts': alerts.data ?? 0,
    'live-visits': live.data?.length ?? 0,
  }
}
