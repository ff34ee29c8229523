import { Component, createRef } from 'preact';
import type { MessageView } from '../protocol.ts';
import { countText, dayText } from './format.ts';
import { Message } from './message.tsx';
import type { State, Store } from './store.ts';

interface ListProps {
  readonly store: Store;
  /** A copy of each field that the list shows: the store's state itself changes in place. */
  readonly shown: Pick<State, 'messages' | 'firstNew' | 'newCount' | 'isFollowing' | 'target'>;
  readonly label: string;
}

/** This close to the end, in pixels, the visitor is taken to look at the end. */
const NEAR_PX = 60;
/** Messages of one sender in this time are shown under one name. */
const TOGETHER_MS = 300_000;

/** The room's messages. The list follows new ones while the visitor looks at its end, and stays where it is otherwise. */
export class MessageList extends Component<ListProps> {
  readonly log = createRef<HTMLDivElement>();
  readonly list = createRef<HTMLOListElement>();
  private resized: ResizeObserver | undefined;

  override componentDidMount(): void {
    // Images get their height when they are loaded.
    this.resized = new ResizeObserver(() => this.follow());
    if (this.list.current) this.resized.observe(this.list.current);
    if (this.log.current) this.resized.observe(this.log.current);
    this.follow();
  }

  override componentWillUnmount(): void {
    this.resized?.disconnect();
  }

  override getSnapshotBeforeUpdate(): { top: number; height: number } {
    const log = this.log.current;
    return { top: log?.scrollTop ?? 0, height: log?.scrollHeight ?? 0 };
  }

  override componentDidUpdate(before: ListProps, _: unknown, snapshot: { top: number; height: number }): void {
    const log = this.log.current;
    if (!log) return;
    const { messages, target } = this.props.shown;
    const old = before.shown.messages[0];
    if (this.props.shown.isFollowing) this.follow();
    else if (old && messages[0] && messages[0].index < old.index) {
      log.scrollTop = snapshot.top + log.scrollHeight - snapshot.height;
    }
    if (target !== undefined && target !== before.shown.target) {
      const element = document.getElementById(`message-${target}`);
      element?.scrollIntoView({ block: 'center' });
      element?.focus({ preventScroll: true });
    }
  }

  private follow(): void {
    const log = this.log.current;
    if (log && this.props.shown.isFollowing) log.scrollTop = log.scrollHeight;
  }

  private readonly onScroll = (): void => {
    const log = this.log.current;
    if (!log) return;
    const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
    if (isNear !== this.props.store.state.isFollowing) this.props.store.follow(isNear);
  };

  override render({ store, shown, label }: ListProps) {
    const { messages, firstNew, newCount, isFollowing, target } = shown;
    const earlier = messages[0]?.index ?? 0;
    return (
      <div class="messages">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls only what has the focus. */}
        <div class="log" role="log" aria-label={label} tabIndex={0} ref={this.log} onScroll={this.onScroll}>
          {earlier > 0 && (
            <p class="earlier">
              <button type="button" class="button" onClick={() => void store.loadEarlier()}>
                Load earlier
              </button>{' '}
              <span class="quiet">{countText(earlier, 'earlier message')}</span>
            </p>
          )}
          <ol ref={this.list}>
            {messages.flatMap((message, index) => {
              const previous = messages[index - 1];
              return [
                (previous === undefined || dayText(previous.at) !== dayText(message.at)) && (
                  <li class="divider" key={`day-${message.id}`}>
                    {dayText(message.at)}
                  </li>
                ),
                message.id === firstNew && (
                  <li class="divider new" key="new">
                    New
                  </li>
                ),
                <Message
                  key={message.id}
                  message={message}
                  life={message.fileId === undefined ? undefined : store.state.lifeOfFile.get(message.fileId)}
                  isContinued={isContinued(previous, message) && message.id !== firstNew}
                  isTarget={message.id === target}
                  onThread={(id) => void store.openThread(id)}
                />,
              ];
            })}
          </ol>
        </div>
        {newCount > 0 && !isFollowing && (
          <button type="button" class="new-messages" onClick={() => store.follow(true)}>
            {newCount} new <span aria-hidden="true">↓</span>
          </button>
        )}
      </div>
    );
  }
}

const isContinued = (previous: MessageView | undefined, message: MessageView): boolean =>
  previous !== undefined &&
  previous.name === message.name &&
  previous.username === message.username &&
  previous.thread === undefined &&
  message.thread === undefined &&
  message.at - previous.at < TOGETHER_MS &&
  dayText(previous.at) === dayText(message.at);
