import { Textarea } from '@mantine/core'
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

/** Pins host keys in place of the present ones. */
export function HostKeysDialog({ target, isOpen, onDone }: HostKeysDialogProps) {
  return (
    <FormDialog title={`Pin host keys of ${target.name}`} isOpen={isOpen} onDone={onDone}>
      <HostKeysForm target={target} onDone={onDone} />
    </FormDialog>
  )
}

function HostKeysForm({ target, onDone }: Omit<HostKeysDialogProps, 'isOpen'>) {
  const [keys, setKeys] = useState('')
  const [reason, setReason] = useState('')
  const pin = useAct<Wire<'HostKeys'>, TargetView>(['targets'], (body) =>
    bodyOf(api.PUT('/api/targets/{target}/host-keys', { params: { path: { target: target.name } }, body })),
  )
  return (
    <DialogForm
      verb="Pin them"
      canRun={linesOf(keys).length > 0}
      run={() => pin.mutateAsync({ host_keys: linesOf(keys), reason: reason.trim() })}
      onDone={onDone}
    >
      <div className="dim">
        They take the place of the present ones. Take them from the server itself, not over the network: the gate goes on
        with nobody else.
      </div>
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
      <Textarea
        label="Why they change"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        autosize
        maxLength={1000}
      />
    </DialogForm>
  )
}
