import { Navigate, type RouteObject } from 'react-router'

/** Clinical engineering's desk. */
export const engineeringRoutes: RouteObject[] = [
  { path: 'engineering', element: <Navigate to="/engineering/requests" replace /> },
  {
    path: 'engineering/requests/:id?',
    lazy: async () => ({ Component: (await import('./requests/RequestsPage')).RequestsPage }),
  },
  {
    path: 'engineering/schedule',
    lazy: async () => ({ Component: (await import('./schedule/SchedulePage')).SchedulePage }),
  },
  {
    path: 'engineering/now',
    lazy: async () => ({ Component: (await import('./now/NowPage')).NowPage }),
  },
  {
    path: 'engineering/servers',
    lazy: async () => ({ Component: (await import('./servers/ServersPage')).ServersPage }),
  },
  {
    path: 'engineering/servers/add',
    lazy: async () => ({ Component: (await import('./servers/AddServerPage')).AddServerPage }),
  },
  {
    path: 'engineering/servers/:name',
    lazy: async () => ({ Component: (await import('./servers/ServerPage')).ServerPage }),
  },
  {
    path: 'engineering/freezes',
    lazy: async () => ({ Component: (await import('./freezes/FreezesPage')).FreezesPage }),
  },
]
