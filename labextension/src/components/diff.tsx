import * as React from 'react';

/** A unified diff as text; signs and colours tell what was added and removed. */
export function UnifiedDiff({ text }: { text: string }): JSX.Element {
  const lines = text.replace(/\n$/, '').split('\n');
  return (
    <pre className="jp-exec-diff" tabIndex={0}>
      {lines.map((line, index) => (
        <div key={index} data-kind={kindOf(line)}>
          {line}
        </div>
      ))}
    </pre>
  );
}

function kindOf(line: string): string {
  if (/^(\+\+\+|---|@@)/.test(line)) {
    return 'header';
  }
  return { '+': 'added', '-': 'removed' }[line[0]] ?? 'context';
}
