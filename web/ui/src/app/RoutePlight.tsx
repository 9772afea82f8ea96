import { useRouteError } from 'react-router'
import { ProblemPanel } from '../shared/ProblemPanel'

/** Stands for a page that failed, also when a newer version took its files away. */
export function RoutePlight() {
  const error = useRouteError()
  return <ProblemPanel error={error} onRetry={() => location.reload()} />
}
