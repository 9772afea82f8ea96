import { useQuery } from '@tanstack/react-query'
import { api, asProblem, bodyOf } from '#frame'

/** The demo's desks; `null` where this is no demo. */
export function useDemo() {
  return useQuery({
    queryKey: ['demo'],
    queryFn: async ({ signal }) => {
      try {
        return await bodyOf(api.GET('/api/demo', { signal }))
      } catch (error) {
        if (asProblem(error).status === 404) return null
        throw error
      }
    },
    retry: false,
  })
}
