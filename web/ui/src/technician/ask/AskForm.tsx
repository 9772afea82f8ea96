import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { Panel, ProblemPanel, Span, useHospitalZone, useMe } from '#frame'
import { WallInput } from '../../shared/time/WallInput'
import { PURPOSES } from '../../shared/window/state'
import classes from '../MyWindows.module.css'
import { AccessChoice } from './AccessChoice'
import { faultsOf, requestOf, TEMPLATES, type Draft } from './draft'
import { PlannedFiles } from './PlannedFiles'
import { ServerChoice } from './ServerChoice'

/** Ways by which files come to a server and are held against the plan. */
const UPLOADS = ['sftp-write', 'exec']

interface AskFormProps {
  draft: Draft
  onChange: (draft: Draft) => void
  onAsk: () => void
  isAsking: boolean
  problem: Error | null
}

/** The form. Faults are shown once somebody has tried to send it. */
export function AskForm({ draft, onChange, onAsk, isAsking, problem }: AskFormProps) {
  const zone = useHospitalZone()
  const { roles } = useMe()
  const [hasTried, setTried] = useState(false)
  const faults = faultsOf(draft, zone, Date.now())
  const shown = hasTried ? faults : {}
  const set = (part: Partial<Draft>): void => onChange({ ...draft, ...part })
  const asksForOthers = roles.some((role) => role !== 'technician')

  const submit = (event: FormEvent): void => {
    event.preventDefault()
    setTried(true)
    if (Object.keys(faults).length === 0) onAsk()
  }

  return (
    <div className={classes.ask}>
      <Panel>
        <form className={classes.form} onSubmit={submit} noValidate>
          <ServerChoice chosen={draft.servers} onChange={(servers) => set({ servers })} error={shown.servers} />
          {asksForOthers && (
            <TextInput
              label="Technicians"
              description="Sign-in names, all of one vendor."
              value={draft.technicians}
              error={shown.technicians}
              onChange={(event) => set({ technicians: event.currentTarget.value })}
            />
          )}
          <div className={classes.pair}>
            <NativeSelect
              label="Purpose"
              data={[...PURPOSES]}
              value={draft.purpose}
              onChange={(event) => set({ purpose: event.currentTarget.value, ...TEMPLATES[event.currentTarget.value] })}
            />
            <TextInput
              label="Ticket"
              placeholder="CHG0031337"
              value={draft.ticket}
              onChange={(event) => set({ ticket: event.currentTarget.value })}
            />
          </div>
          <div className={classes.pair}>
            <WallInput label="Opens, hospital time" value={draft.start} onChange={(start) => set({ start })} error={shown.start} />
            <TextInput
              label="Length"
              placeholder="90 min"
              value={draft.length}
              error={shown.length}
              onChange={(event) => set({ length: event.currentTarget.value })}
            />
          </div>
          {!faults.start && !faults.length && <Times draft={draft} zone={zone} />}
          <TextInput
            label="Work limit"
            description="The longest the work takes from the first visit on. Leave it empty to use the whole window."
            placeholder="60 min"
            value={draft.workLimit}
            error={shown.workLimit}
            onChange={(event) => set({ workLimit: event.currentTarget.value })}
          />
          <TextInput
            label="Overrun"
            description="How long what runs may still write to your screen after the end. Nothing can be typed then. Usually empty."
            placeholder="15 min"
            value={draft.overrun}
            error={shown.overrun}
            onChange={(event) => set({ overrun: event.currentTarget.value })}
          />
          <AccessChoice chosen={draft.access} onChange={(access) => set({ access })} error={shown.access} />
          {draft.access.some((access) => UPLOADS.includes(access)) && (
            <PlannedFiles files={draft.files} onChange={(files) => set({ files })} error={shown.files} />
          )}
          <Textarea
            label="What is to be done"
            description="The hospital decides by this. Say what changes, and how it is taken back if it fails."
            value={draft.reason}
            error={shown.reason}
            onChange={(event) => set({ reason: event.currentTarget.value })}
            maxLength={1000}
            autosize
            minRows={3}
          />
          {problem && <ProblemPanel error={problem} />}
          <div>
            <Button type="submit" loading={isAsking}>
              Ask for this window
            </Button>
          </div>
        </form>
      </Panel>
    </div>
  )
}

/** The times as they will be read, also by who sits in another zone. */
function Times({ draft, zone }: { draft: Draft; zone: string }) {
  const { opens, closes } = requestOf(draft, zone)
  return (
    <div className={classes.sum}>
      <Span from={opens} until={closes} />
    </div>
  )
}
