import { api, bodyOf, useAct, type PlannedAct } from '#frame'
import type { PersonView } from '../../shared/people'

/** Locking a person, or unlocking who is locked. */
export function useLockPerson({ login, name, locked }: PersonView): PlannedAct {
  const at = { params: { path: { login } } }
  const change = useAct(['people', 'sessions'], (reason: string) =>
    locked
      ? bodyOf(api.POST('/api/people/{login}/unlock', { ...at, body: { reason } }))
      : bodyOf(api.POST('/api/people/{login}/lock', { ...at, body: { reason } })),
  )
  return {
    title: `${locked ? 'Unlock' : 'Lock'} ${name}`,
    explains: locked ? `They were locked because: ${locked}` : 'Their visits are cut at once, and the SOC is told.',
    verb: locked ? 'Unlock' : 'Lock',
    isCut: !locked,
    run: change.mutateAsync,
  }
}
