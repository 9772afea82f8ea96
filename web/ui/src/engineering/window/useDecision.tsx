import { useState, type ReactNode } from 'react'
import { ReasonDialog, type PlannedAct } from '#frame'
import { useWindowAct, windowActs } from '../../shared/window/acts'
import { EndDialog, type EndKind } from '../../shared/window/EndDialog'
import { MoveDialog } from '../../shared/window/MoveDialog'
import type { WindowView } from '../../shared/window/queries'

export type Decision = 'approve' | 'deny' | 'revoke' | 'shorten' | 'extend' | 'move' | 'go' | 'review'

interface Deciding {
  decide: (decision: Decision) => void
  /** The act that is under way or failed without a dialog of its own. */
  isRunning: boolean
  problem: Error | null
  /** What a planner should know, from the answer to the last act. */
  warnings: readonly string[]
  dialogs: ReactNode
}

/** Everything that the hospital decides about one window. */
export function useDecision(window: WindowView): Deciding {
  const act = useWindowAct()
  const [reason, setReason] = useState<PlannedAct | null>(null)
  const [end, setEnd] = useState<EndKind | null>(null)
  const [isMoving, setMoving] = useState(false)
  const { id } = window
  const run = (change: () => Promise<WindowView>): Promise<WindowView> => act.mutateAsync(change)

  const decide = (decision: Decision): void => {
    act.reset()
    switch (decision) {
      case 'approve':
        return act.mutate(() => windowActs.approve(id))
      case 'go':
        return act.mutate(() => windowActs.go(id))
      case 'deny':
        return setReason(denial(window, (why) => run(() => windowActs.deny(id, why))))
      case 'review':
        return setReason(review((found) => run(() => windowActs.review(id, found))))
      case 'revoke':
        return setReason(revocation(window, (why) => run(() => windowActs.revoke(id, why))))
      case 'shorten':
      case 'extend':
        return setEnd(decision)
      case 'move':
        return setMoving(true)
    }
  }

  return {
    decide,
    isRunning: act.isPending,
    problem: reason === null && end === null && !isMoving ? act.error : null,
    warnings: act.data?.warnings ?? [],
    dialogs: (
      <>
        <ReasonDialog act={reason} onDone={() => setReason(null)} />
        <EndDialog
          window={window}
          kind={end}
          wished={end === 'extend' ? window.more_time?.closes : undefined}
          run={(closes, why) => run(() => windowActs.end(id, closes, why))}
          onDone={() => setEnd(null)}
        />
        <MoveDialog
          window={window}
          isOpen={isMoving}
          run={(opens, closes, why) => run(() => windowActs.move(id, opens, closes, why))}
          onDone={() => setMoving(false)}
        />
      </>
    ),
  }
}

function review(run: PlannedAct['run']): PlannedAct {
  return {
    title: 'Evidence reviewed',
    explains: 'Say what you looked at and what you found. It stays with the window.',
    verb: 'Reviewed',
    isCut: false,
    run,
  }
}

function denial(window: WindowView, run: PlannedAct['run']): PlannedAct {
  return {
    title: 'Deny the request',
    explains: `${window.requester} is told, with your reason. Say what would be right, so that the next request is.`,
    verb: 'Deny',
    isCut: true,
    run,
  }
}

function revocation(window: WindowView, run: PlannedAct['run']): PlannedAct {
  return {
    title: 'Revoke the window',
    explains: `Nobody may connect in it any more; visits that are open are cut at once. ${window.technicians.join(', ')} are told.`,
    verb: 'Revoke',
    isCut: true,
    run,
  }
}
