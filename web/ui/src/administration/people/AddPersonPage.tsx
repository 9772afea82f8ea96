import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { api, bodyOf, PageTitle, Panel, personPath, ProblemPanel, useAct, type Wire } from '#frame'
import { vendorsQuery, type PersonView } from '../../shared/people'
import { ROLES } from '../../shared/roles'
import { useFormRun } from '../../shared/useFormRun'
import { EMPTY_PERSON, newPerson, personFaults, type PersonDraft } from './person-draft'
import classes from './Person.module.css'

/** Adds a person; their page then makes the enrolment link. */
export function AddPersonPage() {
  const navigate = useNavigate()
  const [draft, setDraft] = useState(EMPTY_PERSON)
  const [hasTried, setTried] = useState(false)
  const add = useAct<Wire<'NewPerson'>, PersonView>(['people', 'vendors'], (body) => bodyOf(api.POST('/api/people', { body })))
  const faults = personFaults(draft)
  const shown = hasTried ? faults : {}
  const set = (part: Partial<PersonDraft>): void => setDraft({ ...draft, ...part })
  const form = useFormRun(async () => {
    setTried(true)
    if (Object.keys(faults).length > 0) return
    const added = await add.mutateAsync(newPerson(draft))
    await navigate(personPath(added.login))
  })
  return (
    <>
      <PageTitle title="Add a person" up={{ to: '/administration/people', label: 'People' }} />
      <Panel>
        <form className={classes.form} onSubmit={form.submit} noValidate>
          <div className={classes.pair}>
            <TextInput
              label="Sign-in name"
              placeholder="dana"
              autoComplete="off"
              value={draft.login}
              error={shown.login}
              onChange={(event) => set({ login: event.currentTarget.value })}
            />
            <TextInput label="Name" placeholder="Dana Reyes" autoComplete="off" value={draft.name} onChange={(event) => set({ name: event.currentTarget.value })} />
          </div>
          <TextInput
            label="Mail"
            description="Where they are told what becomes of their change windows; without it they are told nothing."
            placeholder="dana@meridian.example"
            type="email"
            autoComplete="off"
            value={draft.email}
            onChange={(event) => set({ email: event.currentTarget.value })}
          />
          <Company vendor={draft.vendor} onChange={(vendor) => set({ vendor, roles: [] })} />
          <Roles draft={draft} onChange={(roles) => set({ roles })} error={shown.roles} />
          {draft.vendor === '' && (
            <TextInput
              label="Where the roles apply"
              description="Everywhere when empty; else site:East, group:icu, or target: and a server’s name."
              value={draft.scope}
              error={shown.scope}
              onChange={(event) => set({ scope: event.currentTarget.value })}
            />
          )}
          <Textarea
            label="SSH public keys"
            description="One line each; technicians need one to connect."
            value={draft.keys}
            onChange={(event) => set({ keys: event.currentTarget.value })}
            autosize
            minRows={2}
            spellCheck={false}
          />
          <TextInput
            label="Networks they may come from"
            description="ADDRESS/BITS, with commas between; any when empty."
            placeholder="203.0.113.0/24"
            value={draft.networks}
            onChange={(event) => set({ networks: event.currentTarget.value })}
          />
          {form.problem !== null && <ProblemPanel error={form.problem} />}
          <div>
            <Button type="submit" loading={form.isRunning}>
              Add the person
            </Button>
          </div>
        </form>
      </Panel>
    </>
  )
}

function Company({ vendor, onChange }: { vendor: string; onChange: (vendor: string) => void }) {
  const vendors = useQuery(vendorsQuery())
  const options = (vendors.data ?? []).map(({ name }) => ({ value: name, label: name }))
  return (
    <NativeSelect
      label="Company"
      data={[{ value: '', label: 'Hospital staff' }, ...options]}
      value={vendor}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

interface RolesProps {
  draft: PersonDraft
  onChange: (roles: string[]) => void
  error?: string | undefined
}

/** Vendors' people take vendors' roles, the hospital's take the hospital's. */
function Roles({ draft, onChange, error }: RolesProps) {
  const { roles, vendor } = draft
  const toggle = (role: string): void => onChange(roles.includes(role) ? roles.filter((other) => other !== role) : [...roles, role])
  return (
    <fieldset className={classes.roles}>
      <legend>Roles</legend>
      {ROLES.filter(({ isVendor }) => isVendor === (vendor !== '')).map(({ value, label }) => (
        <Checkbox key={value} label={label} checked={roles.includes(value)} onChange={() => toggle(value)} />
      ))}
      {error && <p className="fault">{error}</p>}
    </fieldset>
  )
}
