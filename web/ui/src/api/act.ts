import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import { shows, type Topic } from './live'

/** A change. Once it is done, what shows the topics is read again, without waiting for the live update. */
export function useAct<Given, Answer>(
  topics: readonly Topic[],
  run: (given: Given) => Promise<Answer>,
): UseMutationResult<Answer, Error, Given> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: run,
    onSuccess: () => queries.invalidateQueries({ predicate: (query) => shows(query, topics) }),
  })
}
