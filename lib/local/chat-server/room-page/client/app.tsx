import { Component, createRef } from 'preact';
import type { RoomView } from '../protocol.ts';
import { countText } from './format.ts';
import { Message } from './message.tsx';
import { MessageList } from './message-list.tsx';
import { Panel } from './panel.tsx';
import { openPanel, type Store } from './store.ts';
import { Strip } from './strip.tsx';
import type { createUploader } from './uploads.ts';

interface AppProps {
  readonly store: Store;
  readonly uploader: ReturnType<typeof createUploader>;
}

export class App extends Component<AppProps, { isDragging: boolean }> {
  override state = { isDragging: false };
  private readonly input = createRef<HTMLInputElement>();
  private unsubscribe: (() => void) | undefined;

  override componentDidMount(): void {
    this.unsubscribe = this.props.store.subscribe(() => this.setState({}));
    for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) addEventListener(type, this.onDrag);
    addEventListener('click', this.onClick);
    addEventListener('popstate', this.onPopState);
    document.addEventListener('visibilitychange', this.onVisible);
  }

  override componentWillUnmount(): void {
    this.unsubscribe?.();
    for (const type of ['dragenter', 'dragover', 'dragleave', 'drop'] as const) removeEventListener(type, this.onDrag);
    removeEventListener('click', this.onClick);
    removeEventListener('popstate', this.onPopState);
    document.removeEventListener('visibilitychange', this.onVisible);
  }

  override componentDidUpdate(): void {
    const { store } = this.props;
    const { newCount, relay } = store.state;
    const room = store.room();
    if (room) document.title = `${newCount > 0 ? `(${newCount}) ` : ''}${titleOf(room)} · s3-to-rocketchat`;
    const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    const wanted = (relay?.counts['dead-lettered'] ?? 0) > 0 ? '/room-page/icon.svg?attention' : '/room-page/icon.svg';
    if (icon && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted);
  }

  private readonly onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files') || this.props.store.state.relay === undefined) return;
    event.preventDefault();
    if (event.type === 'drop') void this.props.uploader.drop(event.dataTransfer);
    // A dragleave to another element of the page has a related target.
    const isOver = event.type === 'dragenter' || event.type === 'dragover' || event.relatedTarget !== null;
    this.setState({ isDragging: event.type !== 'drop' && isOver });
  };

  /** Links to rooms and messages change the page without loading it anew. */
  private readonly onClick = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || !this.show(url)) return;
    event.preventDefault();
    history.pushState(null, '', url);
  };

  private readonly onPopState = (): void => void this.show(new URL(location.href));

  private show({ pathname, searchParams }: URL): boolean {
    const { store } = this.props;
    const room = store.state.rooms.find(({ path }) => path === pathname);
    if (!room) return false;
    store.openRoom(room.id);
    const message = searchParams.get('msg');
    if (message) this.goToWhenLoaded(message);
    return true;
  }

  goToWhenLoaded(id: string): void {
    const { store } = this.props;
    if (store.state.messages.length > 0) return void store.goTo(id);
    const stop = store.subscribe(() => {
      if (store.state.messages.length === 0) return;
      stop();
      void store.goTo(id);
    });
  }

  private readonly onVisible = (): void => {
    const { store } = this.props;
    if (!document.hidden && store.state.isFollowing) store.follow(true);
  };

  override render({ store, uploader }: AppProps, { isDragging }: { isDragging: boolean }) {
    const { state } = store;
    const room = store.room();
    const panel = openPanel(state);
    const title = room ? titleOf(room) : '';
    return (
      <div class={panel ? 'page with-panel' : 'page'}>
        <a class="skip" href="#log">
          Skip to the messages
        </a>
        <Sidebar store={store} />
        <header class="room-head">
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {room && <span class="quiet">{countText(room.count, 'message')}</span>}
          <span class={`connection ${state.connection}`} role="status">
            {state.connection === 'live' ? 'live' : state.connection === 'lost' ? 'not connected' : 'connecting'}
          </span>
          {state.relay && (
            <>
              <input
                ref={this.input}
                type="file"
                multiple
                hidden
                onChange={({ currentTarget }) => {
                  uploader.add(currentTarget.files ?? []);
                  currentTarget.value = '';
                }}
              />
              <button type="button" class="button strong upload" onClick={() => this.input.current?.click()}>
                Upload files
              </button>
            </>
          )}
        </header>
        <Strip store={store} />
        {panel && <Panel name={panel} store={store} />}
        <main id="log">
          {room && room.count === 0 && <Empty hasRelay={state.relay !== undefined} />}
          <MessageList
            key={state.roomId}
            store={store}
            label={`Messages in ${title}`}
            shown={{
              messages: state.messages,
              firstNew: state.firstNew,
              newCount: state.newCount,
              isFollowing: state.isFollowing,
              target: state.target,
            }}
          />
          <Uploads store={store} />
        </main>
        {state.thread && <Thread store={store} thread={state.thread} />}
        {isDragging && (
          <div class="drop" aria-hidden="true">
            <p>
              Drop to upload to <strong>s3://{state.relay?.bucket}</strong>
            </p>
          </div>
        )}
      </div>
    );
  }
}

const titleOf = ({ name, type }: RoomView): string => (type === 'd' ? name : `#${name}`);

const Sidebar = ({ store }: { store: Store }) => {
  const { rooms, roomId, relay, seen } = store.state;
  return (
    <nav class="sidebar" aria-label="Rooms">
      <p class="product">
        <img src="/room-page/icon.svg" alt="" width={28} height={28} />
        <span>
          s3-to-rocketchat
          <small>{relay ? 'the relay on this machine' : 'chat server'}</small>
        </span>
      </p>
      <ul>
        {rooms.map((room) => {
          const unseen = room.count - (seen.get(room.id) ?? room.count);
          return (
            <li>
              <a href={room.path} aria-current={room.id === roomId ? 'page' : undefined}>
                <span aria-hidden="true">{room.type === 'd' ? '@' : '#'}</span>
                <bdi>{room.name}</bdi>
                {unseen > 0 && room.id !== roomId && (
                  <span class="badge">
                    {unseen}
                    <span class="visually-hidden"> new</span>
                  </span>
                )}
              </a>
            </li>
          );
        })}
      </ul>
      {relay && (
        <p class="hint">
          Drop files or folders anywhere on this page. They take the real way: S3, SQS, Lambda’s bundle, Rocket.Chat’s
          API.
        </p>
      )}
    </nav>
  );
};

const Empty = ({ hasRelay }: { hasRelay: boolean }) => (
  <div class="empty">
    <p class="big">No messages yet</p>
    <p>
      {hasRelay
        ? 'Drop a file anywhere on this page, or use “Upload files”. It appears here.'
        : 'Each file that is posted appears here.'}
    </p>
  </div>
);

const Uploads = ({ store }: { store: Store }) => {
  const { done, total, failures } = store.state.uploads;
  return (
    <div class="uploads">
      <p role="status">
        {total > 0 && done < total ? `Uploading ${Math.min(done + 1, total)} of ${total} …` : ''}
        {total > 0 && done === total && failures.length === 0 ? `${countText(total, 'file')} uploaded to S3` : ''}
      </p>
      {failures.map((failure) => (
        <p role="alert">{failure}</p>
      ))}
    </div>
  );
};

const Thread = ({ store, thread }: { store: Store; thread: NonNullable<Store['state']['thread']> }) => (
  <dialog
    class="thread-dialog"
    aria-label="Thread"
    ref={(element) => {
      if (element && !element.open) element.showModal();
    }}
    onClose={store.closeThread}
  >
    <header>
      <h2>Thread</h2>
      <button type="button" class="close" aria-label="Close the thread" onClick={store.closeThread}>
        <span aria-hidden="true">×</span>
      </button>
    </header>
    <ol>
      {thread.messages.map((message) => (
        <Message
          key={message.id}
          message={{ ...message, thread: undefined, replies: 0, id: `in-thread-${message.id}` }}
          life={message.fileId === undefined ? undefined : store.state.lifeOfFile.get(message.fileId)}
          isContinued={false}
          isTarget={false}
          onThread={() => {}}
        />
      ))}
    </ol>
  </dialog>
);
