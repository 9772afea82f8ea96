import { Answer, PageTitle, ProblemPanel, useHospitalZone, useKeys, useNow } from '#frame'
import { useState } from 'react'
import { useParams } from 'react-router'
import { useTakeAlert } from '../acts'
import { useAlert } from '../queries'
import type { AlertView } from '../wire'
import classes from './AlertPage.module.css'
import { Attack } from './Attack'
import { CloseAlert } from './CloseAlert'
import { readContent } from './content'
import { HowOften } from './HowOften'
import { Normal } from './Normal'
import { Verdict } from './Verdict'
import { What } from './What'
import { WhatNext } from './WhatNext'
import { When } from './When'
import { Who } from './Who'

/** One alert, from top to bottom in the order in which it is judged. */
export function AlertPage() {
  const { id = '' } = useParams()
  return <Answer of={useAlert(id)}>{(alert) => <AlertBody key={alert.id} alert={alert} />}</Answer>
}

function AlertBody({ alert }: { alert: AlertView }) {
  const content = readContent(alert.content)
  const zone = useHospitalZone()
  const now = useNow(10_000)
  const take = useTakeAlert()
  const [isClosing, setClosing] = useState(false)
  const isOpen = alert.state !== 'closed'

  useKeys('Alert', [
    { keys: 'a', words: 'Take it', run: () => alert.state === 'new' && take.mutate({ id: alert.id }) },
    { keys: 'c', words: 'Close it', run: () => isOpen && setClosing(true) },
  ])

  return (
    <article className={classes.alert}>
      <PageTitle title={content.verdict ?? alert.title} isHidden />
      <Verdict
        alert={alert}
        content={content}
        now={now}
        isTaking={take.isPending}
        onTake={() => take.mutate({ id: alert.id })}
        onClose={() => setClosing(true)}
      />
      {take.error && <ProblemPanel error={take.error} />}
      <div className={classes.parts}>
        <Who who={content.who} samples={content.samples} />
        <What what={content.what} />
        <When content={content} zone={zone} />
        <Normal alert={alert} content={content} zone={zone} />
        <HowOften alert={alert} />
        <WhatNext alert={alert} content={content} />
        <Attack content={content} rule={alert.rule} />
      </div>
      <CloseAlert alert={isClosing ? alert : null} onDone={() => setClosing(false)} />
    </article>
  )
}
