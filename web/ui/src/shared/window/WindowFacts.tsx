import { Link } from 'react-router'
import { useMay } from '../../api/me'
import { Facts } from '../Facts'
import { serverPath } from '../paths'
import { roleLabel } from '../roles'
import { Moment } from '../time/Moment'
import { Span } from '../time/Span'
import { spanWords } from '../time/span'
import type { WindowView } from './queries'
import { accessLabel, purposeLabel } from './state'

/** What was asked for, and who said yes. */
export function WindowFacts({ window }: { window: WindowView }) {
  return (
    <Facts
      facts={[
        ['When', <When key="when" window={window} />],
        ['Server', <Servers key="servers" names={window.targets} />],
        ['Who', `${window.technicians.join(', ')} (${window.vendor})`],
        ['Purpose', purposeLabel(window.purpose)],
        ['Reason', window.reason],
        ['Ticket', window.ticket],
        ['Access', window.access.map(accessLabel).join(', ')],
        ['Accounts', window.accounts.length > 0 ? window.accounts.join(', ') : 'each server’s default'],
        ['Work limit', window.work_limit_seconds && `${spanWords(window.work_limit_seconds * 1000)} from the first visit on`],
        ['Overrun', window.overrun_seconds > 0 && `output may flow ${spanWords(window.overrun_seconds * 1000)} past the end`],
        ['Observer', window.observer_required && 'must be present while somebody types'],
        ['Go of the day', window.go_required && (window.go_by ? `given by ${window.go_by}` : 'not given yet')],
        ['Review', reviewWords(window) && <Review key="review" window={window} />],
        ['Returned to service', window.outcome && `${OUTCOMES[window.outcome] ?? window.outcome}, says ${window.returned_by}`],
        ['Asked by', <Asked key="asked" window={window} />],
        ['Approved by', window.approvals.length > 0 && <Approvals key="approvals" window={window} />],
        ['Still needs', window.missing?.map(({ role, count }) => `${count} × ${roleLabel(role)}`).join(', ')],
        ['Not accepted yet', window.awaiting_acceptance.join(', ')],
        ['New substitute', window.awaiting_substitution.join(', ')],
        ['Visits', window.visits ? String(window.visits) : null],
      ]}
    />
  )
}

const OUTCOMES: Record<string, string> = { done: 'done', partly: 'done in part', 'backed-out': 'taken back' }

function reviewWords(window: WindowView): string | null {
  if (window.reviewed_by) return `by ${window.reviewed_by}`
  return window.review_by ? 'due' : null
}

function Review({ window }: { window: WindowView }) {
  if (window.reviewed_by || !window.review_by) return <>{reviewWords(window)}</>
  return (
    <>
      an emergency: by <Moment at={window.review_by} />, by somebody who gave no word to it
    </>
  )
}

function When({ window }: { window: WindowView }) {
  return (
    <>
      <Span from={window.opens} until={window.closes} />{' '}
      <span className="dim">({spanWords(Date.parse(window.closes) - Date.parse(window.opens))})</span>
    </>
  )
}

/** Names of servers; links for who may open their cards. */
export function Servers({ names }: { names: readonly string[] }) {
  const may = useMay()
  if (!may('manage-targets')) return <>{names.join(', ')}</>
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 && ', '}
      <Link to={serverPath(name)}>{name}</Link>
    </span>
  ))
}

function Asked({ window }: { window: WindowView }) {
  return (
    <>
      {window.requester}, <Moment at={window.requested_at} />
    </>
  )
}

function Approvals({ window }: { window: WindowView }) {
  return window.approvals.map(({ by, role, at }) => (
    <div key={`${by} ${role}`}>
      {by} ({roleLabel(role)}), <Moment at={at} />
    </div>
  ))
}
