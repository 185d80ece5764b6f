// The lines above a form's buttons; and for the whole form what ipywidgets' controls do not tell a screen reader.

let count = 0;

/** Set an attribute, or take it away. */
function put(element, name, value) {
  if (value == null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Tie the controls of a form to the help and the faults below them, and say which sections are open. */
function tie(form) {
  for (const field of form.querySelectorAll(".jp-exec-form-field")) {
    const note = field.querySelector(".jp-exec-form-note");
    const faults = field.querySelector(".jp-exec-form-fault");
    if (note && !note.id) note.id = `jp-exec-note-${Date.now()}-${count++}`;
    for (const control of field.querySelectorAll("input, select, textarea, [role=slider]")) {
      put(control, "aria-describedby", note?.textContent ? note.id : null);
      put(control, "aria-invalid", faults ? "true" : null);
      if (field.classList.contains("jp-exec-form-required")) put(control, "aria-required", "true");
    }
    const labels = [...field.querySelectorAll(".widget-label")].map((label) => label.textContent);
    const name = labels.find((text) => text.trim());
    const said = field.querySelector("input[type=text]")?.value;
    for (const control of field.querySelectorAll("[role=slider]")) {
      put(control, "aria-label", name);
      put(control, "aria-valuetext", said || null); // a place on the slider says nothing
    }
  }
  for (const button of form.querySelectorAll(".jp-exec-form-section")) {
    put(button, "aria-expanded", String(button.textContent.startsWith("▾")));
  }
}

function render({ model, el }) {
  const box = document.createElement("div");
  const show = () => {
    const bad = model.get("kind") === "fault";
    box.className = `jp-exec-form-messages${bad ? " jp-exec-form-bad" : ""}`;
    box.setAttribute("role", bad ? "alert" : "status");
    const lines = model.get("lines").map((text) => {
      const line = document.createElement("div");
      line.textContent = text;
      return line;
    });
    box.replaceChildren(...lines);
  };
  model.on("change:lines", show);
  el.append(box);
  show();

  let form, frame;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(look);
  };
  const watcher = new MutationObserver(later);
  function look() {
    if (!form) {
      form = el.closest(".jp-exec-form");
      if (!form) return later(); // not on the page yet
      watcher.observe(form, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-valuenow"] });
    }
    tie(form);
  }
  look();
  return () => {
    watcher.disconnect();
    cancelAnimationFrame(frame);
    model.off("change:lines", show);
  };
}

export default { render };
