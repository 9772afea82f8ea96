import { Navigate } from 'react-router'
import { useMe } from '../api/me'
import { homeOf } from './desks'

/** The site's front, once signed in: the first page of the first desk. */
export function Home() {
  return <Navigate to={homeOf(useMe())} replace />
}
