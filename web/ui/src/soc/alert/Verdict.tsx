import { Button, Group, Kbd } from '@mantine/core'
import { Moment, useMay } from '#frame'
import type { AlertView } from '../wire'
import type { AlertContent } from './content'
import { dispositionLabel } from './disposition'
import { dueWords, nextDue } from './due'
import { SeverityMark } from './SeverityMark'
import { sentence } from './sentence'
import classes from './Verdict.module.css'

interface VerdictProps {
  alert: AlertView
  content: AlertContent
  now: number
  isTaking: boolean
  onTake: () => void
  onClose: () => void
}

/** What is read first, and at a glance: how bad, what was off, what became of it, and until when it wants an answer. */
export function Verdict({ alert, content, now, ...acts }: VerdictProps) {
  const outcome = content.outcome ?? 'unknown'
  return (
    <header className={classes.verdict} data-severity={alert.severity}>
      <div className={classes.line}>
        <SeverityMark severity={alert.severity} />
        <span className={classes.outcome} data-live={outcome === 'LIVE NOW' || undefined}>
          {OUTCOMES[outcome] ?? outcome}
        </span>
        <Standing alert={alert} now={now} />
      </div>
      <p className={classes.words} aria-hidden="true">
        {content.verdict ?? alert.title}
      </p>
      <p className={classes.sentence}>{sentence(content)}</p>
      {content.escalation && <p className={classes.escalation}>Worse than usual: {content.escalation}</p>}
      <VerdictActs alert={alert} {...acts} />
    </header>
  )
}

const OUTCOMES: Record<string, string> = {
  refused: 'Refused: nobody got in',
  paused: 'Input paused',
  'LIVE NOW': 'LIVE NOW',
  ended: 'The visit has ended',
  'not passed on': 'What the server said was not passed on',
  fault: 'Fault of the gate',
  noted: 'Done, and told',
}

function Standing({ alert, now }: { alert: AlertView; now: number }) {
  if (alert.state === 'closed') {
    return (
      <span className={classes.standing}>
        Closed as {dispositionLabel(alert.disposition ?? '')}
        {alert.closed_by && ` by ${alert.closed_by}`}
        {alert.note && `: ${alert.note}`}
      </span>
    )
  }
  const next = nextDue(alert, now)
  const taken = alert.acknowledged_by ? `Taken by ${alert.acknowledged_by}` : 'New'
  return (
    <span className={classes.standing} data-late={(next && next.at < now) || undefined}>
      {taken}
      {next && (
        <>
          {' · '}
          <strong>{dueWords(next, now)}</strong> (<Moment at={new Date(next.at).toISOString()} />)
        </>
      )}
    </span>
  )
}

function VerdictActs({ alert, isTaking, onTake, onClose }: Omit<VerdictProps, 'content' | 'now'>) {
  const may = useMay()
  if (alert.state === 'closed' || !may('work-alerts')) return null
  return (
    <Group gap="xs" className={classes.acts}>
      {alert.state === 'new' && (
        <Button loading={isTaking} onClick={onTake} rightSection={<Kbd size="xs">a</Kbd>}>
          Take it
        </Button>
      )}
      <Button variant={alert.state === 'new' ? 'default' : 'filled'} onClick={onClose} rightSection={<Kbd size="xs">c</Kbd>}>
        Close…
      </Button>
    </Group>
  )
}
