import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { Answer, Countdown, PageTitle, Panel, ProblemPanel, useMay, useMe } from '#frame'
import { Decided } from '../shared/window/Decided'
import { Note } from '../shared/Note'
import { windowQuery, type WindowView } from '../shared/window/queries'
import { WindowFacts } from '../shared/window/WindowFacts'
import { WindowTag } from '../shared/window/WindowTag'
import { phaseOf } from '../shared/time/span'
import { CalendarFile } from './CalendarFile'
import { Connect } from './Connect'
import { MyActs } from './MyActs'
import { SendFiles } from './SendFiles'
import { useMyActs } from './useMyActs'

/** One of my windows: how to connect, and what holds. */
export function MyWindowPage() {
  const { id = '' } = useParams()
  const window = useQuery(windowQuery(id))
  return <Answer of={window}>{(found) => <MyWindow window={found} />}</Answer>
}

function MyWindow({ window }: { window: WindowView }) {
  const { person } = useMe()
  const acts = useMyActs(window)
  const isAgreed = window.state === 'approved' || window.state === 'open'
  const isOver = phaseOf(window, Date.now()) === 'over'
  const isMine = window.technicians.includes(person.login)
  const takesFiles = window.access.includes('sftp-write')
  const canSend = useMay()('send-files') && takesFiles && (isAgreed || window.state === 'requested') && !isOver
  return (
    <>
      <PageTitle
        title={window.targets.join(', ')}
        up={{ to: '/technician', label: 'My change windows' }}
        aside={
          <>
            <WindowTag window={window} /> <Countdown window={window} />
          </>
        }
      />
      <div className="stack">
        {acts.canAccept && (
          <Note tone="warn" title="The hospital booked or moved this window">
            Look at the times; you can connect only after you have accepted them.
          </Note>
        )}
        <Decided window={window} />
        {acts.problem && <ProblemPanel error={acts.problem} />}
        <div className="columns">
          <div className="stack">
            {isAgreed && !isOver && isMine && <Connect window={window} />}
            <SendFiles window={window} canSend={canSend} />
            <Panel title="What was asked for" aside={isAgreed && !isOver && <CalendarFile window={window} />}>
              <WindowFacts window={window} />
            </Panel>
          </div>
          {(acts.canAccept || acts.canAskMore || acts.canWithdraw) && (
            <Panel title="What you can do">
              <MyActs window={window} acts={acts} />
            </Panel>
          )}
        </div>
      </div>
      {acts.dialogs}
    </>
  )
}
