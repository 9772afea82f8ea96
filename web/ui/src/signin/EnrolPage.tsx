import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'react-router'
import { Answer, api, bodyOf, EmptyState, PageTitle } from '#frame'
import { Mark } from '../app/Mark'
import { EnrolForm } from './EnrolForm'
import { RecoveryCodes } from './RecoveryCodes'
import classes from './SignIn.module.css'

/** `/enrol#TOKEN`: the token is behind the mark, so that no server's log ever has it. */
export function EnrolPage() {
  const token = useLocation().hash.slice(1)
  const [codes, setCodes] = useState<string[] | null>(null)
  const offer = useQuery({
    queryKey: ['enrolment', token],
    queryFn: ({ signal }) => bodyOf(api.POST('/api/enrolment/look', { body: { token }, signal })),
    enabled: token !== '',
    retry: false,
  })
  return (
    <main className={classes.page}>
      <PageTitle title="Enrol" isHidden />
      <div className={classes.brand}>
        <Mark size={40} />
        <p className={classes.name}>Chaperone</p>
        <p className={classes.claim}>{offer.data ? `Welcome, ${offer.data.name}` : 'Enrol'}</p>
      </div>
      {token === '' && (
        <EmptyState title="This link is not complete" words="Open the whole link that you were given, with all that is behind the #." />
      )}
      {token !== '' && codes === null && (
        <Answer of={offer}>{(found) => <EnrolForm token={token} offer={found} onEnrolled={setCodes} />}</Answer>
      )}
      {codes !== null && <RecoveryCodes codes={codes} login={offer.data?.login ?? ''} />}
    </main>
  )
}
