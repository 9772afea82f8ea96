/** The lock on everything: every visit ends, and nobody is let in, until it is lifted. */
import { useQuery } from '@tanstack/react-query'
import { useAct } from '../api/act'
import { api, bodyOf } from '../api/client'
import type { PlannedAct } from './ReasonDialog'

export function useEverythingLock() {
  return useQuery({
    queryKey: ['people', 'everything'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/lock', { signal })),
  })
}

export function useLockEverything() {
  return useAct(['people', 'sessions'], ({ act, reason }: { act: 'lock' | 'unlock'; reason: string }) =>
    act === 'lock'
      ? bodyOf(api.POST('/api/lock', { body: { reason } }))
      : bodyOf(api.POST('/api/unlock', { body: { reason } })),
  )
}

export const LOCKING: Omit<PlannedAct, 'run'> = {
  title: 'Lock everything',
  explains:
    'Every visit to every server ends at once, and no technician is let in until somebody unlocks. Change windows stay as they are.',
  verb: 'Lock everything',
  isCut: true,
}

export const UNLOCKING: Omit<PlannedAct, 'run'> = {
  title: 'Unlock everything',
  explains: 'What the schedule says holds again. Locks on people, vendors and servers stay.',
  verb: 'Unlock',
  isCut: false,
}
