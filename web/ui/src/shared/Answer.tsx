import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Loading } from './Loading'
import { ProblemPanel } from './ProblemPanel'

interface AnswerProps<T> {
  of: UseQueryResult<T>
  lines?: number
  children: (data: T) => ReactNode
}

/** Shows what a query brought; until then nothing, then grey lines; and says so when it failed. */
export function Answer<T>({ of, lines, children }: AnswerProps<T>) {
  if (of.data !== undefined) {
    return (
      <>
        {of.isRefetchError && <ProblemPanel error={of.error} onRetry={() => void of.refetch()} />}
        {children(of.data)}
      </>
    )
  }
  if (of.error) return <ProblemPanel error={of.error} onRetry={() => void of.refetch()} />
  return <Loading {...(lines === undefined ? {} : { lines })} />
}
