import { createBrowserRouter } from 'react-router'
import { administrationRoutes } from '../administration/routes'
import { engineeringRoutes } from '../engineering/routes'
import { socRoutes } from '../soc/routes'
import { technicianRoutes } from '../technician/routes'
import { Home } from './Home'
import { NoSuchPage } from './NoSuchPage'
import { RoutePlight } from './RoutePlight'
import { SignedIn } from './SignedIn'

/** Every page of the site. Desks list their own; each page is fetched when it is first opened. */
export function createRouter(): ReturnType<typeof createBrowserRouter> {
  return createBrowserRouter([
    {
      errorElement: <RoutePlight />,
      HydrateFallback: () => null,
      children: [
        {
          path: 'enrol',
          lazy: async () => ({ Component: (await import('../signin/EnrolPage')).EnrolPage }),
        },
        {
          element: <SignedIn />,
          children: [
            {
              errorElement: <RoutePlight />,
              children: [
                { index: true, element: <Home /> },
                {
                  path: 'account',
                  lazy: async () => ({ Component: (await import('../signin/AccountPage')).AccountPage }),
                },
                {
                  path: 'windows/:id',
                  lazy: async () => ({ Component: (await import('../engineering/window/WindowPage')).WindowPage }),
                },
                ...technicianRoutes,
                ...engineeringRoutes,
                ...socRoutes,
                ...administrationRoutes,
                { path: '*', element: <NoSuchPage /> },
              ],
            },
          ],
        },
      ],
    },
  ])
}
