import { Button } from '@mantine/core'
import { Countdown, Moment, Panel, ProblemPanel, useMay } from '#frame'
import { Note } from '../../shared/Note'
import { Decided } from '../../shared/window/Decided'
import { SentFiles } from '../../shared/window/SentFiles'
import type { WindowView } from '../../shared/window/queries'
import { WindowFacts } from '../../shared/window/WindowFacts'
import { WindowTag } from '../../shared/window/WindowTag'
import { BesideWindow } from './BesideWindow'
import { DecisionBar } from './DecisionBar'
import { useDecision, type Decision } from './useDecision'
import classes from './WindowDetail.module.css'

interface WindowDetailProps {
  window: WindowView
  /** The heading, which a page of its own has elsewhere. */
  hasHeading: boolean
}

/** One window for who decides: what is asked, what to know about it, and the decision. */
export function WindowDetail({ window, hasHeading }: WindowDetailProps) {
  const may = useMay()
  const { decide, isRunning, problem, warnings, dialogs } = useDecision(window)
  return (
    <div className={classes.detail}>
      {hasHeading && (
        <header className={classes.head}>
          <h2 className={classes.title}>{window.targets.join(', ')}</h2>
          <WindowTag window={window} />
          <span className="dim">
            <Countdown window={window} />
          </span>
        </header>
      )}
      {window.more_time && <MoreTime window={window} decide={decide} canAnswer={may('extend-window')} />}
      <Decided window={window} />
      <DecisionBar window={window} decide={decide} isRunning={isRunning} />
      {problem && <ProblemPanel error={problem} />}
      {warnings.length > 0 && <Warnings words={warnings} />}
      <Panel title="What is asked for">
        <WindowFacts window={window} />
      </Panel>
      <SentFiles window={window} />
      {may('approve-window') && <BesideWindow window={window} />}
      {dialogs}
    </div>
  )
}

interface MoreTimeProps {
  window: WindowView
  decide: (decision: Decision) => void
  canAnswer: boolean
}

function MoreTime({ window, decide, canAnswer }: MoreTimeProps) {
  if (!window.more_time) return null
  const { closes, reason, by } = window.more_time
  return (
    <Note
      tone="warn"
      title={
        <>
          {by} asks for more time, until <Moment at={closes} />
        </>
      }
      actions={
        canAnswer && (
          <Button size="xs" onClick={() => decide('extend')}>
            Give more time…
          </Button>
        )
      }
    >
      {reason}
      {canAnswer && <span className="dim"> Without an answer, the window closes as planned.</span>}
    </Note>
  )
}

function Warnings({ words }: { words: readonly string[] }) {
  return (
    <Note tone="warn" title="Done. What you should know:">
      <ul>
        {words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ul>
    </Note>
  )
}
