import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { createContext, useCallback, useContext } from 'react'
import { api, bodyOf, type Wire } from './client'
import { asProblem } from './problem'
import { carryCsrf } from './transport'

export type Me = Wire<'Me'>

export const ME = ['me'] as const

/** Who is signed in; `null` when nobody is. */
export function useSignedIn(): UseQueryResult<Me | null> {
  return useQuery({
    queryKey: ME,
    queryFn: async ({ signal }) => {
      try {
        const me = await bodyOf(api.GET('/api/me', { signal }))
        carryCsrf(me.csrf ?? null)
        return me
      } catch (error) {
        if (asProblem(error).status === 401) return null
        throw error
      }
    },
  })
}

export const MeContext = createContext<Me | null>(null)

/** The person at the desk; only inside the signed-in part of the page. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === null) throw new Error('nobody is signed in here')
  return me
}

/** Whether some role of the person allows an act, by its name in the table of rights. The gate decides in the end. */
export function useMay(): (act: string) => boolean {
  const { acts } = useMe()
  return useCallback((act) => acts.includes(act), [acts])
}

/** The hospital's zone; UTC before sign-in. */
export function useHospitalZone(): string {
  return useContext(MeContext)?.time_zone ?? 'UTC'
}
