import { Button, Select, TextInput } from '@mantine/core'
import { useState } from 'react'
import { PageTitle, useHospitalZone, useMay } from '#frame'
import { WallInput } from '../../shared/time/WallInput'
import { addDays, instantOf, wallAt, type Wall } from '../../shared/time/zone'
import { AddKeep, Keeps } from './Keeps'
import type { About } from './package'
import { PackageDialog } from './PackageDialog'
import { Waiting } from './Waiting'

/** Evidence: what waits for a second person, what is kept, and packages to take away. */
export function EvidencePage() {
  const may = useMay()
  const [dialog, setDialog] = useState<'keep' | 'package' | null>(null)
  const close = (): void => setDialog(null)
  return (
    <>
      <PageTitle
        title="Evidence"
        words="What two people do together, what is kept whatever its age, and packages that anybody can check."
        actions={
          <>
            <Button variant="default" onClick={() => setDialog('keep')}>
              Keep evidence…
            </Button>
            {may('export-evidence') && <Button onClick={() => setDialog('package')}>Evidence package…</Button>}
          </>
        }
      />
      <div className="stack">
        <Waiting />
        <Keeps />
      </div>
      <AddKeep isOpen={dialog === 'keep'} onDone={close} />
      <ChosenPackage isOpen={dialog === 'package'} onDone={close} />
    </>
  )
}

function ChosenPackage({ isOpen, onDone }: { isOpen: boolean; onDone: () => void }) {
  const zone = useHospitalZone()
  const [kind, setKind] = useState<About['kind']>('target')
  const [name, setName] = useState('')
  const [from, setFrom] = useState<Wall>(() => ({ date: addDays(wallAt(zone, Date.now()).date, -1), time: '00:00' }))
  const [to, setTo] = useState<Wall>(() => ({ date: addDays(wallAt(zone, Date.now()).date, 1), time: '00:00' }))
  const [begins, ends] = [instantOf(zone, from), instantOf(zone, to)]
  const isOrdered = begins !== null && ends !== null && begins < ends
  const about = aboutOf(kind, name.trim(), isOrdered ? [begins, ends] : null)
  return (
    <PackageDialog about={about} isOpen={isOpen} onDone={onDone}>
      <Select
        label="About"
        value={kind}
        data={[
          { value: 'target', label: 'A server, between two times' },
          { value: 'window', label: 'A change window' },
          { value: 'session', label: 'A visit' },
        ]}
        allowDeselect={false}
        onChange={(next) => setKind((next ?? 'target') as About['kind'])}
      />
      <TextInput
        label={kind === 'target' ? 'Server' : 'Its id, from its address'}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
      />
      {kind === 'target' && <WallInput label="From" value={from} onChange={setFrom} />}
      {kind === 'target' && <WallInput label="Until" value={to} onChange={setTo} error={isOrdered ? undefined : 'Must be after the beginning'} />}
    </PackageDialog>
  )
}

function aboutOf(kind: About['kind'], name: string, times: [number, number] | null): About | null {
  if (name === '') return null
  if (kind !== 'target') return { kind, id: name }
  return times && { kind, name, from: new Date(times[0]).toISOString(), to: new Date(times[1]).toISOString() }
}
