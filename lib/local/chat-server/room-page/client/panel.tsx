import { useEffect, useState } from 'preact/hooks';
import type { LifeView } from '../protocol.ts';
import { Faults } from './faults.tsx';
import { countText, numberText } from './format.ts';
import { Life } from './life.tsx';
import type { PanelName, Store } from './store.ts';

/** More rows than anybody reads would only make the page slow. */
const MAX_ROWS = 60;

export const PANEL_ID = 'panel';

const TEXTS: Readonly<Record<PanelName, { title: string; none: string }>> = {
  waiting: { title: 'Waiting', none: 'No file waits.' },
  'in-work': { title: 'In work', none: 'The function has no file right now.' },
  posted: { title: 'Posted', none: 'No file has been posted yet.' },
  'dead-lettered': { title: 'Dead letters', none: 'No dead letters: every file was posted or is on its way.' },
  faults: { title: 'Break something', none: '' },
};

export const Panel = ({ name, store }: { name: PanelName; store: Store }) => {
  const close = () => {
    store.choosePanel('none');
    document.getElementById(`strip-${name}`)?.focus();
  };
  return (
    <section
      id={PANEL_ID}
      class="panel"
      aria-label={TEXTS[name].title}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <header>
        <h2>{TEXTS[name].title}</h2>
        <button type="button" class="close" aria-label="Close the panel" onClick={close}>
          <span aria-hidden="true">×</span>
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls only what has the focus. */}
      <div class="panel-body" tabIndex={0}>
        {name === 'faults' ? <Faults store={store} /> : <Lives name={name} store={store} />}
      </div>
    </section>
  );
};

const Lives = ({ name, store }: { name: Exclude<PanelName, 'faults'>; store: Store }) => {
  const now = useNow();
  const { lives, relay } = store.state;
  const all = [...lives.values()].filter(({ state }) => state === name).reverse();
  const total = Math.max(relay?.counts[name] ?? 0, all.length);
  const ignored = name === 'posted' ? [...lives.values()].filter(({ state }) => state === 'ignored').reverse() : [];
  return (
    <>
      {name === 'dead-lettered' && all.length > 1 && (
        <p>
          <button type="button" class="button" onClick={() => void store.sendBack()}>
            Send all {all.length} back
          </button>
        </p>
      )}
      {all.length === 0 && <p class="none">{TEXTS[name].none}</p>}
      <List lives={all} store={store} now={now} />
      {total > MAX_ROWS && <p class="none">and {numberText(total - Math.min(MAX_ROWS, all.length))} more</p>}
      {ignored.length > 0 && (
        <>
          <h3>{countText(relay?.counts.ignored ?? ignored.length, 'file')} ignored</h3>
          <List lives={ignored} store={store} now={now} />
        </>
      )}
    </>
  );
};

const List = ({ lives, store, now }: { lives: readonly LifeView[]; store: Store; now: number }) =>
  lives.length === 0 ? null : (
    <ul class="lives">
      {lives.slice(0, MAX_ROWS).map((life) => (
        <Life key={life.id} life={life} store={store} now={now} />
      ))}
    </ul>
  );

/** The time, anew each second. */
const useNow = (): number => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
};
