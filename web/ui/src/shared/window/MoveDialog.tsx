import { Button, Group, Modal, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useHospitalZone } from '../../api/me'
import { ProblemPanel } from '../ProblemPanel'
import { minutesFrom, spanWords } from '../time/span'
import { WallInput } from '../time/WallInput'
import { instantOf, wallAt } from '../time/zone'
import type { WindowView } from './queries'

interface MoveDialogProps {
  window: WindowView
  isOpen: boolean
  run: (opens: string, closes: string, reason: string) => Promise<unknown>
  onDone: () => void
}

/** Other times for a window. */
export function MoveDialog({ isOpen, onDone, ...rest }: MoveDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onDone} title="Move the window">
      {isOpen && <MoveForm onDone={onDone} {...rest} />}
    </Modal>
  )
}

function MoveForm({ window, run, onDone }: Omit<MoveDialogProps, 'isOpen'>) {
  const zone = useHospitalZone()
  const [start, setStart] = useState(() => wallAt(zone, Date.parse(window.opens)))
  const [length, setLength] = useState(() => spanWords(Date.parse(window.closes) - Date.parse(window.opens)))
  const [reason, setReason] = useState('')
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const opens = instantOf(zone, start)
  const minutes = minutesFrom(length)

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (opens === null || minutes === null) return
    setRunning(true)
    setProblem(null)
    try {
      const closes = opens + minutes * 60_000
      await run(new Date(opens).toISOString(), new Date(closes).toISOString(), reason.trim())
      onDone()
    } catch (error) {
      setProblem(error)
      setRunning(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="dim">{whoseYesLapses(window)}</div>
      <WallInput
        label="Opens"
        value={start}
        onChange={setStart}
        error={opens === null ? 'Give a date, and a time such as 22:00' : undefined}
      />
      <TextInput
        label="Length"
        description="Such as 90, 1:30 or 1 h 30 min."
        value={length}
        error={minutes === null && 'Give a length such as 90 min'}
        onChange={(event) => setLength(event.currentTarget.value)}
      />
      <Textarea
        label="Reason"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        maxLength={1000}
        autosize
        minRows={2}
      />
      {problem !== null && <ProblemPanel error={problem} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button type="submit" loading={isRunning} disabled={opens === null || minutes === null}>
          Move
        </Button>
      </Group>
    </form>
  )
}

/** Whose approval a move takes away, and who has to agree again. */
export function whoseYesLapses(window: Pick<WindowView, 'approvals' | 'technicians'>): string {
  const others = window.approvals.filter(({ role }) => role !== 'clinical-engineer').map(({ by }) => by)
  const lapse = others.length > 0 ? `The approval of ${others.join(', ')} lapses. ` : ''
  return `${lapse}${window.technicians.join(', ')} must accept the new times before the window opens.`
}
