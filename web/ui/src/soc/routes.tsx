import { lazy } from 'react'
import type { RouteObject } from 'react-router'
import { HospitalOnly } from './HospitalOnly'

const QueuePage = lazy(async () => ({ default: (await import('./queue/QueuePage')).QueuePage }))
const AlertPage = lazy(async () => ({ default: (await import('./alert/AlertPage')).AlertPage }))
const LivePage = lazy(async () => ({ default: (await import('./live/LivePage')).LivePage }))
const WatchPage = lazy(async () => ({ default: (await import('./live/WatchPage')).WatchPage }))
const VisitsPage = lazy(async () => ({ default: (await import('./visits/VisitsPage')).VisitsPage }))
const VisitPage = lazy(async () => ({ default: (await import('./visits/VisitPage')).VisitPage }))
const EvidencePage = lazy(async () => ({ default: (await import('./evidence/EvidencePage')).EvidencePage }))
const LedgerPage = lazy(async () => ({ default: (await import('./ledger/LedgerPage')).LedgerPage }))
const KeepingPage = lazy(async () => ({ default: (await import('./keeping/KeepingPage')).KeepingPage }))
const DestinationsPage = lazy(async () => ({
  default: (await import('./destinations/DestinationsPage')).DestinationsPage,
}))

/** Each page is fetched when it is first opened: the terminal is large. */
const pages: RouteObject[] = [
  { path: 'soc', element: <QueuePage /> },
  { path: 'soc/alerts/:id', element: <AlertPage /> },
  { path: 'soc/live', element: <LivePage /> },
  { path: 'soc/live/:session', element: <WatchPage /> },
  { path: 'soc/visits', element: <VisitsPage /> },
  { path: 'soc/visits/:id', element: <VisitPage /> },
  { path: 'soc/evidence', element: <EvidencePage /> },
  { path: 'soc/keeping', element: <KeepingPage /> },
  { path: 'soc/ledger', element: <LedgerPage /> },
  { path: 'soc/destinations', element: <DestinationsPage /> },
]

/** The SOC's desk. */
export const socRoutes: RouteObject[] = [{ element: <HospitalOnly />, children: pages }]
