import { Checkbox, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, bodyOf, useAct, useHospitalZone, type Wire } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { targetsQuery, type FreezeView } from '../../shared/servers'
import { WallInput } from '../../shared/time/WallInput'
import { addDays, instantOf, wallAt } from '../../shared/time/zone'
import classes from './AddFreeze.module.css'

interface AddFreezeProps {
  isOpen: boolean
  onDone: () => void
}

export function AddFreeze({ isOpen, onDone }: AddFreezeProps) {
  return (
    <FormDialog title="Add a freeze" isOpen={isOpen} onDone={onDone}>
      <FreezeForm onDone={onDone} />
    </FormDialog>
  )
}

function FreezeForm({ onDone }: { onDone: () => void }) {
  const zone = useHospitalZone()
  const servers = useQuery(targetsQuery())
  const [from, setFrom] = useState(() => wallAt(zone, Date.now()))
  const [until, setUntil] = useState(() => ({ date: addDays(wallAt(zone, Date.now()).date, 1), time: '06:00' }))
  const [targets, setTargets] = useState<string[]>([])
  const [reason, setReason] = useState('')
  const add = useAct<Wire<'NewFreeze'>, FreezeView>(['freezes', 'windows'], (body) => bodyOf(api.POST('/api/freezes', { body })))
  const begins = instantOf(zone, from)
  const ends = instantOf(zone, until)
  const isOrdered = begins !== null && ends !== null && begins < ends
  const toggle = (name: string): void =>
    setTargets(targets.includes(name) ? targets.filter((other) => other !== name) : [...targets, name])

  const run = (): Promise<FreezeView> =>
    add.mutateAsync({
      targets,
      from: new Date(begins ?? 0).toISOString(),
      until: new Date(ends ?? 0).toISOString(),
      reason: reason.trim(),
    })

  return (
    <DialogForm verb="Freeze" canRun={isOrdered && reason.trim() !== ''} run={run} onDone={onDone}>
      <Textarea
        label="Reason"
        description="Technicians read it when they ask for this time."
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
        autosize
        maxLength={1000}
      />
      <WallInput label="From" value={from} onChange={setFrom} />
      <WallInput
        label="Until"
        value={until}
        onChange={setUntil}
        error={begins !== null && ends !== null && !isOrdered ? 'Must be after the beginning' : undefined}
      />
      <fieldset className={classes.servers}>
        <legend>Servers</legend>
        <Checkbox label="All servers" checked={targets.length === 0} onChange={() => setTargets([])} />
        {(servers.data ?? []).map(({ name }) => (
          <Checkbox key={name} label={name} checked={targets.includes(name)} onChange={() => toggle(name)} />
        ))}
      </fieldset>
    </DialogForm>
  )
}
