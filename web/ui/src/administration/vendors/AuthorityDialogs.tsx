import { NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, useAct, useHospitalZone, type Wire } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { startOfDay } from '../../shared/time/zone'

interface DialogProps {
  vendor: string
  isOpen: boolean
  onDone: () => void
}

export function AddAuthority({ isOpen, ...rest }: DialogProps) {
  return (
    <FormDialog title={`Believe a key of ${rest.vendor}`} isOpen={isOpen} onDone={rest.onDone}>
      <AuthorityForm {...rest} />
    </FormDialog>
  )
}

function AuthorityForm({ vendor, onDone }: Omit<DialogProps, 'isOpen'>) {
  const zone = useHospitalZone()
  const [key, setKey] = useState('')
  const [until, setUntil] = useState('')
  const add = useAct<Wire<'NewAuthority'>, Wire<'AuthoritiesView'>>(['vendors'], (body) =>
    bodyOf(api.POST('/api/vendors/{vendor}/authorities', { params: { path: { vendor } }, body })),
  )
  const run = (): Promise<unknown> =>
    add.mutateAsync({
      ssh_key: key.trim(),
      ...(until === '' ? {} : { valid_until: new Date(startOfDay(zone, until)).toISOString() }),
    })
  return (
    <DialogForm verb="Believe it" canRun={key.trim() !== ''} run={run} onDone={onDone}>
      <div className="dim">
        Take the key from the company by a way that you trust, and compare its fingerprint with them by telephone: whoever
        holds it can say who its people are.
      </div>
      <Textarea
        label="Public key of the authority"
        description="One OpenSSH public key line."
        placeholder="ssh-ed25519 AAAA…"
        value={key}
        onChange={(event) => setKey(event.currentTarget.value)}
        autosize
        minRows={2}
        spellCheck={false}
        required
        data-autofocus
      />
      <TextInput
        type="date"
        label="First day on which it is believed no more"
        description="Without one it is believed until somebody withdraws it."
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
    </DialogForm>
  )
}

export function AddRevocation({ isOpen, ...rest }: DialogProps) {
  return (
    <FormDialog title={`Revoke certificates of ${rest.vendor}`} isOpen={isOpen} onDone={rest.onDone}>
      <RevocationForm {...rest} />
    </FormDialog>
  )
}

const BY = [
  { value: 'serial', label: 'Their serial number' },
  { value: 'key-id', label: 'Their key id' },
  { value: 'key', label: 'The fingerprint of the certified key' },
] as const

function RevocationForm({ vendor, onDone }: Omit<DialogProps, 'isOpen'>) {
  const [by, setBy] = useState<Wire<'NewRevocation'>['by']>('serial')
  const [value, setValue] = useState('')
  const [reason, setReason] = useState('')
  const revoke = useAct<Wire<'NewRevocation'>, Wire<'AuthoritiesView'>>(['vendors'], (body) =>
    bodyOf(api.POST('/api/vendors/{vendor}/revocations', { params: { path: { vendor } }, body })),
  )
  return (
    <DialogForm
      verb="Revoke them"
      canRun={value.trim() !== '' && reason.trim() !== ''}
      run={() => revoke.mutateAsync({ by, value: value.trim(), reason: reason.trim() })}
      onDone={onDone}
    >
      <div className="dim">They are believed no more, whichever authority signed them, and visits that began with one end at once.</div>
      <NativeSelect
        label="Told apart by"
        data={[...BY]}
        value={by}
        onChange={(event) => setBy(BY.find((each) => each.value === event.currentTarget.value)?.value ?? 'serial')}
      />
      <TextInput label="Its value" value={value} onChange={(event) => setValue(event.currentTarget.value)} spellCheck={false} required />
      <Textarea label="Why" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={1000} autosize required />
    </DialogForm>
  )
}
