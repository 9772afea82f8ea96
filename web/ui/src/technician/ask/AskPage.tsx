import { useState } from 'react'
import { api, bodyOf, PageTitle, useAct, useHospitalZone, useMe, type Wire } from '#frame'
import { addDays, wallAt } from '../../shared/time/zone'
import { AskForm } from './AskForm'
import { Asked } from './Asked'
import { requestOf, TEMPLATES, type Draft } from './draft'

/** Asking for a window, and what the gate says about it. */
export function AskPage() {
  const zone = useHospitalZone()
  const { person } = useMe()
  const [draft, setDraft] = useState<Draft>(() => firstDraft(zone, person.login))
  const ask = useAct<Wire<'NewWindow'>, Wire<'WindowView'>>(['windows'], (body) => bodyOf(api.POST('/api/windows', { body })))

  return (
    <>
      <PageTitle
        title="Ask for a window"
        words="The hospital sees it at once, beside the server’s card and what else is planned there."
      />
      {ask.data ? (
        <Asked
          window={ask.data}
          onAnother={() => {
            ask.reset()
            setDraft(firstDraft(zone, person.login))
          }}
        />
      ) : (
        <AskForm
          draft={draft}
          onChange={setDraft}
          onAsk={() => ask.mutate(requestOf(draft, zone))}
          isAsking={ask.isPending}
          problem={ask.error}
        />
      )}
    </>
  )
}

function firstDraft(zone: string, login: string): Draft {
  const template = TEMPLATES['patch']
  return {
    servers: [''],
    technicians: login,
    purpose: 'patch',
    access: template?.access ?? [],
    start: { date: addDays(wallAt(zone, Date.now()).date, 1), time: '22:00' },
    length: template?.length ?? '',
    workLimit: '',
    overrun: '',
    files: [],
    ticket: '',
    reason: '',
  }
}
