/** From a request to the replay of the visit: technician, clinical engineering and SOC, each at a browser of their own. */
import { decided, goesLive, isReplayed } from '../visit.mjs'
import { check, turn, walk } from '../walk.mjs'

await walk(async ({ browser, atDesk }) => {
  const [dana, priya, sam] = [await atDesk('dana'), await atDesk('priya'), await atDesk('sam')]
  // Who proved themselves long ago is asked again.
  browser.expects(403, '/api/windows/')
  browser.expects(403, '/api/sessions/')
  await sam.page.goto('/soc/live')
  await sam.sees('Nobody is on a server')
  const window = await decided(browser, dana, priya)
  const visited = await turn('the window is open', { window, code: await dana.app.code() })
  check(visited.screen.includes('is recorded'), `the technician is told of the recording: ${visited.screen}`)
  await goesLive(browser, dana, priya, sam)
  await isReplayed(browser, sam)
})
