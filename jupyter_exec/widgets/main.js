// The widget itself: one view follows one run, by the page's server or by what the kernel pushes.

const WIDGET_STATE = "application/vnd.jupyter.widget-state+json";
const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

/** Ids of the widgets that a notebook's outputs show. */
function shownModels(notebook) {
  const ids = new Set();
  for (const cell of notebook.cells ?? []) {
    for (let i = 0; i < (cell.outputs?.length ?? 0); i++) ids.add(cell.outputs.get(i).data?.[WIDGET_VIEW]?.model_id);
  }
  return ids;
}

/**
 * Keep the final state in the notebook's metadata, where every front end looks for saved widgets, so that the
 * notebook shows it when it is opened again without its kernel. Lab does this for all widgets if its setting
 * "Save Widget State" is on; by default it is off, and the output would read "model not found".
 */
function saveInNotebook(model) {
  try {
    const manager = model.widget_manager;
    const notebook = manager?.context?.model;
    if (!notebook?.setMetadata || !manager.get_state_sync) return;
    const saved = notebook.getMetadata("widgets")?.[WIDGET_STATE] ?? { version_major: 2, version_minor: 0, state: {} };
    const live = manager.get_state_sync({ drop_defaults: true }).state;
    const shown = shownModels(notebook);
    const done = hasEnded(model.get("state")?.run);
    const kept = ({ state }) => state?.run_id === model.get("run_id") && (!done || hasEnded(state.state?.run));
    if (Object.values(saved.state).some(kept)) return; // merely looking at it changes no notebook
    const ours = ({ state }) => state?._anywidget_id === model.get("_anywidget_id");
    const state = {};
    for (const [id, entry] of Object.entries(saved.state)) if (!ours(entry) || shown.has(id)) state[id] = entry;
    for (const [id, entry] of Object.entries(live)) {
      if (!ours(entry) || !shown.has(id)) continue;
      state[id] = entry;
      const layout = entry.state.layout?.replace("IPY_MODEL_", "");
      if (live[layout]) state[layout] = live[layout];
    }
    notebook.setMetadata("widgets", { ...notebook.getMetadata("widgets"), [WIDGET_STATE]: { ...saved, state } });
  } catch {
    // another front end, or another Lab: the output's plain text still tells the final state
  }
}

/** What is worth keeping in the notebook: small, and without anything secret. */
function summary({ run, metrics, outputs, log, cut }) {
  const { definition, snapshot, git, tags, ...kept } = run ?? {};
  const tail = (log ?? "").slice(-4096);
  return { run: kept, metrics, outputs: outputs?.slice(0, 20), log: tail, cut: cut || tail.length < log?.length };
}

class StatusWidget {
  constructor(model, el) {
    this.model = model;
    this.server = pageServer();
    this.view = new StatusView(el, this);
    this.model.on("change:state", (this.pushed = () => this.follower || this.show(model.get("state"))));
    this.model.on("change:run_id", (this.switched = () => this.follow()));
    this.model.on("msg:custom", (this.told = ({ type, message }) => type === "error" && this.view.note(message)));
    this.timer = setInterval(() => this.view.ended || this.view.tick(), 1000);
    this.watcher = new IntersectionObserver(([entry]) => {
      if (this.follower) this.follower.visible = entry.isIntersecting;
    });
    this.watcher.observe(el);
    this.follow();
  }

  stop() {
    clearInterval(this.timer);
    this.watcher.disconnect();
    this.follower?.stop();
    this.model.off("change:state", this.pushed);
    this.model.off("change:run_id", this.switched);
    this.model.off("msg:custom", this.told);
  }

  follow() {
    this.follower?.stop();
    this.follower = null;
    const state = this.model.get("state") ?? {};
    const runId = this.model.get("run_id");
    const known = state.run?.runId === runId;
    this.show(known ? state : { run: { runId } });
    if (!this.server) return;
    const follower = new Follower(this.server, runId, this.state, {
      changed: (news) => {
        this.follower = follower;
        this.show(news);
        this.keep();
      },
      lost: () => {
        this.follower = null;
        this.model.send({ type: "push" });
        this.show(this.model.get("state") ?? {});
      },
    });
    void follower.start().then(() => this.follower === follower && this.model.send({ type: "fetching" }));
  }

  /** Draw at most once a frame. */
  show(state) {
    this.state = state;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.view.draw(this.state);
    });
  }

  /** When the run has ended, and its last lines are here, keep that in the notebook. */
  keep() {
    if (!hasEnded(this.state.run)) {
      // Its id alone is enough to find the run again, should the kernel be gone before the run has ended.
      if (this.begun !== this.model.get("run_id")) saveInNotebook(this.model);
      this.begun = this.model.get("run_id");
      return;
    }
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      if (!hasEnded(this.model.get("state")?.run)) {
        this.model.set("state", summary(this.state));
        this.model.save_changes();
      }
      saveInNotebook(this.model);
      this.view.card.dataset.kept = "true";
    }, 600);
  }

  // What the view asks for.

  able() {
    return true;
  }

  skew_ms() {
    return this.server?.skew_ms ?? 0;
  }

  outputUrl = (path) => {
    if (!this.follower) return "";
    const parts = path.split("/").map(encodeURIComponent).join("/");
    return this.server.url(`${this.follower.path}/outputs${path ? `/${parts}` : "?format=zip"}`);
  };

  logUrl = (name) => (this.follower ? this.server.url(`${this.follower.path}/logs/${encodeURIComponent(name)}`) : "");

  pageUrl = (address) => pageAddress(address, this.follower && this.server);

  async cancel() {
    if (!this.follower) return this.model.send({ type: "cancel" });
    await this.server.post(`${this.follower.path}/cancel`);
    this.follower.sync();
  }

  async rerun() {
    if (!this.follower) return this.model.send({ type: "rerun" });
    const run = await this.server.post(`${this.follower.path}/rerun`);
    this.model.set("state", summary({ run }));
    this.model.set("run_id", run.runId);
    this.model.save_changes();
  }
}

export default {
  render({ model, el }) {
    const widget = new StatusWidget(model, el);
    return () => widget.stop();
  },
};
