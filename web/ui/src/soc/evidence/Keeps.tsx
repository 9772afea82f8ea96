import { Button, Select, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer, DataTable, EmptyState, Moment, ReasonDialog, Tag, useMay, type Column, type PlannedAct } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { useKeep, useLift } from './acts'
import { KEEP_KINDS, keepKindWords, type KeepKind } from './keep'
import { keepsQuery, type HoldView } from './queries'

/** Everything that is kept whatever its class says, and who asked for it. */
export function Keeps() {
  const may = useMay()
  const keeps = useQuery(keepsQuery())
  const lift = useLift()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const planLift = ({ id, kind, name }: HoldView): void =>
    setPlanned({
      title: `Lift the keep of ${keepKindWords(kind).toLowerCase()} ${name}`,
      explains: 'It takes two people, within 24 hours. Then the evidence is deleted when its class says so.',
      verb: 'Lift it',
      isCut: true,
      run: (reason) => lift.mutateAsync({ id, reason }),
    })
  return (
    <>
      <Answer of={keeps}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState title="Nothing is kept beyond its class" words="Keep a visit, a window or a server when its evidence must not be deleted." />
          ) : (
            <DataTable label="Keeps" columns={columnsWith(may('lift-hold') ? planLift : null)} rows={all} keyOf={({ id }) => id} />
          )
        }
      </Answer>
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </>
  )
}

function columnsWith(onLift: ((keep: HoldView) => void) | null): Column<HoldView>[] {
  const columns: Column<HoldView>[] = [
    {
      head: 'What',
      cell: ({ kind, name }) => (
        <>
          {keepKindWords(kind)} <strong>{name}</strong>
        </>
      ),
    },
    { head: 'Why', cell: ({ reason }) => reason },
    { head: 'Who', cell: ({ by }) => by },
    { head: 'Since', cell: ({ at }) => <Moment at={at} isBare /> },
    { head: 'State', cell: ({ lifting }) => (lifting ? <Tag tone="warn">{`${lifting.asked_by} asks to lift it`}</Tag> : <Tag>Kept</Tag>) },
  ]
  if (onLift === null) return columns
  const acts: Column<HoldView> = {
    head: 'Acts',
    isActs: true,
    cell: (keep) => (
      <Button variant="default" size="xs" onClick={() => onLift(keep)}>
        Lift…
      </Button>
    ),
  }
  return [...columns, acts]
}

export function AddKeep({ isOpen, onDone }: { isOpen: boolean; onDone: () => void }) {
  return (
    <FormDialog title="Keep evidence" isOpen={isOpen} onDone={onDone}>
      <KeepForm onDone={onDone} />
    </FormDialog>
  )
}

function KeepForm({ onDone }: { onDone: () => void }) {
  const keep = useKeep()
  const [kind, setKind] = useState<KeepKind>('target')
  const [name, setName] = useState('')
  const [reason, setReason] = useState('')
  return (
    <DialogForm
      verb="Keep it"
      canRun={name.trim() !== '' && reason.trim() !== ''}
      run={() => keep.mutateAsync({ kind, name: name.trim(), reason: reason.trim() })}
      onDone={onDone}
    >
      <Select label="What" value={kind} data={KEEP_KINDS} allowDeselect={false} onChange={(next) => setKind((next ?? 'target') as KeepKind)} />
      <TextInput
        label="Which"
        description="A name or sign-in name; the id from its address for a visit or window."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
      />
      <Textarea label="Reason" description="Kept in the ledger, beside your name." value={reason} onChange={(event) => setReason(event.currentTarget.value)} required autosize maxLength={1000} />
    </DialogForm>
  )
}
