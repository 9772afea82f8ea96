import { useState, type ReactNode } from 'react'
import { api, bodyOf, ReasonDialog, useAct, type PlannedAct } from '#frame'
import { windowActs } from '../../shared/window/acts'
import { EndDialog } from '../../shared/window/EndDialog'
import type { SessionView } from '../../shared/visits'
import type { WindowView } from '../../shared/window/queries'

interface VisitActs {
  pause: () => void
  resume: () => void
  stop: () => void
  giveTime: () => void
  isRunning: boolean
  problem: Error | null
  dialogs: ReactNode
}

/** What the hospital does with a visit that is open. */
export function useVisitActs(visit: SessionView, window: WindowView | undefined): VisitActs {
  const act = useAct<() => Promise<unknown>, unknown>(['sessions', 'windows'], (run) => run())
  const [reason, setReason] = useState<PlannedAct | null>(null)
  const [isGiving, setGiving] = useState(false)
  const at = { params: { path: { session: visit.id } } }
  const ask = (planned: PlannedAct): void => {
    act.reset()
    setReason(planned)
  }

  return {
    pause: () =>
      ask({
        title: 'Pause input',
        explains: `${visit.person} sees what the server shows, and can type nothing until you let input go on.`,
        verb: 'Pause input',
        isCut: false,
        run: (why) =>
          act.mutateAsync(() => bodyOf(api.POST('/api/sessions/{session}/pause', { ...at, body: { reason: why } }))),
      }),
    resume: () => act.mutate(() => bodyOf(api.POST('/api/sessions/{session}/resume', { ...at, body: { reason: '' } }))),
    stop: () =>
      ask({
        title: 'Stop visit',
        explains: `Both sides are cut within a second, whatever ${visit.person} is doing on ${visit.target}. The window stays; revoke it to keep them out.`,
        verb: 'Stop visit',
        isCut: true,
        run: (why) =>
          act.mutateAsync(() => bodyOf(api.POST('/api/sessions/{session}/stop', { ...at, body: { reason: why } }))),
      }),
    giveTime: () => {
      act.reset()
      setGiving(true)
    },
    isRunning: act.isPending,
    problem: reason === null && !isGiving ? act.error : null,
    dialogs: (
      <>
        <ReasonDialog act={reason} onDone={() => setReason(null)} />
        {window && (
          <EndDialog
            window={window}
            kind={isGiving ? 'extend' : null}
            wished={window.more_time?.closes}
            run={(closes, why) => act.mutateAsync(() => windowActs.end(window.id, closes, why))}
            onDone={() => setGiving(false)}
          />
        )}
      </>
    ),
  }
}
