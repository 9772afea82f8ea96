import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, useAct, useHospitalZone, type Wire } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import type { VendorView } from '../../shared/people'
import { startOfDay } from '../../shared/time/zone'

interface AddVendorProps {
  isOpen: boolean
  onDone: () => void
}

export function AddVendor({ isOpen, onDone }: AddVendorProps) {
  return (
    <FormDialog title="Add a vendor" isOpen={isOpen} onDone={onDone}>
      <VendorForm onDone={onDone} />
    </FormDialog>
  )
}

function VendorForm({ onDone }: { onDone: () => void }) {
  const zone = useHospitalZone()
  const [name, setName] = useState('')
  const [sponsor, setSponsor] = useState('')
  const [networks, setNetworks] = useState('')
  const [until, setUntil] = useState('')
  const add = useAct<Wire<'NewVendor'>, VendorView>(['vendors'], (body) => bodyOf(api.POST('/api/vendors', { body })))

  const run = (): Promise<VendorView> =>
    add.mutateAsync({
      name: name.trim(),
      source_networks: networks.split(/[\s,;]+/).filter(Boolean),
      ...(sponsor.trim() === '' ? {} : { sponsor: sponsor.trim() }),
      ...(until === '' ? {} : { valid_until: new Date(startOfDay(zone, until)).toISOString() }),
    })

  return (
    <DialogForm verb="Add the vendor" canRun={name.trim() !== ''} run={run} onDone={onDone}>
      <TextInput
        label="Name"
        description="As contracts spell it."
        placeholder="Meridian Infusion"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput
        label="Sponsor"
        description="Sign-in name of the hospital’s person who answers for it."
        placeholder="priya"
        value={sponsor}
        onChange={(event) => setSponsor(event.currentTarget.value)}
      />
      <TextInput
        label="Networks its people may come from"
        description="ADDRESS/BITS, with commas between; any when empty."
        placeholder="203.0.113.0/24"
        value={networks}
        onChange={(event) => setNetworks(event.currentTarget.value)}
      />
      <TextInput
        type="date"
        label="First day on which they may no longer come"
        value={until}
        onChange={(event) => setUntil(event.currentTarget.value)}
      />
    </DialogForm>
  )
}
