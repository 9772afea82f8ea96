import { Button, Group, Modal, Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { ProblemPanel } from './ProblemPanel'

/** An act that wants a reason before it is done. */
export interface PlannedAct {
  title: string
  /** What it does, and for whom. */
  explains: ReactNode
  /** The word on the button. */
  verb: string
  /** Whether it takes something away from somebody: then a reason must be given, and the button is red. */
  isCut: boolean
  run: (reason: string) => Promise<unknown>
}

interface ReasonDialogProps {
  act: PlannedAct | null
  onDone: () => void
}

/** Asks for the reason, does the act, and says what happened if it could not be done. */
export function ReasonDialog({ act, onDone }: ReasonDialogProps) {
  return (
    <Modal opened={act !== null} onClose={onDone} title={act?.title}>
      {act && <ReasonForm key={act.title} act={act} onDone={onDone} />}
    </Modal>
  )
}

function ReasonForm({ act, onDone }: { act: PlannedAct; onDone: () => void }) {
  const [reason, setReason] = useState('')
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const isMissing = act.isCut && reason.trim() === ''

  const run = async (): Promise<void> => {
    if (isMissing) return
    setRunning(true)
    setProblem(null)
    try {
      await act.run(reason.trim())
      onDone()
    } catch (error) {
      setProblem(error)
      setRunning(false)
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void run()
      }}
    >
      <div className="explains">{act.explains}</div>
      <Textarea
        label="Reason"
        description="Kept in the ledger, beside your name."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required={act.isCut}
        maxLength={1000}
        autosize
        minRows={2}
        data-autofocus
      />
      {problem !== null && <ProblemPanel error={problem} />}
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button type="submit" color={act.isCut ? 'red' : undefined} loading={isRunning} disabled={isMissing}>
          {act.verb}
        </Button>
      </Group>
    </form>
  )
}
