import { SegmentedControl, Select } from '@mantine/core'
import { Answer, EmptyState, PageTitle, ProblemPanel, useNow } from '#frame'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useTakeAlert } from '../acts'
import { CloseAlert } from '../alert/CloseAlert'
import { SEVERITIES, severityRank } from '../alert/severity'
import { MOST_ALERTS, useAlerts, type AlertState } from '../queries'
import type { AlertView } from '../wire'
import { byTime, byUrgency } from './order'
import classes from './QueuePage.module.css'
import { QueueRow } from './QueueRow'
import { useQueueKeys } from './useQueueKeys'

/** Alerts by severity and time left. */
export function QueuePage() {
  const [address, setAddress] = useSearchParams()
  const state = readState(address.get('state'))
  const least = address.get('severity') ?? SEVERITIES[0]
  const alerts = useAlerts(state)
  const now = useNow(5_000)
  const shown = queue(alerts.data ?? [], state, least, now)

  const set = (name: string, value: string | null): void =>
    setAddress(
      (before) => {
        if (value) before.set(name, value)
        else before.delete(name)
        return before
      },
      { replace: true },
    )

  return (
    <>
      <PageTitle title="Queue" aside={alerts.data && <Sum alerts={shown} state={state} />} />
      <div className={classes.filters}>
        <SegmentedControl
          aria-label="Which alerts"
          value={state}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'closed', label: 'Closed' },
            { value: 'all', label: 'All' },
          ]}
          onChange={(value) => set('state', value === 'open' ? null : value)}
        />
        <Select
          aria-label="Least severity"
          value={least}
          data={SEVERITIES.map((severity, rank) => ({
            value: severity,
            label: rank === 0 ? 'Every severity' : `${severity} and worse`,
          }))}
          allowDeselect={false}
          onChange={(value) => set('severity', value === SEVERITIES[0] ? null : value)}
        />
        <p className={classes.keys}>
          <kbd>j</kbd> <kbd>k</kbd> move · <kbd>Enter</kbd> opens · <kbd>a</kbd> takes · <kbd>c</kbd> closes
        </p>
      </div>
      <Answer of={alerts}>
        {() => (shown.length === 0 ? <Nothing state={state} /> : <QueueList alerts={shown} now={now} />)}
      </Answer>
    </>
  )
}

function QueueList({ alerts, now }: { alerts: readonly AlertView[]; now: number }) {
  const take = useTakeAlert()
  const [closing, setClosing] = useState<AlertView | null>(null)
  const keys = useQueueKeys(alerts, {
    take: (alert) => take.mutate({ id: alert.id }),
    close: setClosing,
  })
  return (
    <>
      {take.error && <ProblemPanel error={take.error} />}
      <ul className={classes.queue} aria-label="Alerts">
        {alerts.map((alert, index) => (
          <QueueRow
            key={alert.id}
            alert={alert}
            now={now}
            isCurrent={index === keys.index}
            onPoint={() => keys.point(index)}
          />
        ))}
      </ul>
      <CloseAlert alert={closing} onDone={() => setClosing(null)} />
    </>
  )
}

function Sum({ alerts, state }: { alerts: readonly AlertView[]; state: AlertState }) {
  const fresh = alerts.filter((alert) => alert.state === 'new').length
  const isCut = alerts.length >= MOST_ALERTS
  if (state !== 'open') return <>{isCut ? `the newest ${alerts.length}` : alerts.length} shown</>
  return isCut ? (
    <>
      the worst {alerts.length} of more, {fresh} of them not taken
    </>
  ) : (
    <>
      {alerts.length} open, {fresh} not taken
    </>
  )
}

function Nothing({ state }: { state: AlertState }) {
  return state === 'closed' ? (
    <EmptyState title="No closed alert here" words="Alerts that you close are kept here, with what they turned out to be." />
  ) : (
    <EmptyState title="Nothing waits for you" words="New alerts appear here by themselves. A visit that is live can be watched under Live." />
  )
}

function queue(alerts: readonly AlertView[], state: AlertState, least: string, now: number): AlertView[] {
  const severe = alerts.filter((alert) => severityRank(alert.severity) >= severityRank(least))
  const open = severe.filter((alert) => alert.state !== 'closed')
  const closed = severe.filter((alert) => alert.state === 'closed')
  if (state === 'open') return byUrgency(open, now)
  return state === 'closed' ? byTime(closed) : [...byUrgency(open, now), ...byTime(closed)]
}

function readState(text: string | null): AlertState {
  return text === 'closed' || text === 'all' ? text : 'open'
}
