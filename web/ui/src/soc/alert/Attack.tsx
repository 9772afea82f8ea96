import { Text } from '@mantine/core'
import type { AlertContent } from './content'
import classes from './Attack.module.css'
import { Part } from './Part'

/** The techniques by id, with the version of ATT&CK that the ids are from. */
export function Attack({ content, rule }: { content: AlertContent; rule: string }) {
  const version = content.attackVersion
  return (
    <Part title={version ? `ATT&CK v${version}` : 'ATT&CK'} isWide>
      {content.techniques.length === 0 ? (
        <Text size="sm">This rule names no technique.</Text>
      ) : (
        <ul className={classes.techniques}>
          {content.techniques.map((technique) => (
            <li key={technique.id}>
              <code>{technique.id}</code> {technique.name}
            </li>
          ))}
        </ul>
      )}
      <p className={classes.origin}>
        Rule <code>{rule}</code>
        {content.fact && (
          <>
            , fact <code>{content.fact}</code> in the ledger
          </>
        )}
        {content.node && (
          <>
            , written by <code>{content.node}</code>
          </>
        )}
      </p>
    </Part>
  )
}
