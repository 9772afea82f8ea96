import { Button, Group, Modal, Radio, Stack, Textarea } from '@mantine/core'
import { useState } from 'react'
import { ProblemPanel } from '#frame'
import { useCloseAlert } from '../acts'
import type { AlertView } from '../wire'
import { DISPOSITIONS, type DispositionWords } from './disposition'

interface CloseAlertProps {
  /** Nothing while the dialog is closed. */
  alert: Pick<AlertView, 'id' | 'title'> | null
  onDone: () => void
}

/** Closes an alert with what it turned out to be. */
export function CloseAlert({ alert, onDone }: CloseAlertProps) {
  return (
    <Modal opened={alert !== null} onClose={onDone} title="What was it?">
      {alert && <CloseForm key={alert.id} alert={alert} onDone={onDone} />}
    </Modal>
  )
}

function CloseForm({ alert, onDone }: { alert: Pick<AlertView, 'id' | 'title'>; onDone: () => void }) {
  const [disposition, setDisposition] = useState<DispositionWords['value'] | null>(null)
  const [note, setNote] = useState('')
  const close = useCloseAlert()
  const chooseByKey = (event: React.KeyboardEvent): void => {
    const chosen = DISPOSITIONS.find(({ key }) => key === event.key)
    if (chosen && !(event.target instanceof HTMLTextAreaElement)) setDisposition(chosen.value)
  }
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    if (disposition === null) return
    close.mutate({ id: alert.id, disposition, note: note.trim() }, { onSuccess: onDone })
  }

  return (
    <form onSubmit={submit} onKeyDown={chooseByKey}>
      <Stack gap="sm">
        <Radio.Group
          aria-label="What the alert turned out to be"
          description={alert.title}
          value={disposition}
          onChange={(value) => setDisposition(value as DispositionWords['value'])}
        >
          <Stack gap={8} mt="sm">
            {DISPOSITIONS.map(({ value, label, meaning, key }, index) => (
              <Radio
                key={value}
                value={value}
                label={`${key}  ${label}`}
                description={meaning}
                data-autofocus={index === 0 || undefined}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Textarea
          label="Note"
          description="For whoever sees the next one of this kind."
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={1000}
          autosize
          minRows={2}
        />
        {close.error && <ProblemPanel error={close.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={close.isPending} disabled={disposition === null}>
            Close the alert
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
