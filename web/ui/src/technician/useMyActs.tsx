import { useState, type ReactNode } from 'react'
import { ReasonDialog, useMay, useMe, type PlannedAct } from '#frame'
import { phaseOf } from '../shared/time/span'
import { useWindowAct, windowActs } from '../shared/window/acts'
import { EndDialog } from '../shared/window/EndDialog'
import type { WindowView } from '../shared/window/queries'

export interface Acts {
  canAccept: boolean
  canAskMore: boolean
  canWithdraw: boolean
  accept: () => void
  askMore: () => void
  withdraw: () => void
  isRunning: boolean
  problem: Error | null
  dialogs: ReactNode
}

/** What a technician, or their coordinator, does with a window of theirs. */
export function useMyActs(window: WindowView): Acts {
  const { person } = useMe()
  const may = useMay()
  const act = useWindowAct()
  const [reason, setReason] = useState<PlannedAct | null>(null)
  const [isAsking, setAsking] = useState(false)
  const isAgreed = window.state === 'approved' || window.state === 'open'
  const isOver = phaseOf(window, Date.now()) === 'over'

  return {
    canAccept: window.awaiting_acceptance.includes(person.login) && !isOver,
    canAskMore: isAgreed && !isOver && window.technicians.includes(person.login),
    canWithdraw: (isAgreed || window.state === 'requested') && !isOver && may('withdraw-window'),
    accept: () => act.mutate(() => windowActs.accept(window.id)),
    askMore: () => {
      act.reset()
      setAsking(true)
    },
    withdraw: () => {
      act.reset()
      setReason({
        title: 'Withdraw the window',
        explains: 'The hospital is told that you do not come. For another time, ask for a new window.',
        verb: 'Withdraw',
        isCut: false,
        run: (why) => act.mutateAsync(() => windowActs.withdraw(window.id, why)),
      })
    },
    isRunning: act.isPending,
    problem: reason === null && !isAsking ? act.error : null,
    dialogs: (
      <>
        <ReasonDialog act={reason} onDone={() => setReason(null)} />
        <EndDialog
          window={window}
          kind={isAsking ? 'ask' : null}
          run={(closes, why) => act.mutateAsync(() => windowActs.moreTime(window.id, closes, why))}
          onDone={() => setAsking(false)}
        />
      </>
    ),
  }
}
