import { parseAnsi, plainText } from './logansi';
import { afterReturns, lineText, looksBinary } from './logtext';

const encode = (text: string) => new TextEncoder().encode(text);

describe('parseAnsi', () => {
  const styles = (line: string) =>
    parseAnsi(line).spans.map(span => [span.text, span.style]);

  it('leaves text without colours as it is', () => {
    expect(styles('<b>a\tb</b>')).toEqual([['<b>a\tb</b>', {}]]);
    expect(styles('')).toEqual([]);
  });

  it('knows the 16 colours and the weights', () => {
    expect(styles('\x1b[1;31ma\x1b[22;39;104mb\x1b[mc')).toEqual([
      ['a', { bold: true, fg: 'red' }],
      ['b', { bg: 'blue-intense' }],
      ['c', {}]
    ]);
  });

  it('knows 256 colours and true colours', () => {
    expect(
      styles('\x1b[38;5;9ma\x1b[38;5;196mb\x1b[38;5;244mc\x1b[48;2;1;2;3md')
    ).toEqual([
      ['a', { fg: 'red-intense' }],
      ['b', { fg: 'rgb(255, 0, 0)' }],
      ['c', { fg: 'rgb(128, 128, 128)' }],
      ['d', { fg: 'rgb(128, 128, 128)', bg: 'rgb(1, 2, 3)' }]
    ]);
  });

  it('takes nothing but numbers for a colour', () => {
    expect(styles('\x1b[38;2;1;2;999ma\x1b[38;5mb\x1b[77mc')).toEqual([
      ['a', {}],
      ['b', {}],
      ['c', {}]
    ]);
  });

  it('leaves other sequences out', () => {
    expect(
      plainText('a\x1b[2Kb\x1b]8;;http://x\x07c\x1b]8;;\x1b\\d\x1b(Be\x1b')
    ).toBe('abcde');
    expect(styles('\x1b[?25lhidden\x07')).toEqual([['hidden\ufffd', {}]]);
  });

  it('goes on in the style of the line before', () => {
    const { style } = parseAnsi('\x1b[32mgreen');
    expect(parseAnsi('more', style).spans[0].style).toEqual({ fg: 'green' });
  });
});

describe('lines', () => {
  it('show the last state of a progress bar', () => {
    expect(afterReturns(' 10%\r 50%\r100%\n')).toBe('100%');
    expect(afterReturns('\r 50%\r\x1b[K')).toBe(' 50%');
    expect(afterReturns('windows\r\n')).toBe('windows');
    expect(afterReturns('\r\r\n')).toBe('');
  });

  it('show what is no UTF-8 as U+FFFD', () => {
    expect(lineText(new Uint8Array([65, 255, 66, 10]))).toBe('A\ufffdB');
  });

  it('look binary where they are', () => {
    expect(looksBinary(encode('naïve \x1b[31mred\x1b[0m\r\n'))).toBe(false);
    expect(looksBinary(new Uint8Array(0))).toBe(false);
    expect(looksBinary(new Uint8Array([65, 0, 66]))).toBe(true);
    expect(looksBinary(new Uint8Array(100).fill(200))).toBe(true);
  });
});
