import { numberText } from './format.ts';
import { PANEL_ID } from './panel.tsx';
import { openPanel, type PanelName, type Store } from './store.ts';

const FILES = [
  ['waiting', 'Waiting'],
  ['in-work', 'In work'],
  ['posted', 'Posted'],
  ['dead-lettered', 'Dead letters'],
] as const;

/** Where the files are. Each button opens its panel. */
export const Strip = ({ store }: { store: Store }) => {
  const { relay, faults } = store.state;
  const open = openPanel(store.state);
  const button = (name: PanelName, label: string, count: number) => (
    <button
      type="button"
      id={`strip-${name}`}
      class={`stage ${name}${count > 0 ? ' some' : ''}`}
      aria-expanded={open === name}
      aria-controls={open === name ? PANEL_ID : undefined}
      onClick={() => store.choosePanel(open === name ? 'none' : name)}
    >
      <span class="number">{numberText(count)}</span> <span class="label">{label}</span>
    </button>
  );
  return (
    <section class="strip" aria-label="Files and faults">
      {relay && FILES.map(([name, label]) => button(name, label, relay.counts[name]))}
      {button('faults', 'Faults on', faults.filter(({ isOn }) => isOn).length)}
      {relay && (
        <p class={`balance${relay.lost + relay.twice > 0 ? ' bad' : ''}`}>
          <span>
            <strong>{relay.lost}</strong> lost
          </span>{' '}
          <span>
            <strong>{relay.twice}</strong> posted twice
          </span>
        </p>
      )}
    </section>
  );
};
