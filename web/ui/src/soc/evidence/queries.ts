/** What the pages about evidence read. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api, bodyOf, type Wire } from '#frame'

export type WordView = Wire<'WordView'>
export type HoldView = Wire<'HoldView'>

/** Who asked to see typed input, and what became of it. */
export function unmaskQuery() {
  return queryOptions({
    queryKey: ['keeping', 'unmask'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/unmask', { signal })),
  })
}

/** What is kept whatever its class says. */
export function keepsQuery() {
  return queryOptions({
    queryKey: ['keeping', 'keeps'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/keep', { signal })),
  })
}

export function retentionQuery() {
  return queryOptions({
    queryKey: ['keeping', 'retention'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/retention', { signal })),
  })
}

/** The newest checkpoint changes with every fact: read when it is shown. */
export function useCheckpoint() {
  return useQuery({
    queryKey: ['ledger', 'checkpoint'],
    queryFn: ({ signal }) => bodyOf(api.GET('/api/ledger/checkpoint', { signal })),
    staleTime: 0,
  })
}
