/** Every page of every desk, as the demo's people see them. */

const found = (url, toPath) => async (page) => {
  const all = await page.evaluate(async (url) => (await fetch(url)).json(), url)
  return toPath(all)
}

const windowIn = (state) => (all) => all.find((window) => window.state === state)?.id ?? all[0].id

/** Dana's open window on a server. */
const openOn = (target) => (all) => all.find(({ state, targets }) => state === 'open' && targets.includes(target)).id

const isCritical = ({ severity }) => severity === 'critical'

const byTls = ({ protocol }) => protocol === 'tls'

/** A fresh link, made by whoever is signed in. */
const link = async (page) => {
  const answer = await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/me')).json()
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf }
    const made = await fetch('/api/people/priya/enrolment', { method: 'POST', headers, body: '{}' })
    return { status: made.status, body: await made.json() }
  })
  if (answer.status >= 300) throw new Error(`no link: ${JSON.stringify(answer)}`)
  const { hash, pathname } = new URL(answer.body.link)
  return pathname + hash
}

export const DESKS = [
  { pages: [{ name: 'front', at: '/', ready: 'Take a seat at a desk' }] },
  {
    login: 'dana',
    button: /Dana Reyes/,
    pages: [
      { name: 'my-windows', at: '/technician' },
      { name: 'ask', at: '/technician/ask' },
      { name: 'ask-files', at: '/technician/ask', act: (page) => page.getByLabel('Bring files').check() },
      { name: 'my-window', at: found('/api/windows', (all) => `/technician/windows/${openOn('alaris-sm-01')(all)}`), ready: 'Connect' },
      { name: 'my-console', at: found('/api/windows', (all) => `/technician/windows/${openOn('alaris-console')(all)}`), ready: 'Web consoles' },
      { name: 'account', at: '/account' },
      { name: 'forbidden', at: '/administration/people' },
    ],
  },
  {
    login: 'priya',
    button: /Priya Nair/,
    pages: [
      { name: 'requests', at: '/engineering/requests' },
      { name: 'request', at: found('/api/windows', (all) => `/engineering/requests/${windowIn('requested')(all)}`) },
      { name: 'requests-coming', at: '/engineering/requests?show=coming' },
      { name: 'window', at: found('/api/windows', (all) => `/windows/${windowIn('open')(all)}`) },
      { name: 'schedule', at: '/engineering/schedule' },
      { name: 'now', at: '/engineering/now' },
      { name: 'servers', at: '/engineering/servers' },
      { name: 'server', at: '/engineering/servers/alaris-sm-01' },
      { name: 'console', at: '/engineering/servers/alaris-console' },
      { name: 'add-server', at: '/engineering/servers/add' },
      { name: 'add-console', at: '/engineering/servers/add', act: (page) => page.getByLabel(/It has a web console/).check() },
      { name: 'freezes', at: '/engineering/freezes' },
      { name: 'add-freeze', at: '/engineering/freezes', act: (page) => page.getByRole('button', { name: 'Add a freeze' }).click() },
    ],
  },
  {
    login: 'sam',
    button: /Sam Okafor/,
    pages: [
      { name: 'queue', at: '/soc' },
      { name: 'alert', at: found('/api/alerts', (all) => `/soc/alerts/${(all.find(isCritical) ?? all[0]).id}`) },
      { name: 'other-alert', at: found('/api/alerts', (all) => `/soc/alerts/${(all.find((alert) => !isCritical(alert)) ?? all[0]).id}`) },
      { name: 'live', at: '/soc/live' },
      { name: 'visits', at: '/soc/visits' },
      { name: 'hits', at: '/soc/visits?text=recorded&why=a+look' },
      { name: 'evidence', at: '/soc/evidence' },
      { name: 'package', at: '/soc/evidence', act: (page) => page.getByRole('button', { name: 'Evidence package…' }).click() },
      { name: 'keep', at: '/soc/evidence', act: (page) => page.getByRole('button', { name: 'Keep evidence…' }).click() },
      { name: 'keeping', at: '/soc/keeping' },
      { name: 'ledger', at: '/soc/ledger', act: (page) => page.getByRole('search').getByRole('button', { name: 'Search' }).click() },
      { name: 'replay', at: found('/api/sessions', (all) => `/soc/visits/${all.at(-1).id}?t=2`) },
      { name: 'replay-console', at: found('/api/sessions', (all) => `/soc/visits/${all.find(byTls).id}`), ready: 'Web requests' },
      { name: 'destinations', at: '/soc/destinations' },
      { name: 'no-such-page', at: '/soc/nothing-here' },
    ],
  },
  {
    login: 'admin',
    button: /Administrator/,
    pages: [
      { name: 'people', at: '/administration/people' },
      { name: 'add-person', at: '/administration/people/add' },
      { name: 'person', at: '/administration/people/dana' },
      { name: 'vendors', at: '/administration/vendors' },
      { name: 'vendor', at: '/administration/vendors/Meridian%20Infusion', ready: 'Certificate authorities' },
      { name: 'add-vendor', at: '/administration/vendors', act: (page) => page.getByRole('button', { name: 'Add a vendor' }).click() },
      { name: 'destinations', at: '/soc/destinations' },
      { name: 'enrol', at: link, ready: 'Choose a password' },
    ],
  },
]
