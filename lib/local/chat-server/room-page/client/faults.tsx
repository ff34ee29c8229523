import { useEffect, useState } from 'preact/hooks';
import type { FaultChange, FaultName, FaultView } from '../protocol.ts';
import { countText } from './format.ts';
import type { Store } from './store.ts';

const TEXTS: Readonly<Record<FaultName, { title: string; explanation: string }>> = {
  'server-down': {
    title: 'The server is down',
    explanation: 'Connections are reset. Files wait, and each is tried again later and later.',
  },
  'rate-limit': {
    title: 'Ten calls a minute',
    explanation: 'Each further call is answered with 429. Files wait for the next minute and lose no try.',
  },
  'lost-answer': {
    title: 'Lose the answer to a confirm',
    explanation:
      'The message is posted, but the relay does not hear of it. It looks into the room before it tries again.',
  },
  'bad-gateway': {
    title: '502 Bad Gateway',
    explanation: 'A proxy answers instead of the server, which does nothing.',
  },
};

/** Switches for the chat server's faults. */
export const Faults = ({ store }: { store: Store }) => {
  const { faults, relay } = store.state;
  return (
    <>
      <p class="lead">Switch a fault on, drop files, and watch: none is lost, and none is posted twice.</p>
      <ul class="faults">
        {faults.map((fault) => (
          <Fault key={fault.name} fault={fault} store={store} />
        ))}
      </ul>
      {relay && (
        <p class={`balance${relay.lost + relay.twice > 0 ? ' bad' : ''}`}>
          <strong>{relay.lost}</strong> lost · <strong>{relay.twice}</strong> posted twice
        </p>
      )}
    </>
  );
};

const Fault = ({ fault, store }: { fault: FaultView; store: Store }) => {
  const { name, isOn, hits } = fault;
  const { title, explanation } = TEXTS[name];
  const [moving, setMoving] = useState<number>();
  const [problem, setProblem] = useState<string>();
  const percent = moving ?? fault.percent;
  // The server has taken the new share.
  useEffect(() => setMoving(undefined), [fault.percent]);
  const change = (what: Omit<FaultChange, 'name'>) =>
    store
      .changeFault({ name, ...what })
      .then(() => setProblem(undefined))
      .catch((error: unknown) => {
        setMoving(undefined);
        setProblem(error instanceof Error ? error.message : String(error));
      });
  return (
    <li class={isOn ? 'fault on' : 'fault'}>
      <div class="fault-head">
        <span id={`fault-${name}`}>{title}</span>
        <button
          type="button"
          role="switch"
          class="switch"
          aria-checked={isOn}
          aria-labelledby={`fault-${name}`}
          aria-describedby={`about-${name}`}
          onClick={() => change({ isOn: !isOn })}
        >
          <span class="knob" />
        </button>
      </div>
      <p class="quiet" id={`about-${name}`}>
        {explanation}
      </p>
      <div class="share">
        <span aria-hidden="true">Share of calls</span>
        <input
          type="range"
          aria-label={`Share of calls: ${title}`}
          min={5}
          max={100}
          step={5}
          value={percent}
          aria-valuetext={`${percent} percent`}
          onInput={({ currentTarget }) => setMoving(Number(currentTarget.value))}
          onChange={({ currentTarget }) => void change({ percent: Number(currentTarget.value) })}
        />
        <output>{percent} %</output>
      </div>
      {(isOn || hits > 0) && <p class="hits">{countText(hits, 'call')} struck</p>}
      {problem && <p role="alert">{problem}</p>}
    </li>
  );
};
