import { Button, Checkbox, Group, Modal, PasswordInput, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { ProblemPanel } from '#frame'
import { useState } from 'react'
import { useAddDestination, type NewDestination } from '../acts'

interface AddDestinationProps {
  isOpen: boolean
  onDone: () => void
}

export function AddDestination({ isOpen, onDone }: AddDestinationProps) {
  return (
    <Modal opened={isOpen} onClose={onDone} title="Add a destination">
      {isOpen && <AddForm onDone={onDone} />}
    </Modal>
  )
}

const ADDRESSES = {
  syslog: { label: 'Address', example: 'tcp://siem.hospital.example:6514', words: 'tcp:// or udp://, with a port' },
  webhook: { label: 'URL', example: 'https://soc.hospital.example/hook', words: 'A Standard Webhook receiver' },
} as const

function AddForm({ onDone }: { onDone: () => void }) {
  const [draft, setDraft] = useState<NewDestination>({ name: '', kind: 'syslog', url: '', secret: '', all_events: false })
  const add = useAddDestination()
  const address = ADDRESSES[draft.kind]
  const isWebhook = draft.kind === 'webhook'
  const isWhole = draft.name.trim() !== '' && draft.url.trim() !== '' && (!isWebhook || draft.secret !== '')
  const set = (part: Partial<NewDestination>): void => setDraft({ ...draft, ...part })

  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    const { secret, ...rest } = { ...draft, name: draft.name.trim(), url: draft.url.trim() }
    add.mutate(isWebhook && secret ? { ...rest, secret } : rest, { onSuccess: onDone })
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <SegmentedControl
          aria-label="Kind"
          value={draft.kind}
          data={[
            { value: 'syslog', label: 'Syslog' },
            { value: 'webhook', label: 'Webhook' },
          ]}
          onChange={(kind) => set({ kind: kind as NewDestination['kind'] })}
        />
        <TextInput
          label="Name"
          required
          placeholder="soc"
          value={draft.name}
          data-autofocus
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <TextInput
          label={address.label}
          description={address.words}
          required
          placeholder={address.example}
          value={draft.url}
          onChange={(event) => set({ url: event.currentTarget.value })}
        />
        {isWebhook && (
          <PasswordInput
            label="Signing secret"
            description="Sealed at once, and never shown again."
            required
            autoComplete="off"
            value={draft.secret}
            onChange={(event) => set({ secret: event.currentTarget.value })}
          />
        )}
        <Checkbox
          label="Every event, not only alerts"
          checked={draft.all_events}
          onChange={(event) => set({ all_events: event.currentTarget.checked })}
        />
        {add.error && <ProblemPanel error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            Back
          </Button>
          <Button type="submit" loading={add.isPending} disabled={!isWhole}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
