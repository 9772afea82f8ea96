/** The desks and their pages, as the navigation shows them. */
import type { Me } from '../api/me'

export type Count = 'open-alerts' | 'live-visits' | 'waiting-requests'

export interface DeskPage {
  to: string
  label: string
  /** The letter after `g`. */
  key: string
  /** A number beside the label. */
  count?: Count
  /** Shown only to who may do one of these. */
  acts?: readonly string[]
}

export interface Desk {
  id: string
  label: string
  pages: readonly DeskPage[]
}

export const DESKS: readonly Desk[] = [
  {
    id: 'technician',
    label: 'Technician',
    pages: [
      { to: '/technician', label: 'My change windows', key: 'w' },
      { to: '/technician/ask', label: 'Ask for a window', key: 'a', acts: ['request-window'] },
    ],
  },
  {
    id: 'engineering',
    label: 'Clinical engineering',
    pages: [
      { to: '/engineering/requests', label: 'Requests', key: 'r', count: 'waiting-requests' },
      { to: '/engineering/schedule', label: 'Schedule', key: 's' },
      { to: '/engineering/now', label: 'Now', key: 'n', count: 'live-visits' },
      { to: '/engineering/servers', label: 'Servers', key: 'e' },
      { to: '/engineering/freezes', label: 'Freezes', key: 'f' },
    ],
  },
  {
    id: 'soc',
    label: 'SOC',
    pages: [
      { to: '/soc', label: 'Queue', key: 'q', count: 'open-alerts' },
      { to: '/soc/live', label: 'Live', key: 'l', count: 'live-visits' },
      { to: '/soc/visits', label: 'Visits', key: 'v' },
      { to: '/soc/evidence', label: 'Evidence', key: 't', acts: ['work-alerts'] },
      { to: '/soc/keeping', label: 'Keeping', key: 'k', acts: ['manage-retention', 'shorten-retention'] },
      { to: '/soc/ledger', label: 'Ledger', key: 'b', acts: ['see-ledger'] },
      { to: '/soc/destinations', label: 'Destinations and health', key: 'd' },
    ],
  },
  {
    id: 'administration',
    label: 'Administration',
    pages: [
      { to: '/administration/people', label: 'People', key: 'p' },
      { to: '/administration/vendors', label: 'Vendors', key: 'o' },
      { to: '/soc/destinations', label: 'Destinations and health', key: 'd' },
    ],
  },
]

/** The desks of a person, without pages that they may not use, and no page twice. */
export function desksOf(me: Pick<Me, 'desks' | 'acts'>): Desk[] {
  const seen = new Set<string>()
  return DESKS.filter((desk) => me.desks.includes(desk.id)).map((desk) => ({
    ...desk,
    pages: desk.pages.filter(({ to, acts }) => {
      if (seen.has(to) || (acts && !acts.some((act) => me.acts.includes(act)))) return false
      seen.add(to)
      return true
    }),
  }))
}

/** Where somebody lands who opens the site. */
export function homeOf(me: Pick<Me, 'desks' | 'acts'>): string {
  return desksOf(me)[0]?.pages[0]?.to ?? '/account'
}
