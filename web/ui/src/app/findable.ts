import { useQuery } from '@tanstack/react-query'
import { useMay, useMe, useHospitalZone } from '../api/me'
import { personPath, serverPath, windowPath } from '../shared/paths'
import { peopleQuery } from '../shared/people'
import { targetsQuery } from '../shared/servers'
import { momentWords } from '../shared/time/zone'
import { windowsQuery } from '../shared/window/queries'
import { desksOf } from './desks'
import type { Findable } from './find'

/** Everything that the person may go to by name. */
export function useFindable(): Findable[] {
  const me = useMe()
  const may = useMay()
  const zone = useHospitalZone()
  const windows = useQuery(windowsQuery())
  const targets = useQuery({ ...targetsQuery(), enabled: may('manage-targets') })
  const people = useQuery({ ...peopleQuery(), enabled: may('manage-people') })
  const now = Date.now()
  return [
    ...desksOf(me).flatMap(({ label: kind, pages }) => pages.map(({ label, to }) => ({ kind, label, to }))),
    ...(targets.data ?? []).map(({ name }) => ({ kind: 'Server', label: name, to: serverPath(name) })),
    ...(people.data ?? []).map(({ name, login }) => ({
      kind: 'Person',
      label: `${name} (${login})`,
      to: personPath(login),
    })),
    ...(windows.data ?? []).map((window) => ({
      kind: 'Window',
      label: `${window.targets.join(', ')}, ${momentWords(zone, Date.parse(window.opens), now)}, ${window.ticket ?? window.purpose}`,
      to: windowPath(window.id),
    })),
  ]
}
