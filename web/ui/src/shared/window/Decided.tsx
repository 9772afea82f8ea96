import { Moment } from '../time/Moment'
import { Note } from '../Note'
import type { WindowView } from './queries'

const WORDS: Record<string, string> = { denied: 'Denied', revoked: 'Revoked', withdrawn: 'Withdrawn' }

/** Who ended it, and why. */
export function Decided({ window }: { window: WindowView }) {
  if (!window.decision) return null
  const { by, reason, at } = window.decision
  return (
    <Note
      tone={window.state === 'withdrawn' ? 'neutral' : 'bad'}
      title={
        <>
          {WORDS[window.state] ?? 'Ended'} by {by}, <Moment at={at} />
        </>
      }
    >
      {reason}
    </Note>
  )
}
