// A member of staff who is quiet: the form that was typed in last is kept, and the session ends. Who types is there.
import { watch } from "./quiet_clock.js";

const root = document.querySelector("[data-staff-quiet]");
let typedIn = null;
let busyAt = 0;

for (const kind of ["input", "keydown"]) {
  document.addEventListener(kind, (event) => {
    busyAt = Date.now();
    const form = event.target.closest?.("form");
    if (form && form.method === "post" && (kind === "input" || event.target.closest("[contenteditable]"))) typedIn = form;
  });
}
watch({ root, seconds: root.dataset.staffQuiet, typed: () => typedIn, isHere: (lately) => Date.now() - busyAt < lately });
