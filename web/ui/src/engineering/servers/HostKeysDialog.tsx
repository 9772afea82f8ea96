import { Checkbox, Textarea } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, useAct, type Wire } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import type { TargetView } from '../../shared/servers'
import { linesOf } from './lines'
import classes from './Server.module.css'

interface HostKeysDialogProps {
  target: TargetView
  isOpen: boolean
  onDone: () => void
}

/** Proposes host keys: another engineer approves each before it counts. */
export function HostKeysDialog({ target, isOpen, onDone }: HostKeysDialogProps) {
  return (
    <FormDialog title={`Propose host keys of ${target.name}`} isOpen={isOpen} onDone={onDone}>
      <HostKeysForm target={target} onDone={onDone} />
    </FormDialog>
  )
}

function HostKeysForm({ target, onDone }: Omit<HostKeysDialogProps, 'isOpen'>) {
  const [keys, setKeys] = useState('')
  const [reason, setReason] = useState('')
  const [isScan, setIsScan] = useState(false)
  const propose = useAct<Wire<'NewHostKeys'>, TargetView>(['targets'], (body) =>
    bodyOf(api.POST('/api/targets/{target}/host-keys', { params: { path: { target: target.name } }, body })),
  )
  return (
    <DialogForm
      verb="Propose them"
      canRun={isScan || linesOf(keys).length > 0}
      run={() =>
        propose.mutateAsync({
          host_keys: isScan ? [] : linesOf(keys),
          authority: false,
          scan: isScan,
          reason: reason.trim(),
        })
      }
      onDone={onDone}
    >
      <div className="dim">
        Another engineer compares each with the server’s own console and approves it; until then the present ones count
        alone. An old key is retired afterwards.
      </div>
      <Checkbox
        label="Have the gate ask the server which keys it shows"
        checked={isScan}
        onChange={(event) => setIsScan(event.currentTarget.checked)}
      />
      {!isScan && (
        <Textarea
          className={classes.mono}
          label="Host keys"
          description="One OpenSSH public key a line."
          placeholder="ssh-ed25519 AAAA…"
          value={keys}
          onChange={(event) => setKeys(event.currentTarget.value)}
          autosize
          minRows={3}
          required
        />
      )}
      <Textarea
        label="Why"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        autosize
        maxLength={1000}
      />
    </DialogForm>
  )
}
