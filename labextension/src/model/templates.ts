import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { TemplatesApi } from '../server/templates';
import type { Template } from '../types';

const PAGE = 100;

/**
 * The templates of the server; tells its views when this page has changed one.
 *
 * Templates have no events, so that changes made elsewhere are seen by the next reading only.
 */
export class TemplatesModel implements IDisposable {
  constructor(readonly api: TemplatesApi) {}

  /** The name of a template that this page has stored, deleted or restored. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** A list of templates; whoever asks for it disposes it. */
  list(): TemplateList {
    return new TemplateList(this);
  }

  /** Store a new template where `name` is null, the next version of that one otherwise. */
  async save(name: string | null, yaml: string): Promise<Template> {
    const saved =
      name === null
        ? await this.api.create(yaml)
        : await this.api.update(name, yaml);
    this._tell(saved.name);
    return saved;
  }

  async delete(name: string): Promise<void> {
    await this.api.delete(name);
    this._tell(name);
  }

  async restore(name: string, version: number): Promise<Template> {
    const restored = await this.api.restore(name, version);
    this._tell(name);
    return restored;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _tell(name: string): void {
    if (!this._isDisposed) {
      this._changed.emit(name);
    }
  }

  private _isDisposed = false;
  private readonly _changed = new Signal<this, string>(this);
}

/** Templates by name, read page by page, narrowed by a text. */
export class TemplateList implements IDisposable {
  constructor(private readonly _templates: TemplatesModel) {
    _templates.changed.connect(this._onChanged, this);
  }

  /** What is listed, or whether it is being read, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get items(): readonly Template[] {
    return this._items;
  }

  /** How many there are on the server; null until the first page is there. */
  get total(): number | null {
    return this._total;
  }

  get q(): string {
    return this._q;
  }

  get hasMore(): boolean {
    return this._total === null || this._next !== null;
  }

  get isLoading(): boolean {
    return this._loading !== null;
  }

  /** Why the last page could not be read. */
  get error(): Error | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Narrow the list to templates that hold a text, and read it. */
  search(q: string): Promise<void> {
    this._q = q;
    return this.refresh();
  }

  /** Read the next page; calls during a reading share it. */
  more(): Promise<void> {
    if (this._loading === null && this.hasMore) {
      this._read(this._next, this._items);
    }
    return this._loading ?? Promise.resolve();
  }

  /** Read again from the top; what is shown stays until the answer is there. */
  refresh(): Promise<void> {
    this._read(null, []);
    return this._loading ?? Promise.resolve();
  }

  dispose(): void {
    this._isDisposed = true;
    this._templates.changed.disconnect(this._onChanged, this);
    Signal.clearData(this);
  }

  private _read(cursor: string | null, before: readonly Template[]): void {
    // The answer to an older question never replaces that to a newer one.
    const question = ++this._question;
    const finish = (change: () => void) => {
      if (question === this._question) {
        change();
        this._loading = null;
        this._emit();
      }
    };
    this._loading = this._templates.api.list(this._q, PAGE, cursor).then(
      page =>
        finish(() => {
          this._items = [...before, ...page.templates];
          this._next = page.next;
          this._total = page.total;
          this._error = null;
        }),
      (error: Error) =>
        finish(() => {
          this._error = error;
        })
    );
    this._emit();
  }

  private _onChanged(): void {
    if (this._total !== null || this._loading !== null) {
      void this.refresh();
    }
  }

  private _emit(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _items: readonly Template[] = [];
  private _q = '';
  private _next: string | null = null;
  private _total: number | null = null;
  private _loading: Promise<void> | null = null;
  private _error: Error | null = null;
  private _question = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
