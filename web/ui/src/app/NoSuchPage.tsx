import { Link } from 'react-router'
import { EmptyState } from '../shared/EmptyState'
import { PageTitle } from '../shared/PageTitle'

export function NoSuchPage() {
  return (
    <>
      <PageTitle title="No such page" />
      <EmptyState
        title="There is nothing at this address"
        words="The link may be old, or cut short. What you look for can be found from your desks on the left."
        action={<Link to="/">Go to my desk</Link>}
      />
    </>
  )
}
