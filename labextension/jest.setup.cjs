// Names that JupyterLab's modules look up when they are loaded.
globalThis.DragEvent ??= class DragEvent extends Event {};
globalThis.ResizeObserver ??= class ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
};
globalThis.matchMedia ??= query => ({
  matches: false,
  media: query,
  addListener() {},
  removeListener() {},
  addEventListener() {},
  removeEventListener() {}
});
globalThis.requestIdleCallback ??= callback => setTimeout(callback, 0);
globalThis.cancelIdleCallback ??= handle => clearTimeout(handle);
if (globalThis.Element) {
  globalThis.Element.prototype.scrollIntoView ??= () => {};
}
