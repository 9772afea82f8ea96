import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { ProblemPanel, ReasonDialog, useMay, type PlannedAct } from '#frame'
import { useLock, type LockOn } from '../acts'
import { useVisit } from '../queries'
import { isLive, visitStateWords } from '../visit/visit'
import { VisitActs } from '../visit/VisitActs'
import type { AlertView } from '../wire'
import type { AlertContent } from './content'
import { Part } from './Part'
import classes from './WhatNext.module.css'

/** The rule's runbook, and the buttons that its steps ask for. */
export function WhatNext({ alert, content }: { alert: AlertView; content: AlertContent }) {
  const visits = visitsOf(alert, content)
  return (
    <Part title="What next" isWide>
      <ol className={classes.steps}>
        {content.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {visits.map((id) => (
        <VisitOfAlert key={id} id={id} />
      ))}
      <Locks content={content} />
    </Part>
  )
}

function visitsOf(alert: AlertView, content: AlertContent): string[] {
  const all = [...(alert.sessions ?? []), ...(content.session ? [content.session] : [])]
  return [...new Set(all)]
}

function VisitOfAlert({ id }: { id: string }) {
  const visit = useVisit(id)
  const may = useMay()
  if (visit.error) return <ProblemPanel error={visit.error} />
  if (!visit.data) return null
  const isNow = isLive(visit.data)
  return (
    <div className={classes.visit}>
      <span>
        Visit of {visit.data.person} on {visit.data.target}: {visitStateWords(visit.data)}
      </span>
      <Group gap="xs">
        {isNow && may('watch-live') && (
          <Button component={Link} to={`/soc/live/${id}`} variant="default">
            Watch
          </Button>
        )}
        {!isNow && may('replay') && (
          <Button component={Link} to={`/soc/visits/${id}`} variant="default">
            Replay
          </Button>
        )}
        <VisitActs visit={visit.data} />
      </Group>
    </div>
  )
}

/** Locks are offered for those whom the alert names; a claimed name may be an innocent's, and the dialog says so. */
function Locks({ content }: { content: AlertContent }) {
  const may = useMay()
  const { mutateAsync } = useLock()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const { who } = content
  if (!may('lock') || (!who.name && !who.vendor)) return null

  const plan = (on: LockOn, name: string, title: string): void =>
    setPlanned({
      title,
      explains: lockWords(on, who.isProven),
      verb: 'Lock',
      isCut: true,
      run: (reason) => mutateAsync({ on, name, reason }),
    })

  return (
    <Group gap="xs" mt="sm">
      {who.name && who.login && (
        <Button variant="default" onClick={() => plan('people', who.login ?? '', `Lock ${who.name}`)}>
          Lock {who.name}…
        </Button>
      )}
      {who.vendor && (
        <Button variant="default" onClick={() => plan('vendors', who.vendor ?? '', `Lock ${who.vendor}`)}>
          Lock {who.vendor}…
        </Button>
      )}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </Group>
  )
}

function lockWords(on: LockOn, isProven: boolean): string {
  const effect =
    on === 'people'
      ? 'They are kept out, and their visits end now.'
      : 'All people of this vendor are kept out, and their visits end now.'
  return isProven ? effect : `${effect} Nobody proved to be this person: the name is what the caller claimed.`
}
