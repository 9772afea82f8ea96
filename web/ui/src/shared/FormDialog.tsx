import { Button, Group, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { ProblemPanel } from './ProblemPanel'
import { useFormRun } from './useFormRun'

interface FormDialogProps {
  title: string
  isOpen: boolean
  /** Closes it, done or not. */
  onDone: () => void
  children: ReactNode
}

/** A dialog whose content is made anew each time that it opens. */
export function FormDialog({ title, isOpen, onDone, children }: FormDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onDone} title={title}>
      {isOpen && children}
    </Modal>
  )
}

interface DialogFormProps {
  verb: string
  canRun: boolean
  run: () => Promise<unknown>
  onDone: () => void
  children: ReactNode
}

/** Fields, what went wrong, and the two buttons; closes the dialog once the act is done. */
export function DialogForm({ verb, canRun, run, onDone, children }: DialogFormProps) {
  const form = useFormRun(async () => {
    await run()
    onDone()
  })
  return (
    <form className="stack" onSubmit={form.submit}>
      {children}
      {form.problem !== null && <ProblemPanel error={form.problem} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onDone}>
          Back
        </Button>
        <Button type="submit" loading={form.isRunning} disabled={!canRun}>
          {verb}
        </Button>
      </Group>
    </form>
  )
}
