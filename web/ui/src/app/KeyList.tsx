import { Kbd, Modal } from '@mantine/core'
import { useKeyGroups } from '../shared/keys/useKeys'
import classes from './KeyList.module.css'

/** Every key that does something on the present page. */
export function KeyList({ onClose }: { onClose: () => void }) {
  const groups = useKeyGroups().filter((group) => group.bindings.length > 0)
  return (
    <Modal opened onClose={onClose} title="Keys" size={640}>
      <div className={classes.groups}>
        {groups.map((group, index) => (
          <section key={`${group.title} ${index}`}>
            <h3 className={classes.title}>{group.title}</h3>
            <dl className={classes.keys}>
              {group.bindings.map(({ keys, words }) => (
                <div className={classes.key} key={keys}>
                  <dt>
                    {keys.split(' ').map((key, place) => (
                      <Kbd key={place}>{key}</Kbd>
                    ))}
                  </dt>
                  <dd>{words}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
