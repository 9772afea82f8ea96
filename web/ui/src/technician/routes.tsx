import type { RouteObject } from 'react-router'

/** The technician's desk, and the coordinator's of a vendor. */
export const technicianRoutes: RouteObject[] = [
  {
    path: 'technician',
    lazy: async () => ({ Component: (await import('./MyWindowsPage')).MyWindowsPage }),
  },
  {
    path: 'technician/ask',
    lazy: async () => ({ Component: (await import('./ask/AskPage')).AskPage }),
  },
  {
    path: 'technician/windows/:id',
    lazy: async () => ({ Component: (await import('./MyWindowPage')).MyWindowPage }),
  },
]
