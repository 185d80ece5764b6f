/** Whether a file of this name can be run: a notebook, a Python script, a shell script. */
export function isRunnable(name: string): boolean {
  return /\.(ipynb|py|sh|bash)$/.test(name);
}
