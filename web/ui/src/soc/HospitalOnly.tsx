import { EmptyState, PageTitle, useMe } from '#frame'
import { Outlet } from 'react-router'

/** What the SOC sees is not for a vendor's people; the gate refuses them too, but a page that says so is plainer. */
export function HospitalOnly() {
  const { person } = useMe()
  if (!person.vendor) return <Outlet />
  return (
    <>
      <PageTitle title="Not your desk" />
      <EmptyState title="This page is the hospital’s" words="Your change windows, and the visits in them, are on your own desk." />
    </>
  )
}
