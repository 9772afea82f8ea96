import { Navigate, type RouteObject } from 'react-router'

/** Administration. */
export const administrationRoutes: RouteObject[] = [
  { path: 'administration', element: <Navigate to="/administration/people" replace /> },
  {
    path: 'administration/people',
    lazy: async () => ({ Component: (await import('./people/PeoplePage')).PeoplePage }),
  },
  {
    path: 'administration/people/add',
    lazy: async () => ({ Component: (await import('./people/AddPersonPage')).AddPersonPage }),
  },
  {
    path: 'administration/people/:login',
    lazy: async () => ({ Component: (await import('./people/PersonPage')).PersonPage }),
  },
  {
    path: 'administration/vendors',
    lazy: async () => ({ Component: (await import('./vendors/VendorsPage')).VendorsPage }),
  },
  {
    path: 'administration/vendors/:name',
    lazy: async () => ({ Component: (await import('./vendors/VendorPage')).VendorPage }),
  },
]
