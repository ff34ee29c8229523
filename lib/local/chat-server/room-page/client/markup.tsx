import type { Root } from '@rocket.chat/message-parser';
import type { ComponentChildren } from 'preact';

interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly [field: string]: unknown;
}

/** Draws the syntax tree of Rocket.Chat's parser. Nothing in it becomes HTML, and only http, https and mailto become links. */
export const Markup = ({ tree }: { tree: Root }) => (
  <div class="text" dir="auto">
    {nodes(tree as readonly unknown[] as readonly Node[])}
  </div>
);

const nodes = (list: unknown): ComponentChildren =>
  Array.isArray(list) ? list.map((node: Node) => one(node)) : list === undefined ? null : one(list as Node);

const one = (node: Node): ComponentChildren => {
  const { value } = node;
  switch (node.type) {
    case 'PLAIN_TEXT':
      return String(value);
    case 'PARAGRAPH':
      return <p>{nodes(value)}</p>;
    case 'LINE_BREAK':
      return <br />;
    case 'HORIZONTAL_RULE':
      return <hr />;
    case 'HEADING':
      // Not a heading of the page.
      return <p class="heading">{nodes(value)}</p>;
    case 'BOLD':
      return <strong>{nodes(value)}</strong>;
    case 'ITALIC':
      return <em>{nodes(value)}</em>;
    case 'STRIKE':
      return <s>{nodes(value)}</s>;
    case 'SPOILER':
    case 'SPOILER_BLOCK':
      return <span class="spoiler">{nodes(value)}</span>;
    case 'INLINE_CODE':
      return <code>{nodes(value)}</code>;
    case 'CODE':
      return (
        <pre>
          {(value as readonly Node[]).map((line) => (
            <code>
              {nodes(line.value)}
              {'\n'}
            </code>
          ))}
        </pre>
      );
    case 'QUOTE':
    case 'BLOCKQUOTE':
      return <blockquote>{nodes(value)}</blockquote>;
    case 'UNORDERED_LIST':
      return (
        <ul>
          {(value as readonly Node[]).map((item) => (
            <li>{nodes(item.value)}</li>
          ))}
        </ul>
      );
    case 'ORDERED_LIST':
      return (
        <ol>
          {(value as readonly Node[]).map((item) => (
            <li value={Number(item['number'])}>{nodes(item.value)}</li>
          ))}
        </ol>
      );
    case 'TASKS':
      return (
        <ul class="tasks">
          {(value as readonly Node[]).map((task) => (
            <li>
              {task['status'] ? '☑' : '☐'} {nodes(task.value)}
            </li>
          ))}
        </ul>
      );
    case 'MENTION_USER':
      return <span class="mention">@{textIn(value)}</span>;
    case 'MENTION_CHANNEL':
      return <span class="mention">#{textIn(value)}</span>;
    case 'LINK':
    case 'IMAGE': {
      // An image would be loaded from another host.
      const { src, label } = value as { src: Node; label: unknown };
      const href = String(src.value);
      return isSafe(href) ? (
        <a href={href} target="_blank" rel="noopener noreferrer">
          {nodes(label)}
        </a>
      ) : (
        <span>{nodes(label)}</span>
      );
    }
    case 'EMOJI':
      return typeof node['unicode'] === 'string' ? node['unicode'] : emoji(node);
    case 'BIG_EMOJI':
      return <p class="big">{nodes(value)}</p>;
    case 'KATEX':
    case 'INLINE_KATEX':
      return <code>{String(value)}</code>;
    case 'TIMESTAMP':
      return timestamp(value);
    case 'TABLE':
      return <Table value={value as { header: readonly Node[]; rows: readonly Node[] }} />;
    default:
      return textIn(value);
  }
};

const Table = ({ value }: { value: { header: readonly Node[]; rows: readonly Node[] } }) => (
  <table>
    <thead>
      <tr>
        {value.header.map((cell) => (
          <th scope="col">{nodes(cell.value)}</th>
        ))}
      </tr>
    </thead>
    <tbody>
      {value.rows.map((row) => (
        <tr>
          {(row.value as readonly Node[]).map((cell) => (
            <td>{nodes(cell.value)}</td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

const isSafe = (href: string): boolean => /^(https?:\/\/|mailto:)/i.test(href);

/** A typed emoticon stays as it was typed, a short code stays a short code. */
const emoji = (node: Node): string => {
  const text = textIn(node.value);
  return text === node['shortCode'] ? `:${text}:` : text;
};

const timestamp = (value: unknown): string => {
  const at = Number((value as { timestamp?: unknown }).timestamp) * 1000;
  return Number.isFinite(at) ? new Date(at).toLocaleString('en-GB') : textIn(value);
};

const textIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textIn).join('');
  return typeof value === 'object' && value !== null && 'value' in value ? textIn(value.value) : '';
};
