import { Component } from 'preact';
import type { AttachmentView, FileView, LifeView, MessageView, Preview } from '../protocol.ts';
import { countText, durationText, exactTimeText, sizeText, timeText } from './format.ts';
import { Markup } from './markup.tsx';

interface MessageProps {
  readonly message: MessageView;
  readonly life: LifeView | undefined;
  /** The same sender right after another message: the name is not repeated. */
  readonly isContinued: boolean;
  readonly isTarget: boolean;
  onThread(id: string): void;
}

/** Drawn again only if what it shows has changed: a room can show hundreds of messages. */
export class Message extends Component<MessageProps> {
  override shouldComponentUpdate(next: MessageProps): boolean {
    const now = this.props;
    return (
      next.message !== now.message ||
      next.life !== now.life ||
      next.isContinued !== now.isContinued ||
      next.isTarget !== now.isTarget
    );
  }

  override render({ message, life, isContinued, isTarget, onThread }: MessageProps) {
    const { thread } = message;
    return (
      <li
        class={`message${isContinued ? ' continued' : ''}${isTarget ? ' target' : ''}`}
        id={`message-${message.id}`}
        tabIndex={-1}
      >
        {isContinued ? (
          <time class="aside" dateTime={new Date(message.at).toISOString()} title={exactTimeText(message.at)}>
            {timeText(message.at).slice(0, 5)}
          </time>
        ) : (
          <span class="avatar" aria-hidden="true">
            {[...message.name][0]?.toUpperCase() ?? '?'}
          </span>
        )}
        <div class="content">
          {!isContinued && (
            <p class="byline">
              <bdi class="name">{message.name}</bdi> {message.isBot && <span class="tag">bot</span>}{' '}
              <bdi class="quiet">@{message.username}</bdi>{' '}
              <time class="quiet" dateTime={new Date(message.at).toISOString()} title={exactTimeText(message.at)}>
                {timeText(message.at)}
              </time>
            </p>
          )}
          {thread && (
            <button type="button" class="thread" onClick={() => onThread(thread.id)}>
              <span aria-hidden="true">↳</span> Reply in the thread of <bdi>{thread.title}</bdi>
            </button>
          )}
          {message.text && <Markup tree={message.text} />}
          {message.attachments.map((attachment) => (
            <Attachment attachment={attachment} life={life} />
          ))}
          {message.replies > 0 && (
            <button type="button" class="thread" onClick={() => onThread(message.id)}>
              {countText(message.replies, 'reply', 'replies')} in the thread
            </button>
          )}
        </div>
      </li>
    );
  }
}

const Attachment = ({ attachment, life }: { attachment: AttachmentView; life: LifeView | undefined }) => (
  <>
    {attachment.text && <Markup tree={attachment.text} />}
    {attachment.file && <FileCard file={attachment.file} life={life} />}
  </>
);

const FileCard = ({ file, life }: { file: FileView; life: LifeView | undefined }) => {
  const { name, link, preview } = file;
  return (
    <div class="file">
      <div class="file-head">
        <span class={`kind ${familyOf(file)}`} aria-hidden="true">
          {extensionOf(name)}
        </span>
        <span class="file-name">
          {link === undefined ? (
            <bdi>{name}</bdi>
          ) : (
            <a href={link} target="_blank" rel="noopener">
              <bdi>{name}</bdi>
            </a>
          )}
          <span class="quiet">
            {sizeText(file.sizeBytes)}
            {link === undefined ? ', content not kept' : ''}
          </span>
        </span>
        {life?.latencyMs !== undefined && (
          <span class="latency" title="From the upload to the message">
            <span class="visually-hidden">Posted </span>
            {durationText(life.latencyMs)}
            <span class="visually-hidden"> after the upload</span>
          </span>
        )}
      </div>
      {preview && <FilePreview preview={preview} link={link} name={name} />}
    </div>
  );
};

const FilePreview = ({ preview, link, name }: { preview: Preview; link: string | undefined; name: string }) => {
  switch (preview.kind) {
    case 'image':
      return link === undefined ? null : (
        <a class="image" href={link} target="_blank" rel="noopener" aria-label={`Open the image ${name}`}>
          <img src={link} alt="" loading="lazy" />
        </a>
      );
    case 'text':
      return (
        <pre class="excerpt" dir="auto">
          {preview.lines.join('\n')}
          {preview.isCut ? '\n…' : ''}
        </pre>
      );
    case 'table':
      return (
        <div class="table">
          <table>
            <thead>
              <tr>
                {preview.rows[0]?.map((cell) => (
                  <th scope="col">{cell}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {preview.rows.slice(1).map((row) => (
                <tr>
                  {row.map((cell) => (
                    <td class={/^[-+]?[\d.,\s]+[%€$]?$/.test(cell) ? 'numeric' : ''}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {preview.isCut && <p class="quiet">…</p>}
        </div>
      );
    default:
      return preview satisfies never;
  }
};

const extensionOf = (name: string): string => {
  const extension = name.includes('.') ? (name.split('.').at(-1) ?? '') : '';
  return /^\w{1,4}$/.test(extension) ? extension.toUpperCase() : 'FILE';
};

const familyOf = ({ type }: FileView): string => {
  if (/^(image|video|audio)\//.test(type)) return 'media';
  if (/csv|spreadsheet|excel|separated/.test(type)) return 'sheet';
  return type === 'application/pdf' ? 'pdf' : 'other';
};
