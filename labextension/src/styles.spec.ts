import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';

const FOLDER = join(__dirname, '..', 'style');
/** What several parts may use has its style there. */
const SHARED = 'base.css';

/** The classes that a style sheet gives a look by themselves, wherever they stand in the page. */
function rootsOf(css: string): Set<string> {
  const plain = css.replace(/\/\*[^]*?\*\//g, '');
  const selectors = [...plain.matchAll(/([^{};]+)\{/g)]
    .map(([, selector]) => selector.trim())
    .filter(selector => !selector.startsWith('@'))
    .flatMap(selector => selector.split(','));
  const roots = selectors.map(selector => {
    const classes = selector.match(/\.jp-exec-[\w-]+/g) ?? [];
    // What is said of one kind of it, by an attribute, is meant.
    const isAlone = !/[\s>+~]|\[data-/.test(selector.trim());
    return classes.length === 1 && isAlone ? classes[0] : '';
  });
  return new Set(roots.filter(Boolean));
}

describe('Style sheets', () => {
  const sheets = new Map(
    readdirSync(FOLDER)
      .filter(name => name.endsWith('.css') && name !== SHARED)
      .map(name => [name, rootsOf(readFileSync(join(FOLDER, name), 'utf8'))])
  );

  it('finds what stands alone', () => {
    const css =
      '.jp-exec-a:hover, .jp-exec-b .jp-exec-c {} p.jp-exec-d { x: y }';
    expect([...rootsOf(css)]).toEqual(['.jp-exec-a', '.jp-exec-d']);
    expect(sheets.size).toBeGreaterThan(10);
  });

  it('give no class a look in two of them, of which the second changes the first', () => {
    const places = new Map<string, string[]>();
    for (const [name, roots] of sheets) {
      roots.forEach(root =>
        places.set(root, [...(places.get(root) ?? []), name])
      );
    }
    const clashes = [...places].filter(([, names]) => names.length > 1);
    expect(clashes).toEqual([]);
  });

  it('let disabled buttons differ by more than a colour, which some themes have one of', () => {
    const css = readFileSync(join(FOLDER, SHARED), 'utf8');
    const rule = /\.jp-exec-button:disabled \{([^}]*)\}/.exec(css)?.[1] ?? '';
    expect(rule).toMatch(/border-style: dashed;/);
    expect(rule).toMatch(/opacity: 0\.\d;/);
  });
});
