/**
 * Things that are done once at a time each, such as making a run: who asks again while it goes on
 * waits for the same answer.
 */
export class Flights<T = void> {
  /** Whether it goes on now. */
  has(key: string): boolean {
    return this._flights.has(key);
  }

  /** Do it, or wait for the one that goes on. */
  take(key: string, act: () => Promise<T>): Promise<T> {
    const known = this._flights.get(key);
    if (known !== undefined) {
      return known;
    }
    // What begins synchronously must find itself here, also when it throws at once.
    const flight = Promise.resolve()
      .then(act)
      .finally(() => this._flights.delete(key));
    this._flights.set(key, flight);
    return flight;
  }

  private readonly _flights = new Map<string, Promise<T>>();
}
