import { api, bodyOf, useAct, type PlannedAct } from '#frame'
import type { VendorView } from '../../shared/people'

/** Locking a company, or unlocking one that is locked. */
export function useLockVendor(): (vendor: VendorView) => PlannedAct {
  const change = useAct<() => Promise<VendorView>, VendorView>(['vendors', 'people', 'sessions'], (run) => run())
  return ({ name, people, locked }) => {
    const at = { params: { path: { vendor: name } } }
    return {
      title: `${locked ? 'Unlock' : 'Lock'} ${name}`,
      explains: locked
        ? `It was locked because: ${locked}`
        : `Visits of its people (${people.join(', ') || 'nobody at present'}) are cut at once, and none of them gets in.`,
      verb: locked ? 'Unlock' : 'Lock',
      isCut: !locked,
      run: (reason) =>
        change.mutateAsync(() =>
          locked
            ? bodyOf(api.POST('/api/vendors/{vendor}/unlock', { ...at, body: { reason } }))
            : bodyOf(api.POST('/api/vendors/{vendor}/lock', { ...at, body: { reason } })),
        ),
    }
  }
}
