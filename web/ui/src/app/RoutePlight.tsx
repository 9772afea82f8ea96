import { useRouteError } from 'react-router'
import { unreachable } from '../api/problem'
import { ProblemPanel } from '../shared/ProblemPanel'

/** What browsers say when a page's files cannot be fetched. */
const NOT_FETCHED = /dynamically imported module|preload CSS|importing a module script/i

/** Stands for a page that failed, also while the gate is down and when a newer version took its files away. */
export function RoutePlight() {
  const error = useRouteError()
  const isNotFetched = error instanceof Error && NOT_FETCHED.test(error.message)
  return <ProblemPanel error={isNotFetched ? unreachable(false) : error} onRetry={() => location.reload()} />
}
