import { QueryClient } from '@tanstack/react-query'
import { asProblem } from './problem'

/** What is shown stays true until the live updates say otherwise, so nothing is read again on a timer or on focus. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 3 && isPassing(error),
        retryDelay: (failures) => Math.min(1_000 * 2 ** failures, 8_000),
      },
    },
  })
}

/** Whether trying again may help: no answer, or the gate is not ready. */
function isPassing(error: unknown): boolean {
  const { status } = asProblem(error)
  return status === 0 || status === 502 || status === 503 || status === 504
}
