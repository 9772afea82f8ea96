import { Button, Group, Modal, Textarea } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { useHospitalZone } from '../../api/me'
import { ProblemPanel } from '../ProblemPanel'
import { spanWords } from '../time/span'
import { WallInput } from '../time/WallInput'
import { instantOf, wallAt } from '../time/zone'
import type { WindowView } from './queries'

/** Another end for a window: an earlier one by the hospital, a later one by the hospital, or a wish for one. */
export type EndKind = 'shorten' | 'extend' | 'ask'

const WORDS: Record<EndKind, { title: string; verb: string; explains: string; stepMinutes: number }> = {
  shorten: {
    title: 'Shorten the window',
    verb: 'Shorten',
    explains: 'The approvals that are there stay. At the new end every visit is cut.',
    stepMinutes: -30,
  },
  extend: {
    title: 'Give more time',
    verb: 'Give more time',
    explains: 'Visits that are open go on until the new end; their terminals say so.',
    stepMinutes: 30,
  },
  ask: {
    title: 'Ask for more time',
    verb: 'Ask',
    explains: 'The hospital sees it beside the visit. Until they agree, the present end holds.',
    stepMinutes: 30,
  },
}

interface EndDialogProps {
  window: WindowView
  kind: EndKind | null
  /** A wish that is there already, to start from. */
  wished?: string | undefined
  run: (closes: string, reason: string) => Promise<unknown>
  onDone: () => void
}

export function EndDialog({ kind, onDone, ...rest }: EndDialogProps) {
  return (
    <Modal opened={kind !== null} onClose={onDone} title={kind && WORDS[kind].title}>
      {kind && <EndForm key={kind} kind={kind} onDone={onDone} {...rest} />}
    </Modal>
  )
}

function EndForm({ window, kind, wished, run, onDone }: EndDialogProps & { kind: EndKind }) {
  const zone = useHospitalZone()
  const words = WORDS[kind]
  const present = Date.parse(window.closes)
  const [end, setEnd] = useState(() => wallAt(zone, wished ? Date.parse(wished) : present + words.stepMinutes * 60_000))
  const [reason, setReason] = useState('')
  const [isRunning, setRunning] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const instant = instantOf(zone, end)
  const fault = endFault(kind, instant, present)
  const isReasonMissing = kind === 'ask' && reason.trim() === ''

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (fault !== null || instant === null) return
    setRunning(true)
    setProblem(null)
    try {
      await run(new Date(instant).toISOString(), reason.trim())
      onDone()
    } catch (error) {
      setProblem(error)
      setRunning(false)
    }
  }

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="dim">{words.explains}</div>
      <WallInput label="New end" value={end} onChange={setEnd} error={fault ?? undefined} />
      {fault === null && instant !== null && (
        <div className="numbers">
          {spanWords(Math.abs(instant - present))} {instant > present ? 'more' : 'less'} than now
        </div>
      )}
      <Textarea
        label="Reason"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required={kind === 'ask'}
        maxLength={1000}
        autosize
        minRows={2}
      />
      {problem !== null && <ProblemPanel error={problem} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button type="submit" loading={isRunning} disabled={fault !== null || isReasonMissing}>
          {words.verb}
        </Button>
      </Group>
    </form>
  )
}

/** What is wrong with a new end; `null` when it will do. */
export function endFault(kind: EndKind, instant: number | null, present: number): string | null {
  if (instant === null) return 'Give a date, and a time such as 22:30'
  if (kind === 'shorten') return instant < present ? null : 'Give an earlier end than the present one'
  return instant > present ? null : 'Give a later end than the present one'
}
